/** Stored samples → 8-bit gray or RGB (PS3.3 C.7.6.3.1.2). No window is applied. */
import type { Palette } from './palette.js';

export type Photometric =
  | 'MONOCHROME1'
  | 'MONOCHROME2'
  | 'PALETTE COLOR'
  | 'RGB'
  | 'YBR_FULL'
  | 'YBR_FULL_422'
  | 'YBR_ICT'
  | 'YBR_RCT';

/** How the pixels of a file are stored; plain data, so that it can be sent to a thread. */
export interface PixelFormat {
  transferSyntax: string;
  widthPx: number;
  heightPx: number;
  samples: 1 | 3;
  bitsAllocated: 8 | 16;
  bitsStored: number;
  highBit: number;
  signed: boolean;
  /** Component after component instead of pixel after pixel. */
  planar: boolean;
  photometric: Photometric;
  palette: Palette | null;
}

/** Decoded samples of one frame, little endian. */
export interface Samples {
  data: Uint8Array;
  bitsAllocated: 8 | 16;
  planar: boolean;
  /** What three components are once they are decoded. */
  colour: 'rgb' | 'ybr' | 'ybr422';
}

/**
 * u8[heightPx, widthPx] of gray, or u8[heightPx, widthPx, 3] of colour.
 * @throws Error when there are too few samples
 */
export function toPixels(format: PixelFormat, samples: Samples): Uint8Array {
  const pixels = format.widthPx * format.heightPx;
  if (format.samples === 3) return toRgb(samples, pixels);
  const needed = (pixels * samples.bitsAllocated) / 8;
  if (samples.data.length < needed) throw tooFew(samples.data.length, needed);
  const value = readerOf(format, samples);
  if (format.photometric === 'PALETTE COLOR') return throughPalette(format, value, pixels);
  const shift = Math.max(0, format.bitsStored - 8);
  const offset = format.signed ? 2 ** (format.bitsStored - 1) : 0;
  const inverse = format.photometric === 'MONOCHROME1';
  const gray = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i += 1) {
    const level = Math.min(255, (value(i) + offset) >> shift);
    gray[i] = inverse ? 255 - level : level;
  }
  return gray;
}

/** The number stored at a pixel: its bits alone, its sign extended. */
function readerOf(format: PixelFormat, { data, bitsAllocated }: Samples): (i: number) => number {
  const { bitsStored, highBit, signed } = format;
  const low = Math.max(0, highBit + 1 - bitsStored);
  const mask = 2 ** bitsStored - 1;
  const sign = 2 ** (bitsStored - 1);
  const raw = (i: number): number =>
    bitsAllocated === 8 ? data[i] : data[2 * i] | (data[2 * i + 1] << 8);
  if (!signed) return (i) => (raw(i) >> low) & mask;
  return (i) => {
    const value = (raw(i) >> low) & mask;
    return value >= sign ? value - 2 * sign : value;
  };
}

function throughPalette(
  { palette }: PixelFormat,
  value: (i: number) => number,
  pixels: number,
): Uint8Array {
  if (!palette) throw new Error('no look-up table for its colours');
  const { first, rgb } = palette;
  const last = rgb.length / 3 - 1;
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i += 1) {
    const entry = 3 * Math.min(last, Math.max(0, value(i) - first));
    out[3 * i] = rgb[entry];
    out[3 * i + 1] = rgb[entry + 1];
    out[3 * i + 2] = rgb[entry + 2];
  }
  return out;
}

function toRgb(samples: Samples, pixels: number): Uint8Array {
  const { data, planar, colour } = samples;
  const needed = colour === 'ybr422' ? 2 * pixels : 3 * pixels;
  if (samples.bitsAllocated !== 8) throw new Error('colour of more than 8 bits a sample');
  if (data.length < needed) throw tooFew(data.length, needed);
  if (colour === 'ybr422') return ybrToRgb(expand422(data, pixels));
  const rgb = new Uint8Array(3 * pixels);
  if (planar) {
    for (let i = 0; i < pixels; i += 1) {
      for (let c = 0; c < 3; c += 1) rgb[3 * i + c] = data[c * pixels + i];
    }
  } else {
    rgb.set(data.subarray(0, 3 * pixels));
  }
  return colour === 'ybr' ? ybrToRgb(rgb) : rgb;
}

/** Y1 Y2 Cb Cr of each two pixels → Y Cb Cr of each. */
function expand422(data: Uint8Array, pixels: number): Uint8Array {
  const ybr = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i += 1) {
    const pair = 4 * (i >> 1);
    ybr[3 * i] = data[pair + (i & 1)];
    ybr[3 * i + 1] = data[pair + 2];
    ybr[3 * i + 2] = data[pair + 3];
  }
  return ybr;
}

/** YBR_FULL → RGB in place (C.7.6.3.1.2). */
function ybrToRgb(ybr: Uint8Array): Uint8Array {
  const clamped = new Uint8ClampedArray(ybr.buffer, ybr.byteOffset, ybr.length);
  for (let i = 0; i < ybr.length; i += 3) {
    const [y, b, r] = [ybr[i], ybr[i + 1] - 128, ybr[i + 2] - 128];
    clamped[i] = Math.floor(y + 1.402 * r + 0.5);
    clamped[i + 1] = Math.floor(
      y - ((0.114 * 1.772) / 0.587) * b - ((0.299 * 1.402) / 0.587) * r + 0.5,
    );
    clamped[i + 2] = Math.floor(y + 1.772 * b + 0.5);
  }
  return ybr;
}

const tooFew = (received: number, needed: number): Error =>
  new Error(`a frame of ${received} bytes instead of ${needed}`);
