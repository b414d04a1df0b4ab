// Delay of the event loop while tracking flat out: `node benchmarks/event-loop.mjs [--frames 300] [--out FILE]`.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openDevice } from 'sonotrack';
import { phantomFrames, report } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    frames: { type: 'string', default: '300' },
    engine: { type: 'string', default: 'native' },
    out: { type: 'string' },
  },
});
const count = Number(options.frames);
const frames = await phantomFrames(60);
const device = await openDevice({ engine: options.engine });
const image = await device.setImage(frames[0]);
const centre = { x: frames[0].widthPx / 2, y: frames[0].heightPx / 2, label: 1 };
const mask = await image.predict({ points: [centre] });
image.close();
const tracker = await device.createTracker();
await tracker.start(frames[0], [{ id: 1, mask }]);
for (let i = 1; i <= 10; i++) await tracker.track(frames[i % frames.length]);

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
const began = performance.now();
for (let i = 0; i < count; i++) await tracker.track(frames[i % frames.length]);
const seconds = (performance.now() - began) / 1000;
delay.disable();
await device.close();

const ms = (nanoseconds) => nanoseconds / 1e6;
report(
  {
    scenario: 'event-loop',
    engine: options.engine,
    frames: count,
    framesPerSecond: count / seconds,
    delay: {
      p50Ms: ms(delay.percentile(50)),
      p99Ms: ms(delay.percentile(99)),
      maxMs: ms(delay.max),
      resolutionMs: RESOLUTION_MS,
    },
  },
  options.out,
);
