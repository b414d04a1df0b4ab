import { InvalidArgumentError, Option, type Command } from 'commander';
import { openSource } from '../io/sources/index.js';
import { unsupported } from '../io/sources/random-access.js';
import { percentiles } from '../live/latency.js';
import { checkInteger } from '../runtime/validate.js';
import type { Device } from '../sdk/device.js';
import { follow } from '../sdk/follow.js';
import type { FrameSource, SourceInfo } from '../sdk/types.js';
import { Interrupted, UsageError } from './failure.js';
import { createProgress } from './progress.js';
import { ResultFolder } from './result-folder.js';
import {
  print,
  promptsOf,
  withDevice,
  withPrompts,
  type GlobalOptions,
  type PromptOptions,
} from './shared.js';
import { OUTPUTS, type OutputKind } from './track-outputs.js';
import { ExpertTask, PromptedTask, type TrackTask } from './track-tasks.js';

interface TrackOptions extends GlobalOptions, PromptOptions {
  out?: string;
  write: OutputKind[];
  fromSlice?: number;
  interactiveGt?: string;
}

const EXAMPLES = `
Examples:
  $ sonotrack track frames/ --point 210,160 --out result
  $ sonotrack track phantom:?seed=2&frames=60 --point 240,170 --out result --json
  $ sonotrack track cine.dcm --point 210,160 --out result --write seg video report
  $ sonotrack track volume.nii.gz --from-slice 40 --point 96,80 --out result
  $ sonotrack track clip/frames --interactive-gt clip/masks

Writes DIR/masks (label maps), DIR/overlay (pictures) and DIR/areas.csv, of a volume DIR/masks.nii.gz too. DIR must be new
or empty; it appears when everything has been written. A volume is followed from one slice to both of its ends.`;

export function addTrack(program: Command): void {
  const command = program
    .command('track')
    .description('Segment a structure on the first frame and follow it through the others.')
    .argument(
      '<source>',
      'DICOM cine, video, folder of images, multi-page TIFF, NIfTI or MetaImage volume, or phantom:',
    )
    .option('--out <dir>', 'folder for the results; needed without --interactive-gt')
    .addOption(
      new Option('--write <kind...>', 'more files: masks as NIfTI, DICOM SEG or COCO, MP4, page')
        .choices(OUTPUTS)
        .default([], 'none'),
    )
    .option(
      '--from-slice <n>',
      'slice of a volume to start on, from 0 (default: the middle one)',
      index,
    )
    .option(
      '--interactive-gt <masks>',
      'measure with a simulated expert who knows these label maps (folder of PNGs, NIfTI or MetaImage)',
    )
    .addHelpText('after', EXAMPLES);
  withPrompts(command).action((source: string) => track(source, command.optsWithGlobals()));
}

function index(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('expected an integer ≥ 0.');
  }
  return value;
}

async function track(uri: string, options: TrackOptions): Promise<void> {
  const { out, interactiveGt: masks } = options;
  if (masks !== undefined) expectNoPrompts(options);
  if (out === undefined && (masks === undefined || options.write.length > 0)) {
    throw new UsageError('expected a folder for `--out`');
  }
  const prompts = masks === undefined ? promptsOf(options) : null;
  const source = await openSource(uri);
  try {
    const start = startOf(uri, source.info, options.fromSlice);
    const task: TrackTask = prompts
      ? new PromptedTask(prompts, source.info)
      : await ExpertTask.open(masks ?? '', source.info);
    try {
      await carryOut(uri, source, start, task, options);
    } finally {
      await task.close?.();
    }
  } finally {
    await source.close();
  }
}

function expectNoPrompts({ point, box }: PromptOptions): void {
  if (point.length === 0 && !box) return;
  throw new UsageError(
    'expected no --point and no --box with --interactive-gt, which clicks itself',
  );
}

/** The frame to start on. @throws UsageError, RangeError; SonotrackError SOURCE_UNSUPPORTED for volumes over time */
function startOf(uri: string, { frames, volume }: SourceInfo, fromSlice?: number): number {
  if (frames === null) {
    throw new UsageError(`expected a source that ends for \`SOURCE\` but received ${uri}`);
  }
  const slices = volume?.slices ?? 1;
  if (slices === 1) {
    if (fromSlice === undefined) return 0;
    throw new UsageError(
      `expected a volume of several slices with --from-slice but received ${uri}`,
    );
  }
  if (frames !== slices) {
    throw unsupported(uri, 'one volume, or pictures over time', `${frames / slices} volumes`);
  }
  return fromSlice === undefined
    ? slices >> 1
    : checkInteger(fromSlice, '--from-slice', [0, slices - 1]);
}

/** Follows the task's objects through the source, writes the results and prints what the task says of them. */
async function carryOut(
  uri: string,
  source: FrameSource,
  start: number,
  task: TrackTask,
  options: TrackOptions,
): Promise<void> {
  const folder =
    options.out === undefined
      ? null
      : await ResultFolder.create(options.out, { source, uri, start, write: options.write });
  try {
    const run = await withDevice(options, (device) =>
      followAll(device, source, start, task, folder, options),
    );
    const summary = { startFrame: start, ...task.summary(), ...run };
    const { reportFile } = task;
    await folder?.finish(reportFile ? { name: reportFile, value: summary } : null);
    const lines = [...task.lines(), `${run.frames} frames`];
    const { trackMs } = run;
    if (trackMs) {
      lines.push(`track ${trackMs.p50.toFixed(1)} ms (p50), ${trackMs.p95.toFixed(1)} ms (p95)`);
    }
    if (folder) lines.push(`written ${folder.path}`);
    print(options, { ...summary, out: folder?.path ?? null }, lines.join('\n'));
  } finally {
    await folder?.discard();
  }
}

async function followAll(
  device: Device,
  source: FrameSource,
  start: number,
  task: TrackTask,
  folder: ResultFolder | null,
  { json, quiet }: GlobalOptions,
) {
  const progress = createProgress(source.info.frames ?? 0, { silent: json || quiet });
  const stop = stopOnSignal();
  const latencyMs: number[] = [];
  let frames = 0;
  try {
    for await (const followed of follow(device, source, task.operator, { start })) {
      stop.check();
      if (followed.trackMs !== null) latencyMs.push(followed.trackMs);
      task.add?.(followed.objects);
      await folder?.write(followed);
      progress.update(++frames);
    }
  } finally {
    progress.stop();
    stop.dispose();
  }
  return { frames, trackMs: percentiles(latencyMs) ?? null, device: device.info };
}

function stopOnSignal(): { check(): void; dispose(): void } {
  let stopped: NodeJS.Signals | null = null;
  const listener = (signal: NodeJS.Signals): void => {
    stopped = signal;
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return {
    check() {
      if (stopped) throw new Interrupted(`stopped by ${stopped}; nothing was written`);
    },
    dispose() {
      process.off('SIGINT', listener).off('SIGTERM', listener);
    },
  };
}
