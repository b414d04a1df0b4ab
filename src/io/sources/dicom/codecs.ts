/** Compressed frames → samples. Well-kept decoders do the work; here are their calls and the checks before. */
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { decodeJpegLossless } from './jpeg-lossless.js';
import type { PixelFormat, Samples } from './pixels.js';
import { decodeRle } from './rle.js';
import {
  jpeg2000Header,
  jpegHeader,
  withColourTransform,
  type StreamHeader,
} from './stream-header.js';
import type { Coding } from './transfer-syntax.js';

/** The part of the WebAssembly decoders (OpenJPEG, CharLS) that is used. */
interface WasmDecoder {
  getEncodedBuffer(bytes: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { bitsPerSample: number; componentCount: number };
  /** CharLS only: 0 component after component. */
  getInterleaveMode?(): number;
  delete(): void;
}
interface WasmModule {
  J2KDecoder: new () => WasmDecoder;
  JpegLSDecoder: new () => WasmDecoder;
}

const require = createRequire(import.meta.url);
const modules = new Map<string, Promise<WasmModule>>();

/** One module for all frames. */
function load(name: string): Promise<WasmModule> {
  const loaded = modules.get(name) ?? start(name);
  modules.set(name, loaded);
  return loaded;
}

function start(name: string): Promise<WasmModule> {
  const create = require(`${name}/decodewasmjs`) as (options: object) => Promise<WasmModule>;
  return create({ print: () => undefined, printErr: () => undefined });
}

const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

type Decode = (bytes: Buffer, format: PixelFormat) => Samples | Promise<Samples>;

const DECODERS: Record<Exclude<Coding, 'native' | 'native-big-endian'>, Decode> = {
  rle: (bytes, format) => {
    const { widthPx, heightPx, samples, bitsAllocated } = format;
    const data = decodeRle(bytes, widthPx * heightPx, samples, bitsAllocated / 8);
    return { data, bitsAllocated, planar: true, colour: colourOf(format) };
  },
  jpeg: decodeJpeg,
  'jpeg-lossless': (bytes, format) => {
    const header = jpegHeader(bytes);
    check(header, format);
    return {
      data: decodeJpegLossless(bytes),
      bitsAllocated: header.bits > 8 ? 16 : 8,
      planar: false,
      colour: colourOf(format),
    };
  },
  'jpeg-ls': (bytes, format) => {
    check(jpegHeader(bytes), format);
    // CharLS looks for the end of a stream whose own is damaged through all of its memory; here it finds one.
    const ended = Buffer.concat([bytes, END_OF_IMAGE]);
    return decodeWasm('@cornerstonejs/codec-charls', 'JpegLSDecoder', ended, format);
  },
  'jpeg-2000': (bytes, format) => {
    check(jpeg2000Header(bytes), format);
    return decodeWasm('@cornerstonejs/codec-openjpeg', 'J2KDecoder', bytes, format);
  },
};

/** @throws Error when the stream is damaged or is not of the size and components that the data set states */
export async function decodeFrame(
  coding: keyof typeof DECODERS,
  bytes: Buffer,
  format: PixelFormat,
): Promise<Samples> {
  return DECODERS[coding](bytes, format);
}

/** JPEG 2000 undoes its own component transform; the others hand over what was put in. */
function colourOf({ photometric }: PixelFormat): 'rgb' | 'ybr' {
  return photometric === 'YBR_FULL' || photometric === 'YBR_FULL_422' ? 'ybr' : 'rgb';
}

function check(header: StreamHeader, { widthPx, heightPx, samples }: PixelFormat): void {
  if (
    header.widthPx === widthPx &&
    header.heightPx === heightPx &&
    header.components === samples &&
    header.bits <= 16
  ) {
    return;
  }
  throw new Error(
    `a stream of ${header.widthPx} × ${header.heightPx} px, ${header.components} components and ${header.bits} bits ` +
      `in a file of ${widthPx} × ${heightPx} px and ${samples} components`,
  );
}

async function decodeJpeg(bytes: Buffer, format: PixelFormat): Promise<Samples> {
  const header = jpegHeader(bytes);
  check(header, format);
  if (header.bits > 8) throw new Error(`a JPEG stream of ${header.bits} bits a sample`);
  const decoded = (source: Buffer): Promise<Buffer> =>
    sharp(source, { failOn: 'truncated' })
      .toColourspace(format.samples === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
  if (format.samples === 1) {
    return { data: await decoded(bytes), bitsAllocated: 8, planar: false, colour: 'rgb' };
  }
  // Components named R, G and B are so; a JFIF marker says YCbCr; otherwise the data set is believed.
  const named = String.fromCharCode(...header.componentIds).toUpperCase() === 'RGB';
  const ybr = !named && (header.jfif || format.photometric.startsWith('YBR'));
  const data = await decoded(withColourTransform(bytes, ybr));
  return { data, bitsAllocated: 8, planar: false, colour: 'rgb' };
}

async function decodeWasm(
  name: string,
  decoder: keyof WasmModule,
  bytes: Buffer,
  format: PixelFormat,
): Promise<Samples> {
  const module = await load(name);
  const codec = new module[decoder]();
  try {
    codec.getEncodedBuffer(bytes.length).set(bytes);
    codec.decode();
    // A copy: the buffer is the module's own memory.
    const data = Uint8Array.from(codec.getDecodedBuffer());
    const planar = format.samples > 1 && codec.getInterleaveMode?.() === 0;
    const bitsAllocated = codec.getFrameInfo().bitsPerSample > 8 ? 16 : 8;
    codec.delete();
    return { data, bitsAllocated, planar, colour: colourOf(format) };
  } catch (cause) {
    if (typeof cause === 'number') {
      // A C++ exception, which leaves the module whole.
      codec.delete();
      throw new Error('a damaged stream', { cause });
    }
    // Aborted or out of its memory: the module must not be used again.
    modules.delete(name);
    throw cause;
  }
}
