// The table of tracking: masks copied, dense flow alone, the shipped tracker in FP32 and in INT8, each from the true first
// masks, never corrected, on the same frames.
//
//   node scripts/tracking-table.mjs DATA --fp32 DIR [--parts loops,long,pairs,thyroid] [--loops N] [--pairs N] [--dry]
//     [--python FILE]
//
// DATA holds clips/labelled and eval (training/sonotrack_training/evaluation_clips.py); DIR is a bundle of the same weights in
// FP32 (training/sonotrack_training/bundle.py --precision fp32). Masks copied and flow alone (OpenCV's dense inverse search from
// frame to frame) come from sonotrack_training.measure_tracking, the tracker's from the SDK as built. Writes
// docs/results/tracking.json and the documents' tables; --dry: prints the figures alone.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dice, Mask, openDevice } from 'sonotrack';
import { findClips, labelsOf, openClip } from '../dist/eval/clips.js';
import { mean } from '../dist/eval/figures.js';
import { objectsOf } from '../dist/eval/label-objects.js';
import { follow } from '../dist/sdk/follow.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const CYCLES = 10;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fp32: { type: 'string' },
    parts: { type: 'string', default: 'loops,long,pairs,thyroid' },
    loops: { type: 'string', default: '12' },
    pairs: { type: 'string', default: '100' },
    python: { type: 'string', default: join(ROOT, '.venv/bin/python') },
    dry: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
if (!data) throw new Error('expected the folder of the data');
if (!options.fp32) throw new Error('expected --fp32 DIR, a bundle of FP32 graphs');

/** Runs a module of training/ on the chosen clips. */
function measure(module, out) {
  const { parts, loops, pairs } = options;
  const chosen = ['--data', resolve(data), '--parts', parts, '--loops', loops, '--pairs', pairs];
  const command = ['-m', `sonotrack_training.${module}`, ...chosen, '--cycles', `${CYCLES}`];
  execFileSync(options.python, [...command, '--out', out], {
    cwd: join(ROOT, 'training'),
    stdio: 'inherit',
  });
}

/** One record an object and frame after the first: { label, frame, dice }. */
async function followClip(device, clip) {
  const source = await openClip(clip);
  const truthAt = labelsOf(clip, source);
  const { widthPx, heightPx } = source.info;
  const nothing = Mask.fromBitmap(new Uint8Array(widthPx * heightPx), widthPx, heightPx);
  const operator = {
    start: async (_device, _frame, index) =>
      objectsOf(await truthAt(index)).map(({ label, truth }) => ({ id: label, mask: truth })),
  };
  const records = [];
  for await (const { index, objects } of follow(device, source, operator)) {
    if (index === 0) continue;
    const truths = new Map(objectsOf(await truthAt(index)).map((o) => [o.label, o.truth]));
    for (const { id, mask } of objects) {
      records.push({ label: id, frame: index, dice: dice(mask, truths.get(id) ?? nothing) });
    }
  }
  await source.close();
  return records;
}

/** Means by label, and their mean, as measure_tracking gives them. */
function summarise(records) {
  const labels = [...new Set(records.map(({ label }) => label))].sort((a, b) => a - b);
  const of = (label) => mean(records.filter((r) => r.label === label).map((r) => r.dice));
  const means = Object.fromEntries(labels.map((label) => [label, of(label)]));
  const all = { ...means, mean: mean(Object.values(means)) };
  return Object.fromEntries(Object.entries(all).map(([k, v]) => [k, Number(v.toFixed(4))]));
}

/** One part of the table through the SDK. */
async function followPart(device, folder) {
  const clips = await findClips(folder);
  const records = [];
  for (const clip of clips) records.push(...(await followClip(device, clip)));
  if (!folder.endsWith('long')) return { dice: summarise(records) };
  const frames = clips[0].files.length;
  const cycle = frames / CYCLES;
  return {
    dice: summarise(records),
    first_cycle: summarise(records.filter(({ frame }) => frame < cycle)),
    last_cycle: summarise(records.filter(({ frame }) => frame >= frames - cycle)),
  };
}

const folder = mkdtempSync(join(tmpdir(), 'sonotrack-tracking-'));
try {
  measure('evaluation_clips', join(folder, 'clips'));
  measure('measure_tracking', join(folder, 'alone.json'));
  const alone = JSON.parse(readFileSync(join(folder, 'alone.json'), 'utf8'));
  const parts = options.parts.split(',');
  const result = { cycles: CYCLES, clips: {}, models: {} };
  for (const part of parts) {
    result.clips[part] = (await findClips(join(folder, 'clips', part))).length;
    result[part] = {};
    for (const name of ['copied', 'inverse_search']) {
      const { ms_p50: _, quality: __, ...figures } = alone[part][name];
      result[part][name] = figures;
    }
  }
  for (const [name, bundle] of [
    ['fp32', { modelsDir: resolve(options.fp32) }],
    ['int8', {}],
  ]) {
    const device = await openDevice({ engine: 'native', ...bundle });
    const { precision } = device.info.models.deaot;
    if (precision !== name)
      throw new Error(`expected a bundle of ${name} but received ${precision}`);
    result.models[name] = device.info.models.bundle;
    for (const part of parts) {
      result[part][name] = await followPart(device, join(folder, 'clips', part));
      console.log(part, name, JSON.stringify(result[part][name]));
    }
    await device.close();
  }
  if (!options.dry) {
    const out = join(folder, 'tracking.json');
    writeFileSync(out, JSON.stringify(result));
    for (const command of [['keep', 'tracking', out], ['render']]) {
      execFileSync(process.execPath, [join(ROOT, 'scripts/results.mjs'), ...command]);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
