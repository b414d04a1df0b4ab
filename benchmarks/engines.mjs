// The native engine beside onnxruntime-node on the same graphs, and beside the models in PyTorch (FP32), in turns in one run:
//   node benchmarks/engines.mjs [--rounds 60] [--python PYTHON] [--out FILE]
// PYTHON is one with sonotrack_training (training/); without, that column is left out. PyTorch runs the networks alone: no frames
// are brought in, no flow is computed. For the native engine also where a call's time goes, where it says so: `inference` is
// what the graphs take, `flow` what tracking waits for the flow beyond the encoder, `overhead` everything else of a whole call.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDevice } from 'sonotrack';
import { inTurns, phantomFrames, quantile, report, summary, thereAndBack } from './lib.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    python: { type: 'string' },
    out: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
/** Longer than the threads of any of them spin after a call. */
const PAUSE_MS = 30;
const frames = await phantomFrames(60);
const centre = { x: frames[0].widthPx / 2, y: frames[0].heightPx / 2, label: 1 };
const frameAt = (i) => thereAndBack(frames, i);

/** An engine of this package; its calls give its own timings. */
async function engine(name) {
  const device = await openDevice({ engine: name, zoom: 'off' });
  let image = await device.setImage(frames[0]);
  const mask = await image.predict({ points: [centre] });
  const tracker = await device.createTracker({ historyFrames: 0 });
  await tracker.start(frames[0], [{ id: 1, mask }]);
  return {
    async setImage(i) {
      image.close();
      image = await device.setImage(frameAt(i));
      return image.timings;
    },
    predict: () => image.predict({ points: [centre] }),
    track: async (i) => (await tracker.track(frameAt(i + 1))).timings,
    close: () => device.close(),
  };
}

/** The models in PyTorch, in a process of their own, whose times are those it measures itself. */
async function pytorch(python) {
  const training = fileURLToPath(new URL('../training', import.meta.url));
  const args = ['-m', 'sonotrack_training.measure_speed'];
  const checkpoints = ['--checkpoints', join(training, 'checkpoints'), '--threads', '2'];
  const child = spawn(python, [...args, ...checkpoints], {
    cwd: training,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  const ask = async (call) => {
    child.stdin.write(`${call}\n`);
    const [ms] = await once(lines, 'line');
    return { totalMs: Number(ms) };
  };
  return {
    setImage: () => ask('setImage'),
    predict: () => ask('predict'),
    track: () => ask('track'),
    close: () => child.stdin.end(),
  };
}

const subjects = {
  native: await engine('native'),
  'onnxruntime-node': await engine('onnxruntime-node'),
};
if (options.python) subjects.pytorch = await pytorch(options.python);
const names = Object.keys(subjects);
const calls = {};
/** Of the native engine, by call: each round's own timings beside the whole call. */
const parts = {};
for (const call of ['setImage', 'predict', 'track']) {
  const told = names.map(() => []);
  const once = async (name, i) => told[names.indexOf(name)].push(await subjects[name][call](i));
  const ms = await inTurns(names, rounds, once, PAUSE_MS);
  const own = told[0].slice(-rounds);
  if (call !== 'predict') parts[call] = own.map((t, i) => ({ ...t, wholeMs: ms[0][i] }));
  const byName = Object.fromEntries(names.map((name, i) => [name, summary(ms[i])]));
  const ratio = (name) => byName.native.p50Ms / byName[name].p50Ms;
  calls[call] = {
    ...byName,
    ratioP50: Object.fromEntries(names.slice(1).map((name) => [name, ratio(name)])),
  };
}
for (const subject of Object.values(subjects)) await subject.close();

const middle = (values) => quantile(values, 0.5);
const letterboxMs = middle(parts.setImage.map(({ preprocessMs }) => preprocessMs));
const native = Object.fromEntries(
  Object.entries(parts).map(([call, rows]) => {
    const inferenceMs = middle(rows.map((row) => row.inferenceMs));
    // Tracking prepares its frame as setImage does; the rest of that time it waits for the flow.
    const flow = (row) => (call === 'track' ? Math.max(0, row.preprocessMs - letterboxMs) : 0);
    const overheadMs = middle(rows.map((row) => row.wholeMs - row.inferenceMs - flow(row)));
    return [call, { inferenceMs, flowMs: middle(rows.map(flow)), overheadMs }];
  }),
);
report({ scenario: 'engines', rounds, calls, native }, options.out);
