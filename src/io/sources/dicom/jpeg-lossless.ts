/**
 * JPEG lossless, Huffman-coded, sequential (ITU-T T.81 annex H, SOF3), of 2–16 bits. Decoded here: the package that npm has
 * for it loses single samples of colour pictures and all of those that wrap round with predictor 7.
 */

interface HuffmanTable {
  /** For each 16 bits that may come next: length << 8 | category; 0 where no code begins so. */
  lookup: Uint16Array;
}

interface Component {
  id: number;
  samples: Uint16Array;
}

const [SOF3, DHT, SOI, EOI, SOS, DRI] = [0xc3, 0xc4, 0xd8, 0xd9, 0xda, 0xdd];

/**
 * @returns interleaved samples, u8 for at most 8 bits, else u16 little endian
 * @throws Error when the stream is damaged or not of this kind
 */
export function decodeJpegLossless(bytes: Buffer): Uint8Array {
  const tables: (HuffmanTable | undefined)[] = [];
  let frame: Frame | null = null;
  let restartInterval = 0;
  if (bytes[0] !== 0xff || bytes[1] !== SOI) throw new Error('a stream that is no JPEG');
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at += 1; // what a scan left over
      continue;
    }
    const marker = bytes[at + 1];
    if (marker === EOI) break;
    if (marker === 0xff || marker === 0 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) throw new Error('a JPEG stream that is cut');
    const segment = bytes.subarray(at + 4, end);
    at = end;
    if (marker === SOF3) frame = new Frame(segment);
    else if (marker === DHT) readTables(segment, tables);
    else if (marker === DRI) restartInterval = segment.readUInt16BE(0);
    else if (marker === SOS) {
      if (!frame) throw new Error('a JPEG scan before its frame');
      at += decodeScan(frame, segment, bytes.subarray(at), tables, restartInterval);
    }
  }
  if (!frame) throw new Error('a JPEG stream without a lossless frame');
  return frame.interleaved();
}

class Frame {
  readonly bits: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly components: Component[];

  constructor(segment: Buffer) {
    this.bits = segment[0];
    this.heightPx = segment.readUInt16BE(1);
    this.widthPx = segment.readUInt16BE(3);
    const count = segment[5];
    if (this.bits < 2 || this.bits > 16 || segment.length < 6 + 3 * count) {
      throw new Error(`a lossless JPEG frame of ${this.bits} bits and ${count} components`);
    }
    this.components = Array.from({ length: count }, (_, i) => {
      if (segment[7 + 3 * i] !== 0x11) throw new Error('subsampled lossless JPEG');
      return { id: segment[6 + 3 * i], samples: new Uint16Array(this.widthPx * this.heightPx) };
    });
  }

  interleaved(): Uint8Array {
    const { components, bits } = this;
    const count = components.length;
    const pixels = this.widthPx * this.heightPx;
    const out = bits > 8 ? new Uint16Array(pixels * count) : new Uint8Array(pixels * count);
    components.forEach(({ samples }, c) => {
      for (let i = 0; i < pixels; i += 1) out[i * count + c] = samples[i];
    });
    return new Uint8Array(out.buffer);
  }
}

/** Annex C: codes of a length count up, those of the next length go on from twice the last. */
function readTables(segment: Buffer, tables: (HuffmanTable | undefined)[]): void {
  for (let at = 0; at + 17 <= segment.length;) {
    const slot = segment[at] & 0x0f;
    const lengths = segment.subarray(at + 1, at + 17);
    const lookup = new Uint16Array(65536);
    let value = at + 17;
    let code = 0;
    for (let length = 1; length <= 16; length += 1) {
      for (let k = 0; k < lengths[length - 1]; k += 1, value += 1, code += 1) {
        const first = code << (16 - length);
        if (value >= segment.length || first >= 65536) throw new Error('a broken Huffman table');
        lookup.fill((length << 8) | segment[value], first, first + (1 << (16 - length)));
      }
      code <<= 1;
    }
    tables[slot] = { lookup };
    at = value;
  }
}

