/**
 * Damaged files: each is a frame or a clear error, never a crash and never more memory than its size warrants. Seeds are
 * small files of every kind; fast-check changes, cuts and fills them. SONOTRACK_FUZZ_RUNS sets the files a kind,
 * SONOTRACK_FUZZ_OUT a file for what was counted.
 */
import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { test } from 'tap';
import { decodeFrame } from '../../../src/io/sources/dicom/codecs.js';
import type { PixelFormat } from '../../../src/io/sources/dicom/pixels.js';
import { openSource } from '../../../src/io/sources/index.js';
import {
  HEADER_BYTES,
  parseHeader,
  parseImage,
  parseStatus,
  parseTransform,
} from '../../../src/io/sources/openigtlink/messages.js';
import { SonotrackError } from '../../../src/runtime/errors.js';
import { dicomFile, region } from '../../support/dicom.js';
import { LOSSLESS_JPEG, LOSSLESS_SIZE } from '../../support/jpeg-lossless.js';
import { niftiFile } from '../../support/nifti.js';
import { imageBody, message } from '../../support/openigtlink.js';

const RUNS = Number(process.env.SONOTRACK_FUZZ_RUNS ?? 150);
const OUT = process.env.SONOTRACK_FUZZ_OUT;
/** By kind: files tried, those refused by a clear error, and how much the process had grown after them. */
const counted: Record<string, { files: number; refused: number; growthMiB: number }> = {};
/** The stated memory: no more than this above what the process had, whatever the files claim, MiB. */
const MOST_GROWTH_MIB = 700;
const MOST_FRAMES = 4;

const NOISE = Buffer.from(Uint8Array.from({ length: 96 }, (_, i) => (i * 37) & 255));
const GRAY = { raw: { width: 12, height: 8, channels: 1 } } as const;

/** Mostly null, sometimes the other. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** Places and values of single bytes, where the file ends, and a byte that is repeated. */
const mutation = fc.record({
  edits: fc.array(fc.tuple(fc.nat(0xffff), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
  cut: seldom(fc.nat(0xffff)),
  fill: seldom(fc.tuple(fc.nat(0xffff), fc.nat(16), fc.constantFrom(0, 0xff, 0x7f, 0x80))),
});

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(seed: Buffer, { edits, cut, fill }: Mutation): Buffer {
  const bytes = Buffer.from(seed);
  for (const [at, value] of edits) bytes[at % bytes.length] = value;
  if (fill) {
    const at = fill[0] % bytes.length;
    bytes.fill(fill[2], at, Math.min(bytes.length, at + fill[1]));
  }
  return cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
}

const rssMiB = (): number => process.memoryUsage.rss() / 2 ** 20;

async function readAll(path: string): Promise<void> {
  const source = await openSource(path);
  try {
    let frames = 0;
    for await (const frame of source) {
      if (frame.data.length !== frame.widthPx * frame.heightPx * frame.channels) {
        throw new Error(`a frame of ${frame.data.length} bytes`);
      }
      if (++frames >= MOST_FRAMES) break;
    }
  } finally {
    await source.close();
  }
}

const rle = Buffer.concat([Buffer.alloc(64), Buffer.from([31, ...NOISE.subarray(0, 32)])]);
rle.set([1, 0, 0, 0, 64, 0, 0, 0]);

const SEEDS: Record<string, () => Promise<Buffer> | Buffer> = {
  nifti: () => niftiFile({ dims: [8, 6, 2], dataType: 2 }, NOISE),
  'nifti of floats': () => niftiFile({ dims: [4, 3, 2], dataType: 16 }, NOISE),
  'nifti, gzipped': () => gzipSync(niftiFile({ dims: [8, 6, 2] }, NOISE)),
  metaimage: () =>
    Buffer.concat([
      Buffer.from(
        'ObjectType = Image\nNDims = 3\nDimSize = 8 6 2\nElementType = MET_UCHAR\nElementSpacing = 1 2 3\n' +
          'Offset = 1 2 3\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nSeq_Frame0000_Timestamp = 1\nElementDataFile = LOCAL\n',
      ),
      NOISE,
    ]),
  'metaimage, compressed': () =>
    Buffer.concat([
      Buffer.from(
        'ObjectType = Image\nNDims = 2\nDimSize = 8 6\nElementType = MET_SHORT\nCompressedData = True\nElementDataFile = LOCAL\n',
      ),
      deflateSync(NOISE),
    ]),
  dicom: () =>
    dicomFile({
      widthPx: 8,
      heightPx: 6,
      frames: 2,
      elements: [
        ['00181065', 'DS', '0\\40'],
        ['00186011', 'SQ', [region({ box: [0, 0, 7, 5] }), region({ box: [1, 1, 3, 3] })]],
      ],
      pixels: NOISE,
    }),
  'dicom with a palette': () =>
    dicomFile({
      widthPx: 12,
      heightPx: 8,
      photometric: 'PALETTE COLOR',
      elements: ['1', '2', '3'].flatMap((c) => [
        [`0028110${c}`, 'US', [16, 0, 16]] as const,
        [
          `0028122${c}`,
          'OW',
          Uint8Array.from([0, 0, 2, 0, 1, 1, 9, 9, 1, 0, 14, 0, 255, 255]),
        ] as const,
      ]),
      pixels: NOISE,
    }),
  png: () => sharp(NOISE, GRAY).png().toBuffer(),
  tiff: () => sharp(NOISE, GRAY).tiff().toBuffer(),
};

for (const [kind, seed] of Object.entries(SEEDS)) {
  test(`${kind}: ${RUNS} damaged files`, async (t) => {
    const path = join(t.testdir(), 'file');
    const original = await seed();
    await writeFile(path, original);
    await readAll(path); // the seed itself is whole
    const before = rssMiB();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        await writeFile(path, mutate(original, change));
        try {
          await readAll(path);
        } catch (error) {
          if (!(error instanceof SonotrackError) || error.stage !== 'source') throw error;
          refused += 1;
        }
      }),
      { numRuns: RUNS },
    );
    t.ok(refused > 0, `${refused} refused, the others read`);
    const growthMiB = rssMiB() - before;
    t.ok(growthMiB < MOST_GROWTH_MIB, `${Math.round(growthMiB)} MiB more`);
    counted[kind] = { files: RUNS, refused, growthMiB: Math.round(growthMiB) };
  });
}

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  setDecompositions?(levels: number): void;
  encode(): void;
  getEncodedBuffer(): Uint8Array;
}

