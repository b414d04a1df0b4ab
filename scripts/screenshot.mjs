/**
 * Makes docs/images/demo.png: the live demo in headless Chromium after a click on the phantom's chamber and one on its cyst.
 * Run it after `npm run build`: node scripts/screenshot.mjs [FILE] [-- more options of `serve`]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const separator = process.argv.indexOf('--');
const own = process.argv.slice(2, separator < 0 ? undefined : separator);
const more = separator < 0 ? [] : process.argv.slice(separator + 1);
const target = own[0] ?? join(root, 'docs', 'images', 'demo.png');
const SEED = 2;
const ATTEMPTS = 5;
const SIZE = { width: 1280, height: 800 };

const browserPath = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path));
if (!browserPath) throw new Error('expected Chromium or Chrome in /usr/bin');

const { Phantom, PHANTOM_LABELS } = await import('../dist/io/sources/index.js');

/** The middle of a structure on the phantom's first frame, px. */
function centreOf(label) {
  const phantom = new Phantom({ seed: SEED });
  const labels = phantom.truth(0);
  let [x, y, count] = [0, 0, 0];
  labels.forEach((value, i) => {
    if (value !== label) return;
    x += (i % phantom.widthPx) + 0.5;
    y += Math.floor(i / phantom.widthPx) + 0.5;
    count += 1;
  });
  return { x: x / count, y: y / count, width: phantom.widthPx, height: phantom.heightPx };
}

const cli = join(root, 'dist', 'cli', 'main.js');
const source = `phantom:?seed=${SEED}`;
const server = spawn(
  process.execPath,
  [cli, 'serve', '--port', '0', '--embedded-broker', '0', '--source', source, ...more],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const browser = await chromium.launch({
  executablePath: browserPath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--mute-audio'],
});
try {
  const [ready] = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', (line) => resolve([line]));
    server.once('exit', (code) => reject(new Error(`serve ended with exit code ${code}`)));
  });
  const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 2 });
  await page.goto(ready.split(' ')[1]);
  const canvas = page.locator('canvas.stage[data-frame-id]');
  await canvas.waitFor();

  const click = async ({ x, y, width, height }, count) => {
    const box = await canvas.boundingBox();
    const scale = Math.min(box.width / width, box.height / height);
    const left = (box.width - width * scale) / 2;
    const top = (box.height - height * scale) / 2;
    const position = { x: left + x * scale, y: top + y * scale };
    // On a busy machine a click may come too late for the frame that it was made on, and is asked for again.
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await canvas.click({ position });
      const mask = page.locator(`canvas[data-objects="${count}"]`).waitFor({ timeout: 10_000 });
      if (
        await mask.then(
          () => true,
          () => false,
        )
      ) {
        return;
      }
    }
    throw new Error(`expected a mask after ${ATTEMPTS} clicks`);
  };
  await click(centreOf(PHANTOM_LABELS.chamber), 1);
  await page.getByRole('button', { name: 'Start another object' }).click();
  await click(centreOf(PHANTOM_LABELS.cyst), 2);
  // Long enough for the curves of the areas and for a latency report over tracked frames only.
  await page.waitForTimeout(4500);
  mkdirSync(dirname(target), { recursive: true });
  await page.screenshot({ path: target });
  console.log(`written ${target}`);
} finally {
  await browser.close();
  server.kill('SIGTERM');
}
