/** Size and depth that a compressed stream itself states, read before a decoder takes memory by them. */

export interface StreamHeader {
  widthPx: number;
  heightPx: number;
  components: number;
  bits: number;
  /** Identifiers of the components of a JPEG. */
  componentIds: number[];
  /** Whether a JPEG has a JFIF marker, which makes three components YCbCr. */
  jfif: boolean;
}

const SOI = 0xd8;
const [APP0, APP14] = [0xe0, 0xee];
/** Frame markers: JPEG's SOF0–SOF15 without DHT, JPG and DAC, and JPEG-LS's SOF55. */
const isFrame = (marker: number): boolean =>
  marker === 0xf7 || (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker));

interface Segment {
  marker: number;
  start: number;
  end: number;
}

/** The segments of a JPEG up to its frame header. */
function* segmentsOf(bytes: Buffer): Generator<Segment> {
  if (bytes[0] !== 0xff || bytes[1] !== SOI) return;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1; // fill bytes
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length || end < at + 4) return;
    yield { marker, start: at, end };
    at = end;
    if (isFrame(marker)) return;
  }
}

/** Of a JPEG or JPEG-LS stream. @throws Error when it has no frame header */
export function jpegHeader(bytes: Buffer): StreamHeader {
  let jfif = false;
  for (const { marker, start, end } of segmentsOf(bytes)) {
    if (marker === APP0) jfif ||= bytes.toString('latin1', start + 4, start + 8) === 'JFIF';
    if (!isFrame(marker) || end < start + 10) continue;
    const components = bytes[start + 9];
    return {
      bits: bytes[start + 4],
      heightPx: bytes.readUInt16BE(start + 5),
      widthPx: bytes.readUInt16BE(start + 7),
      components,
      componentIds: Array.from({ length: components }, (_, i) => bytes[start + 10 + 3 * i]),
      jfif,
    };
  }
  throw new Error('a JPEG stream without a frame header');
}

/** Of a JPEG 2000 codestream, by its SIZ segment (ISO 15444-1 A.5.1). @throws Error when there is none */
export function jpeg2000Header(bytes: Buffer): StreamHeader {
  const at = bytes.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51])) + 2;
  if (at < 2 || at + 43 > bytes.length) throw new Error('a JPEG 2000 stream without a SIZ segment');
  const [width, height, x0, y0, tileWidth, tileHeight] = [6, 10, 14, 18, 22, 26].map((offset) =>
    bytes.readUInt32BE(at + offset),
  );
  if (tileWidth === 0 || tileHeight === 0) throw new Error('a JPEG 2000 stream of empty tiles');
  return {
    widthPx: width - x0,
    heightPx: height - y0,
    components: bytes.readUInt16BE(at + 38),
    bits: (bytes[at + 40] & 0x7f) + 1,
    componentIds: [],
    jfif: false,
  };
}

/**
 * The same JPEG with one statement of what its three components are, in place of those of its JFIF and Adobe markers:
 * a decoder then does what the data set says, not what it would guess.
 */
export function withColourTransform(bytes: Buffer, ybr: boolean): Buffer {
  const adobe = Buffer.from([0xff, APP14, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0]);
  const parts: Buffer[] = [bytes.subarray(0, 2), adobe, Buffer.of(ybr ? 1 : 0)];
  let kept = 2;
  for (const { marker, start, end } of segmentsOf(bytes)) {
    if (marker !== APP0 && marker !== APP14) continue;
    parts.push(bytes.subarray(kept, start));
    kept = end;
  }
  parts.push(bytes.subarray(kept));
  return Buffer.concat(parts);
}
