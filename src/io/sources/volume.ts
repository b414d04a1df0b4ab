/** Frames of a raster of two to five axes that lies as plain numbers in a file: what NIfTI and MetaImage share. */
import type { Frame, SourceInfo, SpacingMm, VolumeGeometry } from '../../sdk/types.js';
import { MAX_SIDE_PX } from '../../sdk/mask.js';
import { IndexedSource } from './indexed.js';
import type { Playback } from './playback.js';
import { damaged, unsupported, type RandomAccessFile } from './random-access.js';
import {
  isPlain,
  mappingOf,
  SAMPLE_TYPES,
  toGray,
  toLabels,
  widen,
  type SampleFormat,
} from './samples.js';

/** Most bytes of one stored frame; one that claims more is refused before memory is taken. */
const MAX_FRAME_BYTES = 512 * 2 ** 20;
/** Bytes read at once while the range of values is looked for. */
const SCAN_BYTES = 4 * 2 ** 20;

export interface VolumeLayout {
  /** What it is, for `info.kind`. */
  kind: string;
  widthPx: number;
  heightPx: number;
  /** All slices of all points of time; the slice counts fastest. */
  frames: number;
  /** Interleaved samples of a pixel: 1 gray, 3 RGB, 4 RGBA (alpha is dropped). */
  channels: 1 | 3 | 4;
  format: SampleFormat;
  spacingMm: SpacingMm | null;
  frameRateHz: number | null;
  geometry: VolumeGeometry;
  /** Capture time of each frame, ns from the first; absent: by the frame rate. */
  timesNs?: readonly bigint[];
}

/** How to play it, and what stands where the file does not say. */
export interface VolumeSettings extends Playback {
  frameRateHz: number | null;
  spacingMm: SpacingMm | null;
  /** Values are labels of objects, 0 to 255, which stand as stored. Default: gray levels. */
  labels?: boolean;
}

/** Bytes of one frame as stored. @throws SonotrackError when its size is not one that a frame can have */
export function frameBytesOf(path: string, layout: VolumeLayout): number {
  const { widthPx, heightPx, channels, format, frames } = layout;
  const bytes = widthPx * heightPx * channels * SAMPLE_TYPES[format.type].bytes;
  if (![widthPx, heightPx, frames].every((size) => Number.isSafeInteger(size) && size >= 1)) {
    throw damaged(path, `it says that it holds ${frames} frames of ${widthPx} × ${heightPx} px`);
  }
  if (widthPx > MAX_SIDE_PX || heightPx > MAX_SIDE_PX || bytes > MAX_FRAME_BYTES) {
    throw unsupported(
      path,
      `sides of at most ${MAX_SIDE_PX} px and frames of at most ${MAX_FRAME_BYTES} bytes`,
      `${widthPx} × ${heightPx} px (${bytes} bytes)`,
    );
  }
  if (channels > 1 && format.type !== 'uint8') {
    throw unsupported(path, '8 bits a sample in colour', format.type);
  }
  return bytes;
}

/**
 * A source over `file`, whose frames begin at `start`. It owns the file from here on, and closes it when this fails too.
 * Numbers other than bytes are read through once first, to know the depth that they use.
 * @throws SonotrackError SOURCE_INVALID when the file is too short
 */
export async function openVolume(
  file: RandomAccessFile,
  start: number,
  layout: VolumeLayout,
  settings: VolumeSettings,
): Promise<IndexedSource> {
  try {
    const frameBytes = frameBytesOf(file.path, layout);
    const needed = start + frameBytes * layout.frames;
    if (file.sizeBytes < needed) {
      throw damaged(file.path, `it holds ${file.sizeBytes} of ${needed} bytes`);
    }
    const decode = settings.labels
      ? labelDecoderOf(file.path, layout)
      : await decoderOf(file, start, frameBytes * layout.frames, layout);
    const { widthPx, heightPx } = layout;
    const spacingMm = layout.spacingMm ?? settings.spacingMm;
    const channels = layout.channels === 1 ? 1 : 3;
    const read = async (index: number): Promise<Frame> => {
      const raw = await file.read(start + index * frameBytes, frameBytes);
      return { data: decode(raw), widthPx, heightPx, channels, spacingMm };
    };
    const info: SourceInfo = {
      kind: layout.kind,
      frames: layout.frames,
      widthPx,
      heightPx,
      channels,
      frameRateHz: layout.frameRateHz ?? settings.frameRateHz,
      spacingMm,
      regions: [],
      modality: null,
      volume: layout.geometry,
    };
    return new IndexedSource(info, read, settings, {
      close: () => file.close(),
      timesNs: layout.timesNs,
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function decoderOf(
  file: RandomAccessFile,
  start: number,
  length: number,
  { channels, format }: VolumeLayout,
): Promise<(raw: Uint8Array) => Uint8Array> {
  if (channels === 4) return withoutAlpha;
  if (channels === 3 || isPlain(format)) return (raw) => raw;
  const range = { least: Infinity, most: -Infinity };
  for (let at = 0; at < length; at += SCAN_BYTES) {
    widen(range, await file.read(start + at, Math.min(SCAN_BYTES, length - at)), format);
  }
  const mapping = mappingOf(format, range);
  return (raw) => toGray(raw, format, mapping);
}

function labelDecoderOf(
  path: string,
  { channels, format }: VolumeLayout,
): (raw: Uint8Array) => Uint8Array {
  if (channels !== 1) throw unsupported(path, 'labels, one number a pixel', 'colours');
  return (raw) => {
    const labels = toLabels(raw, format);
    if (labels) return labels;
    throw unsupported(path, 'labels, whole numbers of 0 to 255', 'other numbers');
  };
}

function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0, o = 0; i < rgba.length; i += 4) {
    rgb[o++] = rgba[i];
    rgb[o++] = rgba[i + 1];
    rgb[o++] = rgba[i + 2];
  }
  return rgb;
}
