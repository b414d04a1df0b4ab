/**
 * Makes docs/images/{live,frozen,ask}.png: the live page in headless Chromium. `live`: two of the phantom's structures
 * followed; `frozen`: scrolled back through the cine; `ask`: the chamber's wall, a thin ring, after a single click that does
 * not tell it apart, so that its quality falls below what the models ask from.
 * Run it after `npm run build`: node scripts/screenshot.mjs [FOLDER] [-- more options of `serve`]
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Phantom, PHANTOM_LABELS } from 'sonotrack';
import { centreOf, launchBrowser } from './picture-tools.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const separator = process.argv.indexOf('--');
const own = process.argv.slice(2, separator < 0 ? undefined : separator);
const more = separator < 0 ? [] : process.argv.slice(separator + 1);
const target = own[0] ?? join(root, 'docs', 'images');
const SEED = 2;
const ATTEMPTS = 5;
const SIZE = { width: 1280, height: 800 };

const phantom = new Phantom({ seed: SEED });

/** A point of the wall, beside the chamber, on the phantom's first frame, px. */
function inWall() {
  const y = Math.round(centreOf(phantom, PHANTOM_LABELS.chamber).y);
  const row = phantom.truth(0).subarray(y * phantom.widthPx, (y + 1) * phantom.widthPx);
  const first = row.indexOf(PHANTOM_LABELS.wall);
  const last = row.indexOf(PHANTOM_LABELS.chamber);
  return { x: (first + last) / 2, y: y + 0.5 };
}

const server = spawn(
  process.execPath,
  [
    join(root, 'dist', 'cli', 'main.js'),
    'serve',
    ...['--port', '0', '--embedded-broker', '0', '--source', `phantom:?seed=${SEED}`],
    ...more,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const browser = await launchBrowser();
try {
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', resolve);
    server.once('exit', (code) => reject(new Error(`serve ended with exit code ${code}`)));
  });
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(ready.split(' ')[1]);
  const canvas = page.locator('canvas.stage[data-frame-id]');
  await canvas.waitFor();
  mkdirSync(target, { recursive: true });

  const shoot = async (name) => {
    await page.screenshot({ path: join(target, `${name}.png`) });
    console.log(`written ${join(target, `${name}.png`)}`);
  };
  const click = async ({ x, y }, count) => {
    const box = await canvas.boundingBox();
    const scale = Math.min(box.width / phantom.widthPx, box.height / phantom.heightPx);
    const position = {
      x: (box.width - phantom.widthPx * scale) / 2 + x * scale,
      y: (box.height - phantom.heightPx * scale) / 2 + y * scale,
    };
    // On a busy machine a click may come too late for the frame that it was made on, and is asked for again.
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await canvas.click({ position });
      const mask = page.locator(`canvas[data-objects="${count}"]`);
      const isThere = await mask.waitFor({ timeout: 15_000 }).then(
        () => true,
        () => false,
      );
      if (isThere) return;
    }
    throw new Error(`expected a mask after ${ATTEMPTS} clicks`);
  };
  const name = async (id, text) => {
    const card = page.locator(`[data-object-id="${id}"]`);
    await card.getByRole('button', { name: /^Name/ }).click();
    await card.getByLabel('Name', { exact: true }).fill(text);
    await card.getByRole('button', { name: 'Save' }).click();
  };

  await click(centreOf(phantom, PHANTOM_LABELS.chamber), 1);
  await name(1, 'Chamber');
  await page.keyboard.press('n');
  await click(centreOf(phantom, PHANTOM_LABELS.cyst), 2);
  await name(2, 'Cyst');
  // Long enough for whole beats in the curve, and for a latency report over tracked frames only.
  await page.waitForTimeout(8000);
  await shoot('live');

  await page.keyboard.press(' ');
  await page.locator('[data-state="frozen"]').waitFor();
  const slider = page.getByRole('slider');
  const [first, last] = [await slider.getAttribute('min'), await slider.getAttribute('max')];
  await slider.fill(String(Math.round((Number(first) + 2 * Number(last)) / 3)));
  await page.waitForTimeout(1000);
  await shoot('frozen');

  await page.keyboard.press(' ');
  await page.locator('[data-state="live"]').waitFor();
  await page.getByRole('button', { name: 'Remove Cyst' }).click();
  await page.locator('canvas[data-objects="1"]').waitFor();
  await page.keyboard.press('n');
  await click(inWall(), 2);
  await page.locator('[data-object-id="2"][data-status="ask"]').waitFor();
  await name(2, 'Wall');
  await page.waitForTimeout(8000);
  await page.locator('.ask-banner').waitFor();
  await shoot('ask');
} finally {
  await browser.close();
  server.kill('SIGTERM');
}
