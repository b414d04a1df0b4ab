/** DICOM files made element by element for tests (explicit VR little endian, PS3.5 section 7). */

export type Element = readonly [tag: string, vr: string, value: Value];
type Value = string | number | readonly number[] | Uint8Array | Element[][];

const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);
const UNDEFINED = 0xffffffff;

function encodeValue(vr: string, value: Value): Buffer {
  if (typeof value === 'string')
    return padded(Buffer.from(value, 'latin1'), vr === 'UI' ? 0 : 0x20);
  if (value instanceof Uint8Array) return padded(Buffer.from(value), 0);
  const values = typeof value === 'number' ? [value] : value;
  if (vr === 'SQ') {
    const items = (values as Element[][]).map((elements) => {
      const body = encodeElements(elements);
      return Buffer.concat([Buffer.from([0xfe, 0xff, 0, 0xe0]), uint32(body.length), body]);
    });
    return Buffer.concat(items);
  }
  const numbers = values as readonly number[];
  const size = { US: 2, SS: 2, UL: 4, FD: 8 }[vr] ?? 2;
  const bytes = Buffer.alloc(size * numbers.length);
  numbers.forEach((n, i) => {
    if (vr === 'FD') bytes.writeDoubleLE(n, i * size);
    else if (size === 4) bytes.writeUInt32LE(n, i * size);
    else bytes.writeUInt16LE(n & 0xffff, i * size);
  });
  return bytes;
}

const padded = (bytes: Buffer, byte: number): Buffer =>
  bytes.length % 2 ? Buffer.concat([bytes, Buffer.of(byte)]) : bytes;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function encodeElement([tag, vr, value]: Element, undefinedLength = false): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, 'latin1');
  const body = encodeValue(vr, value);
  if (LONG.has(vr)) {
    return Buffer.concat([
      head,
      Buffer.alloc(2),
      uint32(undefinedLength ? UNDEFINED : body.length),
      body,
    ]);
  }
  const length = Buffer.alloc(2);
  length.writeUInt16LE(body.length);
  return Buffer.concat([head, length, body]);
}

const encodeElements = (elements: readonly Element[]): Buffer =>
  Buffer.concat(elements.map((element) => encodeElement(element)));

const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1';

export interface DicomFields {
  widthPx: number;
  heightPx: number;
  frames?: number;
  transferSyntax?: string;
  samples?: number;
  bitsAllocated?: number;
  bitsStored?: number;
  photometric?: string;
  /** More elements, or others in place of those above, by tag. */
  elements?: Element[];
  /** The pixels, or the fragments of each frame. */
  pixels: Uint8Array | Uint8Array[];
}

/** A file with a preamble, meta information, the image pixel module and identifiers that must not come out. */
export function dicomFile(fields: DicomFields): Buffer {
  const { samples = 1, bitsAllocated = 8, bitsStored = bitsAllocated } = fields;
  const meta = encodeElement(['00020010', 'UI', fields.transferSyntax ?? EXPLICIT_LITTLE]);
  const standard: Element[] = [
    ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.3.1'],
    ['00080018', 'UI', '1.2.3.4.5'],
    ['00080020', 'DA', '19991231'],
    ['00080060', 'CS', 'US'],
    ['00080080', 'LO', 'Secret Hospital'],
    ['00100010', 'PN', 'Doe^Jane'],
    ['00100020', 'LO', 'SECRET-ID'],
    ['00280002', 'US', samples],
    ['00280004', 'CS', fields.photometric ?? (samples === 3 ? 'RGB' : 'MONOCHROME2')],
    ['00280008', 'IS', String(fields.frames ?? 1)],
    ['00280010', 'US', fields.heightPx],
    ['00280011', 'US', fields.widthPx],
    ['00280100', 'US', bitsAllocated],
    ['00280101', 'US', bitsStored],
    ['00280102', 'US', bitsStored - 1],
    ['00280103', 'US', 0],
  ];
  const all = new Map(standard.map((element) => [element[0], element]));
  for (const element of fields.elements ?? []) all.set(element[0], element);
  const sorted = [...all.values()].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    encodeElement(['00020000', 'UL', meta.length]),
    meta,
    encodeElements(sorted),
    encodePixels(fields.pixels),
  ]);
}

function encodePixels(pixels: Uint8Array | Uint8Array[]): Buffer {
  if (pixels instanceof Uint8Array) return encodeElement(['7fe00010', 'OB', pixels]);
  const items = [new Uint8Array(), ...pixels].map((fragment) => {
    const body = padded(Buffer.from(fragment), 0);
    return Buffer.concat([Buffer.from([0xfe, 0xff, 0, 0xe0]), uint32(body.length), body]);
  });
  const head = encodeElement(['7fe00010', 'OB', new Uint8Array()], true);
  return Buffer.concat([head, ...items, Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])]);
}

/** An item of the Sequence of Ultrasound Regions. */
export function region(change: {
  box: readonly [number, number, number, number];
  format?: number;
  type?: number;
  units?: readonly [number, number];
  deltas?: readonly [number, number];
}): Element[] {
  const { box, format = 1, type = 1, units = [3, 3], deltas = [0.01, 0.02] } = change;
  return [
    ['00186012', 'US', format],
    ['00186014', 'US', type],
    ['00186018', 'UL', box[0]],
    ['0018601a', 'UL', box[1]],
    ['0018601c', 'UL', box[2]],
    ['0018601e', 'UL', box[3]],
    ['00186024', 'US', units[0]],
    ['00186026', 'US', units[1]],
    ['0018602c', 'FD', deltas[0]],
    ['0018602e', 'FD', deltas[1]],
  ];
}