/** A stream by the encoder of the same WebAssembly package. */
async function encoded(name: string, encoder: string): Promise<Buffer> {
  const load = createRequire(import.meta.url)(`${name}/wasmjs`) as (
    o: object,
  ) => Promise<Record<string, new () => Encoder>>;
  const codec = new (await load({ print: () => undefined }))[encoder]();
  const info = { width: 12, height: 8, bitsPerSample: 8, componentCount: 1, isSigned: false };
  codec.getDecodedBuffer(info).set(NOISE);
  codec.setDecompositions?.(1);
  codec.encode();
  return Buffer.from(codec.getEncodedBuffer());
}

const gray12x8: PixelFormat = {
  transferSyntax: '',
  widthPx: 12,
  heightPx: 8,
  samples: 1,
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  signed: false,
  planar: false,
  photometric: 'MONOCHROME2',
  palette: null,
};

const STREAMS = [
  { coding: 'rle', format: { ...gray12x8, widthPx: 8, heightPx: 4 }, seed: () => rle },
  {
    coding: 'jpeg-lossless',
    format: { ...gray12x8, ...LOSSLESS_SIZE, samples: 3 },
    seed: () => LOSSLESS_JPEG[1],
  },
  {
    coding: 'jpeg',
    format: gray12x8,
    seed: () => sharp(NOISE, GRAY).toColourspace('b-w').jpeg().toBuffer(),
  },
  {
    coding: 'jpeg-2000',
    format: gray12x8,
    seed: () => encoded('@cornerstonejs/codec-openjpeg', 'J2KEncoder'),
  },
  {
    coding: 'jpeg-ls',
    format: gray12x8,
    seed: () => encoded('@cornerstonejs/codec-charls', 'JpegLSEncoder'),
  },
] as const;

/** Parsers of bytes in memory: each gives something or throws an error that says what is wrong. */
const PARSERS: Record<
  string,
  { seed: () => Promise<Buffer> | Buffer; parse(bytes: Buffer): unknown }
> = {
  ...Object.fromEntries(
    STREAMS.map(({ coding, format, seed }) => [
      coding,
      { seed, parse: (bytes: Buffer) => decodeFrame(coding, bytes, format as PixelFormat) },
    ]),
  ),
  'openigtlink header': {
    seed: () => message('IMAGE', Buffer.alloc(4)).subarray(0, HEADER_BYTES),
    parse: parseHeader,
  },
  'openigtlink image': {
    seed: () => imageBody({ size: [12, 8, 1], data: NOISE }),
    parse: parseImage,
  },
  'openigtlink status': {
    seed: () => Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(28), Buffer.from('scanning\0')]),
    parse: parseStatus,
  },
  'openigtlink transform': { seed: () => Buffer.alloc(48, 0x3f), parse: parseTransform },
};

for (const [kind, { seed, parse }] of Object.entries(PARSERS)) {
  test(`${kind}: ${RUNS} damaged streams`, async (t) => {
    const original = await seed();
    await parse(original);
    const before = rssMiB();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        try {
          await parse(mutate(original, change));
        } catch (error) {
          if (!(error instanceof Error) || error.message === '') throw error;
          refused += 1;
        }
      }),
      { numRuns: RUNS },
    );
    const growthMiB = rssMiB() - before;
    t.ok(growthMiB < MOST_GROWTH_MIB, `${Math.round(growthMiB)} MiB more`);
    counted[kind] = { files: RUNS, refused, growthMiB: Math.round(growthMiB) };
  });
}

test('what was damaged is counted', { skip: OUT ? false : 'no SONOTRACK_FUZZ_OUT' }, async (t) => {
  const files = Object.values(counted).reduce((sum, kind) => sum + kind.files, 0);
  t.equal(files, RUNS * (Object.keys(SEEDS).length + Object.keys(PARSERS).length));
  const result = { scenario: 'fuzz', files, boundMiB: MOST_GROWTH_MIB, kinds: counted };
  await writeFile(OUT ?? '', `${JSON.stringify(result, null, 2)}\n`);
});
