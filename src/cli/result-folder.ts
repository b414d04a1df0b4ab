/** The folder that `track` writes: it appears when everything is in it, and not at all when something fails. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readLabelMap } from '../eval/label-png.js';
import { areaRows, areasCsv } from '../io/writers/areas-csv.js';
import { encodeLabelPng } from '../io/writers/labels.js';
import { NiftiWriter } from '../io/writers/nifti.js';
import { encodeOverlayPng } from '../io/writers/overlay.js';
import { SonotrackError } from '../runtime/errors.js';
import type { FollowedFrame } from '../sdk/follow.js';
import type { FrameSource } from '../sdk/types.js';
import { UsageError } from './failure.js';
import { openOutputs, type OutputKind, type TrackOutput } from './track-outputs.js';

export interface ResultFiles {
  source: FrameSource;
  uri: string;
  /** The frame that tracking starts on: from another than the first, frames come out of their order. */
  start: number;
  /** Files beside the label maps and pictures. */
  write: readonly OutputKind[];
}

export class ResultFolder {
  /** Absolute. */
  readonly path: string;
  readonly #staging: string;
  readonly #files: ResultFiles;
  readonly #outputs: TrackOutput;
  /** Whether the label maps become a volume at the end; in order, the outputs see to it. */
  readonly #volumeAtEnd: boolean;
  /** Rows of areas.csv and the label map's file, by frame; frames may come in any order. */
  readonly #rows: string[][] = [];
  readonly #maps: string[] = [];
  readonly #digits: number;
  #startNs: bigint | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, staging: string, files: ResultFiles, outputs: TrackOutput) {
    this.path = path;
    this.#staging = staging;
    this.#files = files;
    this.#outputs = outputs;
    this.#volumeAtEnd = files.start > 0;
    this.#digits = Math.max(4, String(files.source.info.frames).length);
  }

  /**
   * A volume is always written as one too.
   * @throws UsageError when there is something at `out` already, or for an output that this source or its order does not
   *   allow; SonotrackError WRITE_FAILED
   */
  static async create(out: string, files: ResultFiles): Promise<ResultFolder> {
    const path = resolve(out);
    await expectNewFolder(path);
    const { source, uri, start } = files;
    const isVolume = (source.info.volume?.slices ?? 1) > 1;
    const kinds: OutputKind[] = isVolume ? [...files.write, 'nifti'] : [...files.write];
    const other = kinds.find((kind) => kind !== 'nifti' && kind !== 'seg'); // seg is for DICOM anyway
    if (start > 0 && other) {
      throw new UsageError(
        `expected --from-slice 0 with --write ${other}, which takes slices in order`,
      );
    }
    const staging = await createStaging(path);
    try {
      const outputs = await openOutputs(
        start > 0 ? kinds.filter((kind) => kind !== 'nifti') : kinds,
        staging,
        source,
        uri,
      );
      return new ResultFolder(path, staging, files, outputs);
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw error;
    }
  }

  /** The files of a frame are written while the next one is tracked: a failure is met there, or at `finish`. */
  async write(followed: FollowedFrame): Promise<void> {
    const { index, frame } = followed;
    const slices = (this.#files.source.info.volume?.slices ?? 1) > 1;
    if (!slices) this.#startNs ??= frame.captureNs;
    this.#rows[index] = areaRows(followed, this.#startNs);
    const name = `${String(index).padStart(this.#digits, '0')}.png`;
    this.#maps[index] = join(this.#staging, 'masks', name);
    await this.#settle();
    this.#writing = this.#writeFrame(name, followed);
    this.#writing.catch(() => undefined); // until it is met, it must not count as unhandled
  }

  async #writeFrame(name: string, { picture, objects }: FollowedFrame): Promise<void> {
    const labels = await encodeLabelPng(objects, picture.widthPx, picture.heightPx);
    await writeFile(join(this.#staging, 'masks', name), labels);
    const overlay = await encodeOverlayPng(picture, objects);
    await writeFile(join(this.#staging, 'overlay', name), overlay);
    await this.#outputs.frame(picture, objects, name);
  }

  /** Writes areas.csv, the other files and a report as JSON; then the folder appears. */
  async finish(report: { name: string; value: object } | null): Promise<void> {
    await this.#settle();
    await writing(async () => {
      await writeFile(join(this.#staging, 'areas.csv'), areasCsv(this.#rows.flat()));
      if (report) {
        await writeFile(join(this.#staging, report.name), `${JSON.stringify(report.value)}\n`);
      }
    });
    await this.#outputs.finish();
    if (this.#volumeAtEnd) await this.#writeVolume();
    await writing(async () => {
      await rm(this.path, { recursive: true, force: true });
      await rename(this.#staging, this.path);
    });
  }

  /** From the files of the frames, so that memory holds one at a time. */
  async #writeVolume(): Promise<void> {
    const writer = await NiftiWriter.create(
      join(this.#staging, 'masks.nii.gz'),
      this.#files.source.info,
    );
    try {
      for (const file of this.#maps) await writer.write((await readLabelMap(file)).labels);
      await writer.finish();
    } finally {
      await writer.abort();
    }
  }

  /** Leaves nothing behind, unless it was finished. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#outputs.abort();
    await rm(this.#staging, { recursive: true, force: true });
  }

  #settle(): Promise<void> {
    return writing(() => this.#writing);
  }
}

/** Errors of the file system as WRITE_FAILED. */
async function writing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const message = `cannot write results: ${cause.message}`;
    throw new SonotrackError('WRITE_FAILED', 'write', message, { cause });
  }
}

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
