/**
 * DICOM images: single and multi-frame ultrasound and whatever else has the same pixel module. Nothing of the header but
 * what `SourceInfo` names leaves this file: no name, date, number or identifier.
 */
import type { DataSet } from 'dicom-parser';
import { MAX_SIDE_PX } from '../../../sdk/mask.js';
import type { Frame, FrameSource, SourceInfo, SourceRegion } from '../../../sdk/types.js';
import { IndexedSource } from '../indexed.js';
import type { Playback } from '../playback.js';
import { damaged, RandomAccessFile, reasonOf, unsupported } from '../random-access.js';
import { decodeInThread } from './codec-thread.js';
import { decimal, decimals, readDicomHeader, type DicomHeader } from './elements.js';
import { indexFrames } from './fragments.js';
import { paletteOf } from './palette.js';
import { toPixels, type Photometric, type PixelFormat, type Samples } from './pixels.js';
import { regionsOf, spacingOf } from './regions.js';
import { codingOf, type Coding } from './transfer-syntax.js';

export interface DicomSettings extends Playback {
  frameRateHz: number | null;
  spacingMm: SourceInfo['spacingMm'];
  /** Sets what lies outside of all regions to 0, where names and dates are burnt in. */
  blankOutsideRegions: boolean;
}

const PHOTOMETRICS: readonly string[] = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_ICT',
  'YBR_RCT',
] satisfies Photometric[];

/** Compressed bytes of one frame; more is no frame of the sides that are read. */
const MOST_FRAME_BYTES = 512 * 2 ** 20;

/**
 * @throws SonotrackError SOURCE_UNSUPPORTED for a transfer syntax or pixel format that is not read, SOURCE_INVALID when the
 * file is damaged, or when blanking is asked for and no region is known
 */
