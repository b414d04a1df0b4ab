import { availableParallelism, cpus } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { measureSpeed, type CallSpeed } from '../eval/speed.js';
import { openSource } from '../io/sources/index.js';
import { loadProfile } from '../runtime/profiles.js';
import { openDevice } from '../sdk/device.js';
import type { Frame } from '../sdk/types.js';
import { createProgress } from './progress.js';
import { columns, deviceOptionsOf, print, type GlobalOptions } from './shared.js';

const EXAMPLES = `
Close what else runs first. The phantom's frames are gone through there and back.

Examples:
  $ sonotrack bench
  $ sonotrack bench --profile jetson-orin-nano --rounds 300 --json`;

const FRAMES = 60;
const MOST_OBJECTS = 10;

interface BenchOptions extends GlobalOptions {
  rounds: number;
  objects: number[];
}

export function addBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('How fast this machine is: start, click to mask, tracking.')
    .option('--rounds <n>', 'timed calls of each kind', parseRounds, 60)
    .option('--objects <n,n>', 'objects to track at once', parseObjects, [1, MOST_OBJECTS])
    .addHelpText('after', EXAMPLES)
    .action(() => measure(bench.optsWithGlobals()));
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100_000) return rounds;
  throw new InvalidArgumentError('expected a whole number from 1 to 100000.');
}

function parseObjects(text: string): number[] {
  const counts = text.split(',').map(Number);
  if (counts.every((n) => Number.isInteger(n) && n >= 1 && n <= MOST_OBJECTS)) return counts;
  throw new InvalidArgumentError(`expected whole numbers from 1 to ${MOST_OBJECTS}, as in 1,10.`);
}

async function measure(options: BenchOptions): Promise<void> {
  const { frameBudgetMs } = await loadProfile(options.profile);
  const frames = await phantomFrames();
  const began = performance.now();
  const device = await openDevice(deviceOptionsOf(options));
  const openMs = performance.now() - began;
  const total = options.rounds * (3 + options.objects.length);
  const silent = options.quiet || options.json;
  const progress = createProgress(total, { silent, unit: 'calls' });
  try {
    const image = await device.setImage(frames[0]);
    const { widthPx, heightPx } = frames[0];
    await image.predict({ points: [{ x: widthPx / 2, y: heightPx / 2, label: 1 }] });
    const firstMaskMs = performance.now() - began;
    image.close();
    let done = 0;
    const calls = await measureSpeed(device, frames, options, () => progress.update(++done));
    progress.stop();
    const track = calls[calls.length - options.objects.length];
    const result = {
      device: device.info,
      machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() },
      frame: { widthPx, heightPx },
      openMs,
      firstMaskMs,
      calls,
      frameBudgetMs,
      isWithinBudget: track.p95Ms <= frameBudgetMs,
      rssMiB: process.memoryUsage.rss() / 2 ** 20,
    };
    print(options, result, describe(result, track));
  } finally {
    progress.stop();
    await device.close();
  }
}

async function phantomFrames(): Promise<Frame[]> {
  const source = await openSource(`phantom:?frames=${FRAMES}`);
  const frames: Frame[] = [];
  for await (const frame of source) frames.push(frame);
  await source.close();
  return frames;
}

interface Result {
  device: {
    engine: string;
    executionProvider: string;
    profile: string;
    models: { bundle: string };
  };
  machine: { cpu: string; cores: number };
  openMs: number;
  firstMaskMs: number;
  calls: CallSpeed[];
  frameBudgetMs: number;
  isWithinBudget: boolean;
  rssMiB: number;
}

function describe(result: Result, track: CallSpeed): string {
  const { device, machine, calls, frameBudgetMs } = result;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const rows = calls.map(({ call, p50Ms, p95Ms, p99Ms }) => [
    call,
    ...[p50Ms, p95Ms, p99Ms].map(ms),
  ]);
  const verdict = result.isWithinBudget ? 'within' : 'over';
  return [
    `${device.models.bundle}, ${device.engine} on ${device.executionProvider}, profile ${device.profile}`,
    `${machine.cpu}, ${machine.cores} cores`,
    columns([['call', 'p50', 'p95', 'p99'], ...rows]),
    `opened in ${ms(result.openMs)}, first mask after ${ms(result.firstMaskMs)}, ${result.rssMiB.toFixed(0)} MiB resident`,
    `${track.call}: p95 ${ms(track.p95Ms)}, ${verdict} the profile's budget of ${frameBudgetMs} ms`,
  ].join('\n');
}
