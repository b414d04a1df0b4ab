import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { openSource } from '../io/sources/index.js';
import { areaRows, areasCsv } from '../io/writers/areas-csv.js';
import { encodeLabelPng } from '../io/writers/labels.js';
import { encodeOverlayPng } from '../io/writers/overlay.js';
import { percentiles } from '../live/latency.js';
import { SonotrackError } from '../runtime/errors.js';
import type { Device } from '../sdk/device.js';
import type {
  Frame,
  FrameSource,
  Mask,
  Prompts,
  TrackedObject,
  TrackResult,
} from '../sdk/types.js';
import { Interrupted, UsageError } from './failure.js';
import { createProgress } from './progress.js';
import {
  formatArea,
  print,
  promptsOf,
  withDevice,
  withPrompts,
  type GlobalOptions,
  type PromptOptions,
} from './shared.js';
import { openOutputs, OUTPUTS, type OutputKind } from './track-outputs.js';

interface TrackOptions extends GlobalOptions, PromptOptions {
  out: string;
  write: OutputKind[];
}

const EXAMPLES = `
Examples:
  $ sonotrack track frames/ --point 210,160 --out result
  $ sonotrack track phantom:?seed=2&frames=60 --point 240,170 --out result --json
  $ sonotrack track cine.dcm --point 210,160 --out result --write seg video report

Writes DIR/masks (label maps), DIR/overlay (pictures) and DIR/areas.csv. DIR must be new or empty; it appears when
everything has been written.`;

export function addTrack(program: Command): void {
  const command = program
    .command('track')
    .description('Segment a structure on the first frame and follow it through the others.')
    .argument(
      '<source>',
      'DICOM cine, folder of images, multi-page TIFF, NIfTI or MetaImage volume, or phantom:',
    )
    .requiredOption('--out <dir>', 'folder for the results')
    .addOption(
      new Option('--write <kind...>', 'more files: masks as NIfTI, DICOM SEG or COCO, MP4, page')
        .choices(OUTPUTS)
        .default([], 'none'),
    )
    .addHelpText('after', EXAMPLES);
  withPrompts(command).action((source: string) => track(source, command.optsWithGlobals()));
}

async function track(uri: string, options: TrackOptions): Promise<void> {
  const prompts = promptsOf(options);
  const source = await openSource(uri);
  try {
    if (source.info.frames === null) {
      throw new UsageError(`expected a source that ends for \`SOURCE\` but received ${uri}`);
    }
    const out = resolve(options.out);
    await expectNewFolder(out);
    const staging = await createStaging(out);
    try {
      const summary = await withDevice(options, (device) =>
        trackInto(staging, source, device, prompts, { ...options, uri }),
      );
      await rm(out, { recursive: true, force: true });
      await rename(staging, out);
      print(options, { ...summary, out }, describeSummary(summary, out));
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  } finally {
    await source.close();
  }
}

type Summary = Awaited<ReturnType<typeof trackInto>>;

async function trackInto(
  folder: string,
  source: FrameSource,
  device: Device,
  prompts: Prompts,
  { json, quiet, write, uri }: TrackOptions & { uri: string },
) {
  const progress = createProgress(source.info.frames ?? 0, { silent: json || quiet });
  const stop = stopOnSignal();
  const rows: string[] = [];
  // What the summary needs of each object; masks are not kept.
  const objects: ObjectSummary[] = [];
  const latencyMs: number[] = [];
  const digits = String(source.info.frames).length;
  const tracker = await device.createTracker();
  const outputs = await openOutputs(write, folder, source, uri);
  let startNs = 0n;
  let frames = 0;
  // The files of a frame are written while the next one is tracked.
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const frame of source) {
      stop.check();
      let result: Pick<TrackResult, 'frame' | 'objects'>;
      if (frames === 0) {
        const mask = await predictFirst(device, frame, prompts);
        await tracker.start(frame, [{ id: 1, mask }]);
        startNs = frame.captureNs ?? 0n;
        result = firstResult(frame, mask);
      } else {
        const tracked = await tracker.track(frame);
        latencyMs.push(tracked.timings.totalMs);
        result = tracked;
      }
      rows.push(...areaRows(result, startNs));
      objects.push(...result.objects.map(summaryOf));
      await writing;
      const name = `${String(frames).padStart(Math.max(4, digits), '0')}.png`;
      writing = writeFrame(folder, name, frame, result.objects).then(() =>
        outputs.frame(frame, result.objects, name),
      );
      // A failure is met at the next frame; until then it must not count as unhandled.
      writing.catch(() => undefined);
      frames += 1;
      progress.update(frames);
    }
    await writing;
    await writeFile(join(folder, 'areas.csv'), areasCsv(rows));
    await outputs.finish();
  } catch (cause) {
    await writing.catch(() => undefined);
    await outputs.abort();
    if (isSystemError(cause)) {
      throw new SonotrackError('WRITE_FAILED', 'write', `cannot write results: ${cause.message}`, {
        cause,
      });
    }
    throw cause;
  } finally {
    progress.stop();
    stop.dispose();
    await tracker.close();
  }
  const found = objects.filter(({ status }) => status !== 'lost');
  const bySize = found.sort((a, b) => a.areaPx - b.areaPx);
  return {
    frames,
    object: 1,
    smallest: sizeOf(bySize[0]),
    largest: sizeOf(bySize.at(-1)),
    meanQuality: objects.reduce((sum, { quality }) => sum + quality, 0) / objects.length,
    framesToAsk: objects.filter(({ status }) => status === 'ask').length,
    framesLost: objects.filter(({ status }) => status === 'lost').length,
    trackMs: percentiles(latencyMs) ?? null,
    device: device.info,
  };
}