export async function openDicom(path: string, settings: DicomSettings): Promise<FrameSource> {
  const file = await RandomAccessFile.open(path);
  try {
    const header = await readDicomHeader(file);
    const { dataSet, transferSyntax } = header;
    const coding = codingOf(transferSyntax);
    if (!coding) throw unsupported(path, SYNTAXES, `transfer syntax ${printable(transferSyntax)}`);
    const format = formatOf(path, dataSet, transferSyntax);
    const frames = decimal(dataSet, 'x00280008') ?? 1;
    if (!Number.isSafeInteger(frames) || frames < 1) throw damaged(path, `it has ${frames} frames`);
    const regions = regionsOf(dataSet, format.widthPx, format.heightPx);
    const blank = settings.blankOutsideRegions
      ? blankerOf(path, regions, format)
      : (pixels: Uint8Array): Uint8Array => pixels;
    const readPixels = await pixelReader(file, header, coding, format, frames);
    const times = timesOf(dataSet, frames);
    const info: SourceInfo = {
      kind: 'dicom',
      frames,
      widthPx: format.widthPx,
      heightPx: format.heightPx,
      channels: format.samples === 3 || format.photometric === 'PALETTE COLOR' ? 3 : 1,
      frameRateHz: times.frameRateHz ?? settings.frameRateHz,
      spacingMm: spacingOf(dataSet, regions) ?? settings.spacingMm,
      regions,
      modality: /^[A-Z0-9_ ]{1,16}$/.exec(dataSet.string('x00080060') ?? '')?.[0] ?? null,
    };
    const { widthPx, heightPx, channels, spacingMm } = info;
    const read = async (index: number): Promise<Frame> => {
      try {
        const data = blank(await readPixels(index));
        return { data, widthPx, heightPx, channels, spacingMm };
      } catch (cause) {
        throw damaged(path, `frame ${index}: ${reasonOf(cause)}`, cause);
      }
    };
    return new IndexedSource(info, read, settings, {
      close: () => file.close(),
      timesNs: times.timesNs,
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

const SYNTAXES = 'uncompressed, RLE, JPEG (8 bits or lossless), JPEG-LS or JPEG 2000 pixels';

/** An identifier in a message, cut to what an identifier may hold. */
const printable = (uid: string): string => uid.replace(/[^0-9.]/g, '').slice(0, 64) || 'unknown';

function formatOf(path: string, dataSet: DataSet, transferSyntax: string): PixelFormat {
  const number = (tag: string, otherwise: number): number => dataSet.uint16(tag) ?? otherwise;
  const [heightPx, widthPx] = [number('x00280010', 0), number('x00280011', 0)];
  if (widthPx < 1 || heightPx < 1 || widthPx > MAX_SIDE_PX || heightPx > MAX_SIDE_PX) {
    throw unsupported(path, `sides of 1–${MAX_SIDE_PX} px`, `${widthPx} × ${heightPx} px`);
  }
  const samples = number('x00280002', 1);
  const bitsAllocated = number('x00280100', 8);
  const bitsStored = number('x00280101', bitsAllocated);
  const highBit = number('x00280102', bitsStored - 1);
  const photometric = (
    dataSet.string('x00280004') ?? (samples === 3 ? 'RGB' : 'MONOCHROME2')
  ).trim();
  const fits =
    (samples === 1 || (samples === 3 && bitsAllocated === 8)) &&
    (bitsAllocated === 8 || bitsAllocated === 16) &&
    bitsStored >= 1 &&
    highBit < bitsAllocated &&
    highBit + 1 >= bitsStored;
  const colours = photometric === 'RGB' || photometric.startsWith('YBR');
  if (!fits || !PHOTOMETRICS.includes(photometric) || colours !== (samples === 3)) {
    throw unsupported(
      path,
      `gray of 8 or 16 bits, or ${PHOTOMETRICS.slice(2).join(', ')} of 8`,
      `${printableName(photometric)}, ${samples} samples of ${bitsStored} in ${bitsAllocated} bits`,
    );
  }
  const signed = number('x00280103', 0) === 1;
  const palette = photometric === 'PALETTE COLOR' ? paletteOf(dataSet, signed) : null;
  if (photometric === 'PALETTE COLOR' && !palette) {
    throw unsupported(path, 'look-up tables of red, green and blue', 'broken ones or none');
  }
  return {
    transferSyntax,
    widthPx,
    heightPx,
    samples: samples === 3 ? 3 : 1,
    bitsAllocated: bitsAllocated === 16 ? 16 : 8,
    bitsStored,
    highBit,
    signed,
    planar: number('x00280006', 0) === 1,
    photometric: photometric as Photometric,
    palette,
  };
}

const printableName = (text: string): string => text.replace(/[^A-Z0-9_ ]/gi, '').slice(0, 16);

async function pixelReader(
  file: RandomAccessFile,
  { pixels }: DicomHeader,
  coding: Coding,
  format: PixelFormat,
  frames: number,
): Promise<(index: number) => Promise<Uint8Array>> {
  const native = coding === 'native' || coding === 'native-big-endian';
  if (native !== (pixels.length !== null)) {
    throw damaged(file.path, 'its pixels are not coded as its transfer syntax says');
  }
  if (!native) {
    const index = await indexFrames(file, pixels.offset, frames);
    return async (frame) => {
      const parts: Buffer[] = [];
      const size = index[frame].reduce((sum, { length }) => sum + length, 0);
      if (size > MOST_FRAME_BYTES) throw new Error(`a compressed frame of ${size} bytes`);
      for (const { offset, length } of index[frame]) parts.push(await file.read(offset, length));
      return decodeInThread(parts.length === 1 ? parts[0] : concat(parts, size), format);
    };
  }
  const subsampled = format.photometric === 'YBR_FULL_422';
  const perPixel = subsampled ? 2 : (format.samples * format.bitsAllocated) / 8;
  const bytes = format.widthPx * format.heightPx * perPixel;
  const length = pixels.length ?? 0;
  if (length < bytes * frames || pixels.offset + bytes * frames > file.sizeBytes) {
    throw damaged(file.path, `it holds ${length} of ${bytes * frames} bytes of pixels`);
  }
  // Big-endian words hold 16-bit samples, and pairs of 8-bit ones where the element is one of words (PS3.5 annex A.3).
  const swapped =
    coding === 'native-big-endian' && (format.bitsAllocated === 16 || pixels.vr === 'OW');
  const samples: Omit<Samples, 'data'> = {
    bitsAllocated: format.bitsAllocated,
    planar: format.planar,
    colour: subsampled ? 'ybr422' : format.photometric === 'YBR_FULL' ? 'ybr' : 'rgb',
  };
  return async (frame) => {
    const start = bytes * frame;
    const data = swapped
      ? await readSwapped(file, pixels.offset, start, bytes, length)
      : await file.read(pixels.offset + start, bytes);
    return toPixels(format, { data, ...samples });
  };
}

/** A buffer of its own, which can be handed to a thread. */
function concat(parts: readonly Buffer[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes of a value whose words are swapped; a frame may begin or end within a word. */
async function readSwapped(
  file: RandomAccessFile,
  offset: number,
  start: number,
  bytes: number,
  length: number,
): Promise<Uint8Array> {
  const from = start - (start % 2);
  const to = Math.min(start + bytes + ((start + bytes) % 2), length - (length % 2));
  const words = (await file.read(offset + from, to - from)).swap16();
  return words.subarray(start - from, start - from + bytes);
}

/** Frame times by Frame Time or Frame Time Vector, ms (C.7.6.5); else the cine rate or the recommended one. */
function timesOf(
  dataSet: DataSet,
  frames: number,
): { frameRateHz: number | null; timesNs?: bigint[] } {
  const vector = decimals(dataSet, 'x00181065');
  if (frames > 1 && vector.length === frames && vector.slice(1).every((step) => step > 0)) {
    let sum = 0;
    const timesNs = vector.map((step, i) => BigInt(Math.round((sum += i ? step : 0) * 1e6)));
    return { frameRateHz: ((frames - 1) * 1000) / sum, timesNs };
  }
  const frameTime = decimal(dataSet, 'x00181063');
  if (frameTime !== null && frameTime > 0) return { frameRateHz: 1000 / frameTime };
  const rates = [decimal(dataSet, 'x00180040'), decimal(dataSet, 'x00082144')];
  return { frameRateHz: rates.find((rate) => rate !== null && rate > 0) ?? null };
}

function blankerOf(
  path: string,
  regions: readonly SourceRegion[],
  { widthPx, heightPx }: PixelFormat,
): (pixels: Uint8Array) => Uint8Array {
  if (regions.length === 0) {
    throw damaged(path, 'it names no region, so what lies outside of them cannot be blanked');
  }
  const outside = new Uint8Array(widthPx * heightPx).fill(1);
  for (const { box } of regions) {
    const [x0, y0, x1, y1] = box;
    for (let y = y0; y < y1; y += 1) outside.fill(0, y * widthPx + x0, y * widthPx + x1);
  }
  return (pixels) => {
    const channels = pixels.length / outside.length;
    for (let i = 0; i < pixels.length; i += 1) {
      if (outside[Math.floor(i / channels)]) pixels[i] = 0;
    }
    return pixels;
  };
}
