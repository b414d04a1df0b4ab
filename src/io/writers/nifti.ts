/** Label maps as NIfTI-1: a volume of slices, or pictures over time, lying where the source lay. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { SonotrackError } from '../../runtime/errors.js';
import { rangeError } from '../../runtime/validate.js';
import type { SourceInfo } from '../../sdk/types.js';

/** What a NIfTI file says of where and when its pictures are; a `SourceInfo` has it all. */
export type NiftiPlace = Pick<
  SourceInfo,
  'widthPx' | 'heightPx' | 'spacingMm' | 'frameRateHz' | 'volume'
>;

/** A dimension is a signed 16-bit number. */
const MOST_FRAMES = 32767;
const HEADER_BYTES = 352;
const [UNIT_MM, UNIT_SECONDS] = [2, 8];
const UINT8 = 2;
/** NIFTI_XFORM_SCANNER_ANAT: coordinates of the scanner. */
const SCANNER = 1;

/**
 * Writes one label map after the other; the file is gzipped when its name ends in .gz, and appears whole or not at all.
 * @example
 * const writer = await NiftiWriter.create('masks.nii.gz', source.info);
 * for (const labels of labelMaps) await writer.write(labels); // u8[heightPx, widthPx]
 * await writer.finish();
 */
export class NiftiWriter {
  readonly #path: string;
  readonly #place: NiftiPlace;
  readonly #folder: string;
  readonly #raw: FileHandle;
  #frames = 0;

  private constructor(path: string, place: NiftiPlace, folder: string, raw: FileHandle) {
    this.#path = path;
    this.#place = place;
    this.#folder = folder;
    this.#raw = raw;
  }

  /** @throws SonotrackError WRITE_FAILED when nothing can be written beside `path` */
  static async create(path: string, place: NiftiPlace): Promise<NiftiWriter> {
    try {
      const folder = await mkdtemp(join(dirname(path), `.${basename(path)}-`));
      return new NiftiWriter(path, place, folder, await open(join(folder, 'raw'), 'wx'));
    } catch (cause) {
      throw failed(path, cause);
    }
  }

  /** Appends u8[heightPx, widthPx]. @throws RangeError for another size or too many frames, SonotrackError WRITE_FAILED */
  async write(labels: Uint8Array): Promise<void> {
    const { widthPx, heightPx } = this.#place;
    if (labels.length !== widthPx * heightPx) {
      throw rangeError(
        `${widthPx * heightPx} samples (${heightPx} × ${widthPx})`,
        'labels',
        labels,
      );
    }
    if (this.#frames === MOST_FRAMES) {
      throw rangeError(`at most ${MOST_FRAMES} label maps`, 'frames', this.#frames + 1);
    }
    try {
      await this.#raw.writeFile(labels);
    } catch (cause) {
      throw failed(this.#path, cause);
    }
    this.#frames += 1;
  }

  /** Puts the file in its place. @throws SonotrackError WRITE_FAILED, RangeError when a volume over time ends within a volume */
  async finish(): Promise<void> {
    try {
      await this.#raw.close();
      const header = encodeNiftiHeader(this.#place, this.#frames);
      const whole = join(this.#folder, 'whole');
      const raw = join(this.#folder, 'raw');
      const bytes = Readable.from(joined(header, raw));
      const target = createWriteStream(whole);
      await (this.#path.endsWith('.gz')
        ? pipeline(bytes, createGzip(), target)
        : pipeline(bytes, target));
      await rename(whole, this.#path);
    } catch (cause) {
      throw cause instanceof RangeError ? cause : failed(this.#path, cause);
    } finally {
      await this.abort();
    }
  }

  /** Leaves nothing behind. Idempotent. */
  async abort(): Promise<void> {
    await this.#raw.close().catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function* joined(header: Uint8Array, raw: string): AsyncGenerator<Uint8Array> {
  yield header;
  yield* createReadStream(raw);
}

function failed(path: string, cause: unknown): SonotrackError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SonotrackError('WRITE_FAILED', 'write', `cannot write ${path}: ${reason}`, { cause });
}

/**
 * The 348 bytes of the header and the 4 that say that no extension follows (nifti1.h). Unknown spacing is written as 1
 * without a unit, an unknown place as no sform.
 * @throws RangeError when there is no frame, or frames of several volumes that do not fill the last
 */
export function encodeNiftiHeader(place: NiftiPlace, frames: number): Uint8Array {
  const { widthPx, heightPx, spacingMm, frameRateHz, volume } = place;
  const slices = Math.min(volume?.slices ?? 1, frames);
  if (frames < 1 || frames % slices !== 0) {
    throw rangeError(`a multiple of ${slices} slices`, 'frames', frames);
  }
  const times = frames / slices;
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const i16 = (at: number, value: number): void => view.setInt16(at, value, true);
  const f32 = (at: number, value: number): void => view.setFloat32(at, value, true);
  view.setInt32(0, 348, true);
  const dims = [times > 1 ? 4 : 3, widthPx, heightPx, slices, times, 1, 1, 1];
  dims.forEach((size, i) => i16(40 + 2 * i, size));
  i16(70, UINT8);
  i16(72, 8);
  const timeStep = frameRateHz ? 1 / frameRateHz : 1;
  const { x, y } = spacingMm ?? { x: 1, y: 1 };
  const sizes = [1, x, y, volume?.sliceSpacingMm ?? 1, times > 1 ? timeStep : 1, 1, 1, 1];
  sizes.forEach((size, i) => f32(76 + 4 * i, size));
  f32(108, HEADER_BYTES);
  f32(112, 1); // scl_slope
  bytes[123] = (spacingMm ? UNIT_MM : 0) | (times > 1 && frameRateHz ? UNIT_SECONDS : 0);
  if (volume?.affine) {
    i16(254, SCANNER);
    volume.affine.slice(0, 12).forEach((value, i) => f32(280 + 4 * i, value));
  }
  bytes.set(Buffer.from('sonotrack label map'), 148);
  bytes.set(Buffer.from('n+1\0'), 344);
  return bytes;
}