interface ObjectSummary {
  areaPx: number;
  areaMm2: number | null;
  quality: number;
  status: TrackedObject['status'];
}

const summaryOf = ({ mask, quality, status }: TrackedObject): ObjectSummary => ({
  areaPx: mask.areaPx,
  areaMm2: mask.areaMm2,
  quality,
  status,
});

async function predictFirst(device: Device, frame: Frame, prompts: Prompts): Promise<Mask> {
  const image = await device.setImage(frame);
  try {
    const mask = await image.predict(prompts);
    if (mask.areaPx > 0) return mask;
  } finally {
    await image.close();
  }
  throw new SonotrackError('EMPTY_MASK', 'predict', 'nothing was found at the prompts');
}

function firstResult(frame: Frame, mask: Mask): Pick<TrackResult, 'frame' | 'objects'> {
  const { id = 0, captureNs = 0n, widthPx, heightPx, spacingMm = null } = frame;
  return {
    frame: { id, captureNs, widthPx, heightPx, spacingMm },
    objects: [{ id: 1, mask, quality: mask.score, status: 'tracking' }],
  };
}

async function writeFrame(
  folder: string,
  name: string,
  frame: Frame,
  objects: readonly TrackedObject[],
): Promise<void> {
  const labels = await encodeLabelPng(objects, frame.widthPx, frame.heightPx);
  await writeFile(join(folder, 'masks', name), labels);
  await writeFile(join(folder, 'overlay', name), await encodeOverlayPng(frame, objects));
}

/** @throws UsageError when there is something at `out` already */
async function expectNewFolder(out: string): Promise<void> {
  const entries = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UsageError(`expected a new or empty folder for \`--out\` but received ${out}`);
  });
  if (entries.length > 0) {
    throw new UsageError(
      `expected a new or empty folder for \`--out\` but received ${out} with ${entries.length} entries`,
    );
  }
}

/** A folder beside `out`, so that it can be renamed to it. */
async function createStaging(out: string): Promise<string> {
  try {
    await mkdir(dirname(out), { recursive: true });
    const staging = await mkdtemp(join(dirname(out), `.${basename(out)}-`));
    await mkdir(join(staging, 'masks'));
    await mkdir(join(staging, 'overlay'));
    return staging;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SonotrackError('WRITE_FAILED', 'write', `cannot create ${out}: ${reason}`, { cause });
  }
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

function sizeOf(object?: ObjectSummary): { areaPx: number; areaMm2: number | null } | null {
  return object ? { areaPx: object.areaPx, areaMm2: object.areaMm2 } : null;
}

function describeSummary(summary: Summary, out: string): string {
  const { frames, smallest, largest, meanQuality, framesToAsk, framesLost, trackMs } = summary;
  const lines = [`${frames} frames, mean quality ${meanQuality.toFixed(3)}`];
  if (smallest && largest) {
    lines.push(
      `area from ${formatArea(smallest.areaMm2, smallest.areaPx)} to ${formatArea(largest.areaMm2, largest.areaPx)}`,
    );
  }
  if (framesToAsk > 0) lines.push(`${framesToAsk} frames ask for a corrective click`);
  if (framesLost > 0) lines.push(`${framesLost} frames without the object`);
  if (trackMs) {
    lines.push(`track ${trackMs.p50.toFixed(1)} ms (p50), ${trackMs.p95.toFixed(1)} ms (p95)`);
  }
  return [...lines, `written ${out}`].join('\n');
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
