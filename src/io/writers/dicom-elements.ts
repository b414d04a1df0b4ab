/** DICOM data sets as bytes: explicit VR little endian (PS3.5 section 7), in a Part 10 file (PS3.10 section 7). */

/** A tag as eight hexadecimal digits, a value representation, and its value; of a sequence, its items. */
export type DicomElement = readonly [tag: string, vr: string, value: DicomValue];
export type DicomValue =
  string | number | readonly number[] | Uint8Array | readonly DicomElement[][];

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** Their length takes four bytes, after two that are reserved. */
const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);
const UNDEFINED_LENGTH = 0xffffffff;
const NUMBER_BYTES: Readonly<Record<string, number>> = { US: 2, SS: 2, UL: 4, FD: 8 };

/** Preamble, prefix, meta information and data set; elements may be given in any order. */
export function encodeDicomFile(
  meta: readonly DicomElement[],
  elements: readonly DicomElement[],
): Buffer {
  const information = encodeDataSet(meta);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    encodeElement(['00020000', 'UL', information.length]),
    information,
    encodeDataSet(elements),
  ]);
}

export function encodeDataSet(elements: readonly DicomElement[]): Buffer {
  const sorted = [...elements].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(sorted.map(encodeElement));
}

/** Encapsulated Pixel Data (PS3.5 A.4) of these fragments, with an empty offset table. */
export function encodeFragments(fragments: readonly Uint8Array[]): Buffer {
  const items = [new Uint8Array(), ...fragments].map((fragment) => item(padded(fragment, 0)));
  const head = elementHead('7fe00010', 'OB', UNDEFINED_LENGTH);
  return Buffer.concat([head, ...items, Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])]);
}

export function encodeElement([tag, vr, value]: DicomElement): Buffer {
  const body = encodeValue(vr, value);
  return Buffer.concat([elementHead(tag, vr, body.length), body]);
}

function elementHead(tag: string, vr: string, length: number): Buffer {
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
  return head;
}

function encodeValue(vr: string, value: DicomValue): Buffer {
  if (typeof value === 'string')
    return padded(Buffer.from(value, 'latin1'), vr === 'UI' ? 0 : 0x20);
  if (value instanceof Uint8Array) return padded(value, 0);
  if (vr === 'SQ') {
    return Buffer.concat(
      (value as DicomElement[][]).map((elements) => item(encodeDataSet(elements))),
    );
  }
  const numbers = typeof value === 'number' ? [value] : (value as readonly number[]);
  const size = NUMBER_BYTES[vr];
  if (!size) throw new Error(`expected a VR of numbers but received ${vr}`);
  const bytes = Buffer.alloc(size * numbers.length);
  numbers.forEach((n, i) => {
    if (vr === 'FD') bytes.writeDoubleLE(n, i * size);
    else if (size === 4) bytes.writeUInt32LE(n, i * size);
    else bytes.writeUInt16LE(n & 0xffff, i * size);
  });
  return bytes;
}

const padded = (bytes: Uint8Array, byte: number): Buffer =>
  bytes.length % 2 ? Buffer.concat([bytes, Buffer.of(byte)]) : Buffer.from(bytes);

function item(body: Buffer): Buffer {
  const head = Buffer.from([0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}
