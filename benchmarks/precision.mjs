// INT8 against FP32 in one run, one pass a prediction: `node benchmarks/precision.mjs --fp32 DIR [--int8 DIR] [--rounds 60] [--out FILE]`.
// DIR is a model bundle; an FP32 one is made by training/sonotrack_training/bundle.py --precision fp32.
import { parseArgs } from 'node:util';
import { openDevice } from 'sonotrack';
import { inTurns, phantomFrames, report, summary } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    fp32: { type: 'string' },
    int8: { type: 'string' },
    rounds: { type: 'string', default: '60' },
    engine: { type: 'string', default: 'native' },
    out: { type: 'string' },
  },
});
if (!options.fp32) throw new Error('expected --fp32 DIR, a bundle of FP32 graphs');
const rounds = Number(options.rounds);
const engine = options.engine;
const devices = [
  await openDevice({ engine, zoom: 'off', ...(options.int8 && { modelsDir: options.int8 }) }),
  await openDevice({ engine, zoom: 'off', modelsDir: options.fp32 }),
];
const frames = await phantomFrames(60);
const centre = { x: frames[0].widthPx / 2, y: frames[0].heightPx / 2, label: 1 };
const subjects = devices.map((device) => ({ device }));

const times = {};
times.setImage = await inTurns(subjects, rounds, async (s, i) => {
  s.image?.close();
  s.image = await s.device.setImage(frames[i % frames.length]);
});
times.predict = await inTurns(subjects, rounds, async (s) => {
  s.mask = await s.image.predict({ points: [centre] });
});
for (const s of subjects) {
  s.tracker = await s.device.createTracker();
  const image = await s.device.setImage(frames[0]);
  const mask = await image.predict({ points: [centre] });
  await s.tracker.start(frames[0], [{ id: 1, mask }]);
  image.close();
}
times.track = await inTurns(subjects, rounds, async (s, i) => {
  await s.tracker.track(frames[(i + 1) % frames.length]);
});
for (const device of devices) await device.close();

const calls = Object.fromEntries(
  Object.entries(times).map(([name, [int8, fp32]]) => {
    const [a, b] = [summary(int8), summary(fp32)];
    return [name, { int8: a, fp32: b, ratioP50: a.p50Ms / b.p50Ms }];
  }),
);
report({ scenario: 'precision', engine, rounds, calls }, options.out);
