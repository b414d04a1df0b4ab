// Does a tracked frame cost the same for ten objects as for one, and the same after hours as at the beginning?
//   node --expose-gc benchmarks/tracking.mjs [--frames 10000] [--rounds 60] [--models-dir DIR] [--out FILE]
// One device, two trackers of the same phantom in turns; then one of them goes on, there and back over its frames. What its age costs
// is told by a tracker of `EARLY` frames beside it, in turns on the same frames: minutes apart a machine's own drift would show.
import { parseArgs } from 'node:util';
import { openDevice } from 'sonotrack';
import { disc, inTurns, phantomFrames, quantile, report, summary, thereAndBack } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '60' },
    engine: { type: 'string', default: 'native' },
    'models-dir': { type: 'string' },
    out: { type: 'string' },
  },
});
const WINDOW = 100; // frames that both ages are timed on
const EARLY = 100;
const device = await openDevice({
  engine: options.engine,
  ...(options['models-dir'] && { modelsDir: options['models-dir'] }),
});
const frames = await phantomFrames(61);

const trackers = [];
for (const count of [1, 10]) {
  const tracker = await device.createTracker();
  const objects = Array.from({ length: count }, (_, k) => disc(k, frames[0]));
  await tracker.start(frames[0], objects);
  trackers.push(tracker);
}
const frameAt = (i) => thereAndBack(frames, i);
const [one, ten] = await inTurns(trackers, Number(options.rounds), (tracker, i) =>
  tracker.track(frameAt(i + 1)),
);

const count = Number(options.frames);
const [tracker, young] = trackers;
const parts = { preprocessMs: [], inferenceMs: [], postprocessMs: [] };
const rssMiB = {};
await tracker.start(frames[0], [disc(2, frames[0])]);
const memoryBytes = tracker.memoryBytes;
for (let i = 1; i <= count; i++) {
  const { timings } = await tracker.track(frameAt(i));
  for (const part of Object.keys(parts)) parts[part].push(timings[part]);
  if (i === EARLY || i === count) {
    globalThis.gc?.();
    rssMiB[i === EARLY ? 'early' : 'late'] = process.memoryUsage.rss() / 2 ** 20;
  }
}
await young.start(frameAt(count - EARLY), [disc(2, frames[0])]);
for (let i = count - EARLY + 1; i <= count; i++) await young.track(frameAt(i));
const [late, early] = await inTurns([tracker, young], WINDOW, (aged, i) =>
  aged.track(frameAt(count + 1 + i)),
);
const result = {
  scenario: 'tracking',
  engine: options.engine,
  objects: {
    one: summary(one),
    ten: summary(ten),
    ratioP50: quantile(ten, 0.5) / quantile(one, 0.5),
  },
  partsP50Ms: Object.fromEntries(
    Object.entries(parts).map(([part, values]) => [part, quantile(values, 0.5)]),
  ),
  endurance: {
    frames: count,
    earlyP50Ms: quantile(early, 0.5),
    lateP50Ms: quantile(late, 0.5),
    ratio: quantile(late, 0.5) / quantile(early, 0.5),
    rssGrowthMiB: rssMiB.late - rssMiB.early,
    memoryBytesConstant: tracker.memoryBytes === memoryBytes,
  },
};
await device.close();
report(result, options.out);
