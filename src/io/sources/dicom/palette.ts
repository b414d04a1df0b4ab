/** PALETTE COLOR: look-up tables (PS3.3 C.7.6.3.1.5–6), plain or in segments (C.7.9.2), as 8-bit colours. */
import type { DataSet } from 'dicom-parser';

export interface Palette {
  /** The stored number of the first entry; smaller ones show as the first, larger ones as the last. */
  first: number;
  /** u8[entries, 3]. */
  rgb: Uint8Array;
}

const COLOURS = [
  { descriptor: 'x00281101', plain: 'x00281201', segmented: 'x00281221' },
  { descriptor: 'x00281102', plain: 'x00281202', segmented: 'x00281222' },
  { descriptor: 'x00281103', plain: 'x00281203', segmented: 'x00281223' },
];
const [DISCRETE, LINEAR, INDIRECT] = [0, 1, 2];

/** Null when tables are missing or broken. */
export function paletteOf(dataSet: DataSet, signed: boolean): Palette | null {
  const tables = COLOURS.map((tags) => tableOf(dataSet, tags, signed));
  const [red, green, blue] = tables;
  if (!red || !green || !blue) return null;
  const count = red.values.length;
  if (count !== green.values.length || count !== blue.values.length) return null;
  const colours = [red.values, green.values, blue.values];
  // Some write 8-bit colours into 16-bit entries: then they stand as they are.
  const largest = colours.reduce(
    (most, values) => values.reduce((a, b) => Math.max(a, b), most),
    0,
  );
  const shift = red.bits > 8 && largest > 255 ? red.bits - 8 : 0;
  const rgb = new Uint8Array(count * 3);
  colours.forEach((values, c) => values.forEach((value, i) => (rgb[3 * i + c] = value >> shift)));
  return { first: red.first, rgb };
}

interface Table {
  first: number;
  bits: number;
  values: number[];
}

function tableOf(
  dataSet: DataSet,
  { descriptor, plain, segmented }: (typeof COLOURS)[number],
  signed: boolean,
): Table | null {
  const entries = dataSet.uint16(descriptor, 0);
  const bits = dataSet.uint16(descriptor, 2);
  const first = signed ? dataSet.int16(descriptor, 1) : dataSet.uint16(descriptor, 1);
  if (entries === undefined || first === undefined || (bits !== 8 && bits !== 16)) return null;
  const count = entries || 65536; // 0 stands for 2^16
  const inSegments = !dataSet.elements[plain];
  const element = dataSet.elements[inSegments ? segmented : plain];
  if (!element) return null;
  const tag = element.tag;
  // Entries of 8 bits lie in bytes; some write them as words nevertheless.
  const wide = bits === 16 || (!inSegments && element.length >= 2 * count);
  const stored = Array.from({ length: wide ? element.length >> 1 : element.length }, (_, i) =>
    wide ? (dataSet.uint16(tag, i) ?? 0) : dataSet.byteArray[element.dataOffset + i],
  );
  const values = inSegments ? expand(stored, wide, count) : stored;
  return values && values.length >= count ? { first, bits, values: values.slice(0, count) } : null;
}

/** Null when a segment is unknown, begins with nothing before it, or asks for more than `count` entries. */
function expand(data: readonly number[], wide: boolean, count: number): number[] | null {
  const values: number[] = [];
  /** Reads segments from `at` on, `most` of them; false when they are broken. */
  const read = (at: number, most: number, nested: boolean): boolean => {
    for (let segments = 0; segments < most && at + 2 < data.length; segments += 1) {
      const [kind, length] = [data[at], data[at + 1]];
      at += 2;
      if (values.length + (kind === INDIRECT ? 0 : length) > count) return false;
      if (kind === DISCRETE) {
        if (at + length > data.length) return false;
        for (let i = 0; i < length; i += 1) values.push(data[at + i]);
        at += length;
      } else if (kind === LINEAR && values.length > 0) {
        const from = values[values.length - 1];
        const step = (data[at] - from) / length;
        for (let i = 1; i <= length; i += 1) values.push(roundHalfToEven(from + step * i));
        at += 1;
      } else if (kind === INDIRECT && values.length > 0 && !nested) {
        const words = wide ? 2 : 4;
        // The offset is in bytes; its parts lie from the lowest on.
        let offset = 0;
        for (let i = words - 1; i >= 0; i -= 1)
          offset = offset * (wide ? 65536 : 256) + data[at + i];
        if (!read(wide ? offset / 2 : offset, length, true)) return false;
        at += words;
      } else {
        return false;
      }
    }
    return true;
  };
  return read(0, Infinity, false) ? values : null;
}

/** Where the standard leaves the rounding open, that of other readers. */
function roundHalfToEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