/** Bits of a scan, most significant first, stuffed zeros taken out; ends at a marker. */
class BitReader {
  readonly #bytes: Buffer;
  #at = 0;
  #bits = 0;
  #count = 0;
  /** Bits beyond the end, which a lookup may look at but nothing may use. */
  #missing = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#at;
  }

  symbol({ lookup }: HuffmanTable): number {
    this.#fill();
    const entry = lookup[(this.#bits >>> (this.#count - 16)) & 0xffff];
    if (entry === 0) throw new Error('a JPEG code that its table does not hold');
    this.#drop(entry >> 8);
    return entry & 0xff;
  }

  /** At most 15 bits. */
  take(count: number): number {
    this.#fill();
    const value = (this.#bits >>> (this.#count - count)) & ((1 << count) - 1);
    this.#drop(count);
    return value;
  }

  /** Goes on after the next restart marker. */
  restart(): void {
    const bytes = this.#bytes;
    this.#count = 0;
    this.#bits = 0;
    this.#missing = 0;
    while (this.#at + 1 < bytes.length) {
      if (bytes[this.#at] === 0xff && bytes[this.#at + 1] >= 0xd0 && bytes[this.#at + 1] <= 0xd7) {
        this.#at += 2;
        return;
      }
      this.#at += 1;
    }
    throw new Error('a JPEG scan without its restart marker');
  }

  #drop(count: number): void {
    this.#count -= count;
    if (this.#count < this.#missing) throw new Error('a JPEG scan that ends early');
  }

  /** At least 16 bits, at most 24. */
  #fill(): void {
    while (this.#count < 16) {
      const byte = this.#bytes[this.#at];
      const next = this.#bytes[this.#at + 1];
      let value = 0;
      if (byte === undefined || (byte === 0xff && next !== 0)) {
        this.#missing += 8;
      } else {
        value = byte;
        this.#at += byte === 0xff ? 2 : 1;
      }
      this.#bits = ((this.#bits << 8) | value) & 0xffffff;
      this.#count += 8;
    }
  }
}

/** @returns how many bytes the scan took */
function decodeScan(
  frame: Frame,
  header: Buffer,
  data: Buffer,
  tables: readonly (HuffmanTable | undefined)[],
  restartInterval: number,
): number {
  const count = header[0];
  if (count < 1 || header.length < 4 + 2 * count) throw new Error('a broken JPEG scan header');
  const parts = Array.from({ length: count }, (_, i) => {
    const component = frame.components.find(({ id }) => id === header[1 + 2 * i]);
    const table = tables[header[2 + 2 * i] >> 4];
    if (!component || !table) throw new Error('a JPEG scan of an unknown component or table');
    return { samples: component.samples, table };
  });
  const predictor = header[1 + 2 * count];
  const shift = header[3 + 2 * count] & 0x0f;
  if (predictor < 1 || predictor > 7 || shift >= frame.bits) {
    throw new Error(`a lossless JPEG scan with predictor ${predictor}`);
  }
  const { widthPx: w } = frame;
  const start = 1 << (frame.bits - shift - 1);
  const reader = new BitReader(data);
  const pixels = w * frame.heightPx;
  // After a restart the row is predicted as the first is (H.1.2.1).
  let firstRowEnd = w;
  for (let i = 0; i < pixels; i += 1) {
    if (restartInterval > 0 && i > 0 && i % restartInterval === 0) {
      reader.restart();
      firstRowEnd = i + w;
    }
    const x = i % w;
    for (const { samples, table } of parts) {
      let prediction: number;
      if (i === firstRowEnd - w) prediction = start;
      else if (i < firstRowEnd) prediction = samples[i - 1];
      else if (x === 0) prediction = samples[i - w];
      else prediction = predict(predictor, samples[i - 1], samples[i - w], samples[i - w - 1]);
      samples[i] = prediction + difference(reader, table);
    }
  }
  if (shift > 0)
    for (const { samples } of parts) samples.forEach((v, i) => (samples[i] = v << shift));
  return reader.position;
}

/** Table H.1: a to the left, b above, c above to the left. */
function predict(selection: number, a: number, b: number, c: number): number {
  if (selection === 1) return a;
  if (selection === 2) return b;
  if (selection === 3) return c;
  if (selection === 4) return a + b - c;
  if (selection === 5) return a + ((b - c) >> 1);
  if (selection === 6) return b + ((a - c) >> 1);
  return (a + b) >> 1;
}

/** H.1.2.2; sums are taken modulo 2^16 by the array that holds them. */
function difference(reader: BitReader, table: HuffmanTable): number {
  const category = reader.symbol(table);
  if (category === 0) return 0;
  if (category === 16) return 32768;
  if (category > 16) throw new Error(`a JPEG difference of ${category} bits`);
  const bits = reader.take(category);
  return bits < 1 << (category - 1) ? bits - (1 << category) + 1 : bits;
}
