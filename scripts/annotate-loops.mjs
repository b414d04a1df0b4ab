// Annotates cardiac loops in a real browser, by a simulated expert who looks at the truth, and kills the program in the middle:
//
//   node scripts/annotate-loops.mjs CLIPS [--loops 3] [--out FILE]
//
// CLIPS holds loop_*/frames and loop_*/masks. Each object of the first frame is clicked on until its DSC is 0.90 or six clicks
// are spent; then, from the beginning to the end, each frame with an object below 0.80 gets at most two clicks on it. In the
// middle of the second loop the program is killed (SIGKILL) and started again. Prints clicks, DSC and what was on disk.
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readLabelMap } from '../dist/eval/label-png.js';
import { firstClick, nextClick } from '../dist/sdk/clicks.js';
import { dice } from '../dist/sdk/dice.js';
import { Mask } from '../dist/sdk/mask.js';
import { launchBrowser } from './picture-tools.mjs';

const START = { dsc: 0.9, clicks: 6 };
const CORRECT = { below: 0.8, clicks: 2 };
/** Masks are written a moment after the last one is renewed. */
const SETTLE_MS = 300;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { loops: { type: 'string', default: '3' }, out: { type: 'string' } },
});
const [clips] = positionals;
if (!clips) throw new Error('expected the folder of the loops');

const folder = mkdtempSync(join(tmpdir(), 'sonotrack-annotate-'));
const names = readdirSync(clips)
  .filter((name) => name.startsWith('loop_'))
  .slice(0, Number(options.loops));
for (const name of names) {
  mkdirSync(join(folder, 'clips', name), { recursive: true });
  cpSync(join(clips, name, 'frames'), join(folder, 'clips', name, 'frames'), { recursive: true });
}
const out = join(folder, 'annotations');
let tool = await start();
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(120_000);
  await page.goto(tool.url);
  const loops = [];
  let killed = null;
  for (const [index, name] of names.entries()) {
    await page.locator(`.annotation[data-clip="${index}"]`).waitFor();
    const began = performance.now();
    const maps = await truthOf(name);
    const objects = [...new Set(maps[0].labels)].filter(Boolean).sort((a, b) => a - b);
    for (const label of objects) {
      await clickUntil(page, name, maps, 0, label, START.clicks, START.dsc, true);
      // in the middle of the second loop, while its masks are being renewed
      if (index === 1 && label === objects[0]) killed = await kill(page, name);
    }
    const interventions = [];
    for (const frame of maps.keys()) {
      if (frame === 0) continue;
      for (const label of objects) {
        const before = await dscOf(name, maps, frame, label);
        if (before === null || before >= CORRECT.below) continue;
        const clicks = await clickUntil(
          page,
          name,
          maps,
          frame,
          label,
          CORRECT.clicks,
          START.dsc,
          false,
        );
        interventions.push({
          frame,
          label,
          dscBefore: before,
          clicks,
          dscAfter: await dscOf(name, maps, frame, label),
        });
      }
    }
    const seconds = (performance.now() - began) / 1000;
    await page.keyboard.press('a');
    await accepted(index);
    const { clicks } = annotationOf(name);
    const dsc = {};
    for (const label of objects) {
      const values = [];
      for (const frame of maps.keys()) values.push(await dscOf(name, maps, frame, label));
      const known = values.filter((value) => value !== null);
      dsc[label] = known.reduce((a, b) => a + b, 0) / known.length;
    }
    const masks = readdirSync(join(out, name, 'masks')).length;
    loops.push({
      loop: index + 1,
      frames: maps.length,
      masks,
      objects: objects.length,
      clicks,
      clicksPerObject: clicks / objects.length,
      clicksPerFrame: clicks / maps.length,
      interventions: interventions.length,
      meanDsc: dsc,
      seconds,
    });
  }
  const clicks = loops.map((loop) => loop.clicks);
  const result = {
    scenario: 'annotate-loops',
    expert: { start: START, correct: CORRECT },
    killed,
    meanClicksPerLoop: clicks.reduce((a, b) => a + b, 0) / clicks.length,
    loops,
  };
  const text = JSON.stringify(
    result,
    (_, v) => (typeof v === 'number' ? Number(v.toFixed(3)) : v),
    2,
  );
  console.log(text);
  if (options.out) {
    writeFileSync(`${options.out}.partial`, `${text}\n`);
    renameSync(`${options.out}.partial`, options.out);
  }
} finally {
  await browser.close();
  tool.child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}

