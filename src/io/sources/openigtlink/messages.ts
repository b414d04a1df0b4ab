/** Messages of OpenIGTLink 1–3 (http://openigtlink.org/developers/spec): the header, IMAGE, STATUS and TRANSFORM. */
import type { SampleType } from '../samples.js';

export const HEADER_BYTES = 58;

export interface MessageHeader {
  /** Of the header: 1 for protocol 1 and 2; 2 for protocol 3, whose bodies begin with an extended header. */
  version: number;
  type: string;
  device: string;
  /** ns since 1970; 0 when the sender gives none. */
  timeNs: bigint;
  bodyBytes: number;
  crc: bigint;
}

const textOf = (bytes: Buffer): string => bytes.toString('latin1').replace(/\0.*$/s, '');

export function parseHeader(bytes: Buffer): MessageHeader {
  const size = bytes.readBigUInt64BE(42);
  return {
    version: bytes.readUInt16BE(0),
    type: textOf(bytes.subarray(2, 14)),
    device: textOf(bytes.subarray(14, 34)),
    // Seconds in the upper half, 2^-32 s in the lower.
    timeNs:
      BigInt(bytes.readUInt32BE(34)) * 1_000_000_000n +
      ((BigInt(bytes.readUInt32BE(38)) * 1_000_000_000n) >> 32n),
    bodyBytes: size > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(size),
    crc: bytes.readBigUInt64BE(50),
  };
}

/**
 * What stands between the extended header and the metadata of protocol 3; the whole body before.
 * @throws Error when the sizes do not fit
 */
export function contentOf({ version }: MessageHeader, body: Buffer): Buffer {
  if (version < 2) return body;
  if (body.length < 12) throw new Error(`a body of ${body.length} bytes`);
  const start = body.readUInt16BE(0);
  const end = body.length - body.readUInt16BE(2) - body.readUInt32BE(4);
  if (start < 12 || end < start) throw new Error('an extended header that does not fit');
  return body.subarray(start, end);
}

export interface ImageMessage {
  widthPx: number;
  heightPx: number;
  slices: number;
  channels: 1 | 3;
  sample: SampleType;
  littleEndian: boolean;
  /** mm per px along columns, rows and slices; null when the sender gives none. */
  spacingMm: { x: number; y: number; z: number } | null;
  data: Buffer;
}

const SAMPLES: Readonly<Record<number, SampleType>> = {
  2: 'int8',
  3: 'uint8',
  4: 'int16',
  5: 'uint16',
  6: 'int32',
  7: 'uint32',
  10: 'float32',
  11: 'float64',
};
const SAMPLE_BYTES: Readonly<Record<number, number>> = {
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 4,
  10: 4,
  11: 8,
};
const IMAGE_HEADER_BYTES = 72;

/** @throws Error when the message is none that can be shown, or a part of a picture only */
export function parseImage(content: Buffer): ImageMessage {
  if (content.length < IMAGE_HEADER_BYTES) throw new Error(`an IMAGE of ${content.length} bytes`);
  const [components, scalar, endian] = [content[2], content[3], content[4]];
  const size = [6, 8, 10].map((at) => content.readUInt16BE(at));
  const offset = [60, 62, 64].map((at) => content.readUInt16BE(at));
  const part = [66, 68, 70].map((at) => content.readUInt16BE(at));
  const sample = SAMPLES[scalar];
  if (!sample || (components !== 1 && components !== 3) || (components === 3 && scalar !== 3)) {
    throw new Error(`an IMAGE of ${components} components of scalar type ${scalar}`);
  }
  if (offset.some((value) => value !== 0) || part.some((value, i) => value !== size[i])) {
    throw new Error('a part of an IMAGE');
  }
  const [widthPx, heightPx, slices] = size;
  const bytes = widthPx * heightPx * slices * components * SAMPLE_BYTES[scalar];
  if (bytes === 0 || content.length < IMAGE_HEADER_BYTES + bytes) {
    throw new Error(`an IMAGE of ${widthPx} × ${heightPx} × ${slices} in ${content.length} bytes`);
  }
  // The columns of the matrix are the directions of i, j and k, as long as a pixel is wide.
  const [x, y, z] = [0, 1, 2].map((axis) =>
    Math.hypot(...[0, 1, 2].map((i) => content.readFloatBE(12 + 4 * (3 * axis + i)))),
  );
  return {
    widthPx,
    heightPx,
    slices,
    channels: components === 3 ? 3 : 1,
    sample,
    littleEndian: endian === 2,
    spacingMm: [x, y].every((length) => Number.isFinite(length) && length > 0)
      ? { x: rounded(x), y: rounded(y), z: rounded(z) }
      : null,
    data: content.subarray(IMAGE_HEADER_BYTES, IMAGE_HEADER_BYTES + bytes),
  };
}

/** A 32-bit float as the decimal that was meant. */
const rounded = (value: number): number => Number(value.toPrecision(6));

export interface StatusMessage {
  /** 1 is OK (section STATUS). */
  code: number;
  subcode: bigint;
  error: string;
  text: string;
}

export function parseStatus(content: Buffer): StatusMessage {
  if (content.length < 30) throw new Error(`a STATUS of ${content.length} bytes`);
  return {
    code: content.readUInt16BE(0),
    subcode: content.readBigInt64BE(2),
    error: textOf(content.subarray(10, 30)),
    text: textOf(content.subarray(30)),
  };
}

/** Row-major 4 × 4. */
export function parseTransform(content: Buffer): number[] {
  if (content.length < 48) throw new Error(`a TRANSFORM of ${content.length} bytes`);
  const column = (c: number, row: number): number => content.readFloatBE(4 * (3 * c + row));
  const rows = [0, 1, 2].flatMap((row) => [0, 1, 2, 3].map((c) => column(c, row)));
  return [...rows, 0, 0, 0, 1];
}
