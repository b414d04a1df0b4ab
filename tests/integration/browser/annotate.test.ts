/** Three loops outlined in a real browser, with the program killed in the middle. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { test } from 'tap';
import type { Annotation } from '../../../src/annotate/annotation-store.js';
import { readLabelMap } from '../../../src/eval/label-png.js';
import { Phantom, PHANTOM_LABELS } from '../../../src/io/sources/index.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { dice } from '../../../src/sdk/dice.js';
import { Mask } from '../../../src/sdk/mask.js';
import { launchBrowser, noBrowser, pressUntil } from '../../support/browser.js';
import { annotate } from '../../support/cli.js';
import { centreOf } from '../../support/phantom.js';
import { modelsDir, skipOf } from '../engines.js';

const noPage = existsSync(join(packageRoot(), 'dist', 'web', 'index.html'))
  ? false
  : 'the page has not been built: npm run build:web';
const skip = noBrowser || noPage || skipOf('onnxruntime-node');
const [WIDTH, HEIGHT, FRAMES] = [320, 240, 6];
const phantoms = [1, 2, 3].map(
  (seed) => new Phantom({ seed, widthPx: WIDTH, heightPx: HEIGHT, frameRateHz: 12 }),
);

async function writeClips(folder: string): Promise<void> {
  for (const [k, phantom] of phantoms.entries()) {
    const frames = join(folder, `loop${k}`, 'frames');
    await mkdir(frames, { recursive: true });
    for (let i = 0; i < FRAMES; i += 1) {
      const raw = { width: WIDTH, height: HEIGHT, channels: 1 } as const;
      const image = sharp(phantom.frame(i).data, { raw }).toColourspace('b-w');
      await image.png().toFile(join(frames, `f${i}.png`));
    }
  }
}

async function clickOnChamber(page: Page, clip: number, frame: number): Promise<void> {
  const canvas = page.locator(`canvas.stage[data-frame-id="${frame}"]`);
  await canvas.waitFor();
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the canvas is not shown');
  const scale = Math.min(box.width / WIDTH, box.height / HEIGHT);
  const { x, y } = centreOf(phantoms[clip], frame, PHANTOM_LABELS.chamber);
  await canvas.click({
    position: {
      x: (box.width - WIDTH * scale) / 2 + x * scale,
      y: (box.height - HEIGHT * scale) / 2 + y * scale,
    },
  });
  await page.locator('canvas[data-objects="1"]').waitFor();
}

const openClip = (page: Page, clip: number) =>
  page.locator(`.annotation[data-clip="${clip}"]`).waitFor();

test(
  'three loops: a click each, killed in the middle, taken up again, every mask on disk',
  { skip, timeout: 300_000 },
  async (t) => {
    const folder = t.testdir();
    await writeClips(folder);
    const out = join(folder, 'annotations');
    const masksOf = (clip: number): string => join(out, `loop${clip}`, 'masks');
    const annotationOf = async (clip: number): Promise<Annotation> =>
      JSON.parse(await readFile(join(out, `loop${clip}`, 'annotation.json'), 'utf8')) as Annotation;
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));

    const first = await annotate(folder, '--models-dir', modelsDir);
    t.teardown(() => first.stop('SIGKILL'));
    await page.goto(first.url);
    await clickOnChamber(page, 0, 0);
    await page.keyboard.press('a');
    await openClip(page, 1);
    t.match(await annotationOf(0), { accepted: true, clicks: 1, frames: FRAMES });
    await clickOnChamber(page, 1, 0);
    while (((await readdir(masksOf(1)).catch(() => [])) as string[]).length < 2) {
      await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))');
    }
    await first.stop('SIGKILL');
    const finished = (await readdir(masksOf(1))).filter((name) => !name.startsWith('.'));
    const before = new Map<string, Buffer>();
    for (const name of finished) {
      const { labels } = await readLabelMap(join(masksOf(1), name));
      t.ok(labels.includes(1), `${name} is whole`);
      before.set(name, await readFile(join(masksOf(1), name)));
    }
    t.ok(finished.length >= 1 && finished.length <= FRAMES);
    t.match(await annotationOf(1), { accepted: false, clicks: 1 });

    const second = await annotate(folder, '--models-dir', modelsDir);
    t.teardown(() => second.stop('SIGKILL'));
    await page.goto(second.url);
    await openClip(page, 1);
    await page.locator('canvas[data-objects="1"]').waitFor();
    t.match(await page.locator('.annotation').textContent(), /1 of 3 accepted.*begun · 1 click/);
    for (const [name, bytes] of before) {
      t.same(await readFile(join(masksOf(1), name)), bytes, `${name} is as it was`);
    }
    // A correction on a later frame, from the keyboard, taken back again.
    await page.locator('canvas.stage').focus();
    await page.keyboard.press('.');
    await page.locator('canvas[data-frame-id="1"]').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByText('begun · 2 clicks').waitFor();
    await page.keyboard.press('u');
    await page.keyboard.press('a');
    await openClip(page, 2);
    await clickOnChamber(page, 2, 0);
    await pressUntil(page, 'a', page.getByText('All clips are accepted.'));
    t.equal(await second.stop(), 0);

    const clicks: number[] = [];
    for (const [clip, phantom] of phantoms.entries()) {
      const { accepted, clicks: given } = await annotationOf(clip);
      t.ok(accepted);
      clicks.push(given);
      const names = (await readdir(masksOf(clip))).sort();
      t.same(
        names,
        Array.from({ length: FRAMES }, (_, i) => `f${i}.png`),
        'a mask a frame, named as it',
      );
      for (const [i, name] of names.entries()) {
        const { labels } = await readLabelMap(join(masksOf(clip), name));
        const truth = phantom.truth(i).map((v) => Number(v === PHANTOM_LABELS.chamber));
        const dsc = dice(
          Mask.fromBitmap(truth, WIDTH, HEIGHT),
          Mask.fromBitmap(labels, WIDTH, HEIGHT),
        );
        t.ok(dsc > 0.85, `loop ${clip}, frame ${i}: DSC ${dsc.toFixed(3)}`);
      }
    }
    t.same(clicks, [1, 2, 1], 'clicks a loop, those taken back too');
    t.same(problems, []);
  },
);