async function start() {
  const child = spawn(
    process.execPath,
    ['dist/cli/main.js', 'annotate', join(folder, 'clips'), '--out', out, '--port', '0', '--quiet'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [line] = await Promise.race([
    new Promise((resolve) =>
      createInterface({ input: child.stdout }).once('line', (text) => resolve([text])),
    ),
    ended.then((code) => Promise.reject(new Error(`annotate ended with exit code ${code}`))),
  ]);
  return { child, ended, url: line.split(' ')[1] };
}

/** Kills the program at once and starts it again; tells what lay on disk, and that it was taken up. */
async function kill(page, name) {
  tool.child.kill('SIGKILL');
  await tool.ended;
  const whole = [];
  for (const file of readdirSync(join(out, name, 'masks')).filter((f) => !f.startsWith('.'))) {
    await readLabelMap(join(out, name, 'masks', file)); // throws when it is cut
    whole.push(file);
  }
  const clicksOnDisk = annotationOf(name).clicks;
  tool = await start();
  await page.goto(tool.url);
  await page.locator('canvas[data-objects="1"]').waitFor();
  await settled();
  return {
    masksOnDisk: whole.length,
    allWhole: true,
    clicksOnDisk,
    clicksAfterRestart: annotationOf(name).clicks,
  };
}

async function truthOf(name) {
  const masks = join(clips, name, 'masks');
  const files = readdirSync(masks)
    .filter((f) => f.endsWith('.png'))
    .sort();
  return Promise.all(
    files.map(async (file) => ({ file, ...(await readLabelMap(join(masks, file))) })),
  );
}

function annotationOf(name) {
  return JSON.parse(readFileSync(join(out, name, 'annotation.json'), 'utf8'));
}

function maskOf({ labels, widthPx, heightPx }, label) {
  const bitmap = labels.map((v) => Number(v === label));
  return Mask.fromBitmap(bitmap, widthPx, heightPx);
}

/** Of the mask on disk; null where the truth lacks the object. */
async function dscOf(name, maps, frame, label) {
  const truth = maskOf(maps[frame], label);
  if (truth.areaPx === 0) return null;
  const read = await readLabelMap(join(out, name, 'masks', maps[frame].file)).catch(() => null);
  return read ? dice(truth, maskOf(read, label)) : 0;
}

async function clickUntil(page, name, maps, frame, label, most, target, isNew) {
  const truth = maskOf(maps[frame], label);
  const points = [];
  for (let k = 0; k < most; k += 1) {
    const read = await readLabelMap(join(out, name, 'masks', maps[frame].file)).catch(() => null);
    const mask = read && maskOf(read, label);
    if (mask && mask.areaPx > 0 && dice(truth, mask) >= target) break;
    const point = mask && mask.areaPx > 0 ? nextClick(truth, mask, points) : firstClick(truth);
    if (!point) break;
    points.push(point);
    await page.getByRole('slider').fill(String(frame));
    const canvas = page.locator(`canvas.stage[data-frame-id="${frame}"]`);
    await canvas.waitFor();
    await page.keyboard.press(isNew && k === 0 ? 'n' : String(label));
    const box = await canvas.boundingBox();
    const scale = Math.min(box.width / truth.widthPx, box.height / truth.heightPx);
    const before = (await state()).clips.reduce((sum, clip) => sum + clip.clicks, 0);
    await canvas.click({
      button: point.label === 1 ? 'left' : 'right',
      position: {
        x: (box.width - truth.widthPx * scale) / 2 + point.x * scale,
        y: (box.height - truth.heightPx * scale) / 2 + point.y * scale,
      },
    });
    for (let i = 0; i < 400; i += 1) {
      if ((await state()).clips.reduce((sum, clip) => sum + clip.clicks, 0) > before) break;
      await delay(25);
    }
    await settled();
  }
  return points.length;
}

async function state() {
  return (await fetch(`${tool.url}/api/annotation`)).json();
}

async function settled() {
  while ((await state()).renewing > 0) await delay(50);
  await delay(SETTLE_MS);
}

async function accepted(index) {
  while ((await state()).clips[index].state !== 'accepted') await delay(50);
}
