// What the MQTT publisher costs the live pipeline: `node benchmarks/telemetry-cost.mjs [--pairs 40] [--frames 100] [--out FILE]`.
// One session tracks flat out with the real models; in blocks of frames, in turns, its results go to the publisher (masks,
// windows on disk, Sparkplug) or not. Wall time and processor time of the process, per frame, as ratios on/off of neighbouring
// blocks. What the publisher still has to send at the end of a block belongs to the block. The broker is another process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createSession, openDevice } from 'sonotrack';
import { loadProfile } from '../dist/runtime/profiles.js';
import { createTelemetry } from '../dist/telemetry/telemetry.js';
import { phantomFrames, quantile, report } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '40' },
    frames: { type: 'string', default: '100' },
    engine: { type: 'string', default: 'auto' },
    out: { type: 'string' },
  },
});
const [pairs, framesPerBlock] = [Number(options.pairs), Number(options.frames)];
const WARM_UP_PAIRS = 2;
const RESAMPLES = 2000;

const BROKER = `
import { startBroker } from ${JSON.stringify(new URL('../dist/telemetry/embedded-broker.js', import.meta.url).href)};
console.log((await startBroker(0)).url);`;
const brokerProcess = spawn(process.execPath, ['--input-type=module', '-e', BROKER], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [url] = await once(createInterface({ input: brokerProcess.stdout }), 'line');

const dir = mkdtempSync(join(tmpdir(), 'sonotrack-cost-'));
const device = await openDevice({ engine: options.engine });
const telemetry = await createTelemetry({
  broker: { url },
  deviceId: 'cost',
  device: device.info,
  profile: await loadProfile(),
  dir,
  sparkplug: {},
});
while (!telemetry.connected) await new Promise((resolve) => setTimeout(resolve, 10));

const frames = await phantomFrames(60);
let [id, due, isClosed] = [0, 0, false];
let onDue = () => undefined;
let onResults = () => undefined;
let results = 0;
const source = {
  info: { kind: 'phantom', frames: null, ...frames[0], data: undefined, frameRateHz: null },
  async close() {
    isClosed = true;
    onDue();
  },
  async *[Symbol.asyncIterator]() {
    while (!isClosed) {
      if (due === 0) await new Promise((resolve) => (onDue = resolve));
      if (isClosed) return;
      due -= 1;
      // There and back again, so that going round is no cut.
      const at = id % (2 * frames.length - 2);
      const frame = frames[at < frames.length ? at : 2 * frames.length - 2 - at];
      yield { ...frame, id: id++, captureNs: process.hrtime.bigint() };
    }
  },
};
let isOn = false;
const publisher = {
  name: 'switched',
  onResult(result) {
    if (isOn) telemetry.onResult(result);
    if (result.revised) return;
    results += 1;
    onResults();
  },
  onLatency(window) {
    if (isOn) telemetry.onLatency(window);
  },
};
const session = createSession({
  source,
  device,
  publishers: [publisher],
  channel: 'queue',
  budgetMs: 60_000,
});

/** Feeds so many frames and waits for their results. */
async function feed(count) {
  const target = results + count;
  due = count;
  onDue();
  while (results < target) await new Promise((resolve) => (onResults = resolve));
}

async function block(on) {
  isOn = on;
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await feed(framesPerBlock);
  if (on) await telemetry.flush(10_000);
  const { user, system } = process.cpuUsage(cpu);
  return {
    wallMs: (performance.now() - began) / framesPerBlock,
    cpuMs: (user + system) / 1000 / framesPerBlock,
  };
}

await feed(1);
const { widthPx, heightPx } = frames[0];
await session.click({ frameId: id - 1, x: widthPx / 2, y: heightPx / 2, label: 1, objectId: null });
const measured = [];
for (let pair = 0; pair < pairs + WARM_UP_PAIRS; pair++) {
  const order = pair % 2 ? [true, false] : [false, true];
  const blocks = {};
  for (const on of order) blocks[on] = await block(on);
  if (pair >= WARM_UP_PAIRS) measured.push({ on: blocks[true], off: blocks[false] });
}
const sent = { windows: telemetry.measured, lost: telemetry.lost };
await session.close();
await telemetry.close();
await device.close();
brokerProcess.kill();
rmSync(dir, { recursive: true, force: true });

/** Median of the pairs' ratios, with a 95 % interval by the bootstrap, and the quartiles. */
function ratioOf(key) {
  const ratios = measured.map(({ on, off }) => on[key] / off[key]);
  const medians = Array.from({ length: RESAMPLES }, () =>
    quantile(
      ratios.map(() => ratios[Math.floor(Math.random() * ratios.length)]),
      0.5,
    ),
  );
  const ms = (state) =>
    quantile(
      measured.map((pair) => pair[state][key]),
      0.5,
    );
  return {
    offMs: ms('off'),
    onMs: ms('on'),
    ratio: quantile(ratios, 0.5),
    interval95: [quantile(medians, 0.025), quantile(medians, 0.975)],
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}
report(
  {
    scenario: 'telemetry-cost',
    engine: options.engine,
    pairs,
    framesPerBlock,
    ...sent,
    perFrame: { wall: ratioOf('wallMs'), cpu: ratioOf('cpuMs') },
  },
  options.out,
);
