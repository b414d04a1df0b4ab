/** Stored numbers of any type as 8 bits a sample. */

export const SAMPLE_TYPES = {
  uint8: { bytes: 1, whole: true },
  int8: { bytes: 1, whole: true },
  uint16: { bytes: 2, whole: true },
  int16: { bytes: 2, whole: true },
  uint32: { bytes: 4, whole: true },
  int32: { bytes: 4, whole: true },
  float32: { bytes: 4, whole: false },
  float64: { bytes: 8, whole: false },
} as const;

export type SampleType = keyof typeof SAMPLE_TYPES;

/** How numbers lie in a file, and what they mean: value = slope × stored + intercept. */
export interface SampleFormat {
  type: SampleType;
  littleEndian: boolean;
  slope: number;
  intercept: number;
}

/** Value `low` becomes 0; one gray level spans `step`. */
export interface GrayMapping {
  low: number;
  step: number;
  rounding: 'floor' | 'round';
}

type Read = (view: DataView, at: number, littleEndian: boolean) => number;

const READERS: Record<SampleType, Read> = {
  uint8: (view, at) => view.getUint8(at),
  int8: (view, at) => view.getInt8(at),
  uint16: (view, at, little) => view.getUint16(at, little),
  int16: (view, at, little) => view.getInt16(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
};

export interface ValueRange {
  least: number;
  most: number;
}

/** Whether bytes are gray levels as they stand. */
export const isPlain = ({ type, slope, intercept }: SampleFormat): boolean =>
  type === 'uint8' && slope === 1 && intercept === 0;

/** Widens `range` to the values of `raw`; those that are not finite are left out. */
export function widen(range: ValueRange, raw: Uint8Array, format: SampleFormat): void {
  const { bytes } = SAMPLE_TYPES[format.type];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = READERS[format.type];
  for (let at = 0; at + bytes <= raw.length; at += bytes) {
    const value = read(view, at, format.littleEndian) * format.slope + format.intercept;
    if (!Number.isFinite(value)) continue;
    if (value < range.least) range.least = value;
    if (value > range.most) range.most = value;
  }
}

/** Depths that devices store; above them any. */
const DEPTHS = [8, 10, 12, 16, ...Array.from({ length: 1024 - 16 }, (_, i) => 17 + i)];

/**
 * Gray levels by the depth that the values use: the smallest of 8, 10, 12, 16, … bits that holds all of them, with the zero
 * of signed numbers in its middle; fractions up to 1 by 1. No window is applied.
 */
export function mappingOf(format: SampleFormat, { least, most }: ValueRange): GrayMapping {
  const whole = SAMPLE_TYPES[format.type].whole && format.slope === 1;
  const rounding = whole ? 'floor' : 'round';
  if (!(most >= least)) return { low: 0, step: 1, rounding };
  if (!whole && least >= 0 && most <= 1) return { low: 0, step: 1 / 255, rounding };
  const signed = least < 0;
  const holds = (bits: number): boolean =>
    signed ? most < 2 ** (bits - 1) && least >= -(2 ** (bits - 1)) : most < 2 ** bits;
  const bits = DEPTHS.find(holds) ?? 1024;
  return { low: signed ? -(2 ** (bits - 1)) : 0, step: 2 ** (bits - 8), rounding };
}

/** Stored numbers → gray levels; numbers that are not finite become 0. */
export function toGray(raw: Uint8Array, format: SampleFormat, mapping: GrayMapping): Uint8Array {
  const { bytes } = SAMPLE_TYPES[format.type];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = READERS[format.type];
  const round = mapping.rounding === 'floor' ? Math.floor : Math.round;
  const gray = new Uint8ClampedArray(Math.floor(raw.length / bytes));
  for (let i = 0; i < gray.length; i += 1) {
    const value = read(view, i * bytes, format.littleEndian) * format.slope + format.intercept;
    gray[i] = round((value - mapping.low) / mapping.step);
  }
  return new Uint8Array(gray.buffer);
}

/** Stored numbers as labels, as they stand; null when one of them is no whole number of 0 to 255. */
export function toLabels(raw: Uint8Array, format: SampleFormat): Uint8Array | null {
  const { bytes } = SAMPLE_TYPES[format.type];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = READERS[format.type];
  const labels = new Uint8Array(Math.floor(raw.length / bytes));
  for (let i = 0; i < labels.length; i += 1) {
    const value = read(view, i * bytes, format.littleEndian) * format.slope + format.intercept;
    labels[i] = value;
    if (labels[i] !== value) return null;
  }
  return labels;
}
