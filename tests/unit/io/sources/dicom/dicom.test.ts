import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { openSource, type SourceOptions } from '../../../../../src/io/sources/index.js';
import type { FrameSource } from '../../../../../src/sdk/types.js';
import { collect } from '../../../../support/collect.js';
import { dicomFile, region, type DicomFields } from '../../../../support/dicom.js';
import { rejection } from '../../../../support/rejection.js';

const RLE = '1.2.840.10008.1.2.5';
const JPEG = '1.2.840.10008.1.2.4.50';

async function open(
  folder: string,
  fields: Partial<DicomFields>,
  options: SourceOptions = {},
): Promise<FrameSource> {
  const path = join(folder, 'picture'); // recognised by content
  const whole = { widthPx: 2, heightPx: 2, pixels: Uint8Array.of(1, 2, 3, 4), ...fields };
  await writeFile(path, dicomFile(whole));
  return openSource(path, options);
}

const pixelsOf = async (source: FrameSource): Promise<number[][]> =>
  (await collect(source)).map(({ data }) => [...data]);

test('frames, rate and modality of a cine, any frame by its number', async (t) => {
  const source = await open(t.testdir(), {
    frames: 2,
    elements: [['00181063', 'DS', '40']],
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  });
  t.match(source.info, {
    kind: 'dicom',
    frames: 2,
    widthPx: 2,
    heightPx: 2,
    channels: 1,
    frameRateHz: 25,
    spacingMm: null,
    regions: [],
    modality: 'US',
  });
  t.same([...((await source.frameAt?.(1))?.data ?? [])], [5, 6, 7, 8]);
  t.same(await pixelsOf(source), [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
});

test('a frame time vector gives each frame its own time', async (t) => {
  const source = await open(t.testdir(), {
    frames: 3,
    heightPx: 1,
    elements: [['00181065', 'DS', '0\\30\\70']],
    pixels: new Uint8Array(6),
  });
  t.equal(source.info.frameRateHz, 20);
  const times = (await collect(source)).map(({ captureNs }) => captureNs);
  t.same(times, [0n, 30_000_000n, 100_000_000n]);
});

test('spacing is that of the largest 2-D region with centimetres on both axes', async (t) => {
  const regions = (...items: ReturnType<typeof region>[]) =>
    open(t.testdir(), {
      widthPx: 20,
      heightPx: 10,
      pixels: new Uint8Array(200),
      elements: [['00186011', 'SQ', items]],
    });
  const source = await regions(
    region({ box: [0, 0, 4, 4], deltas: [0.01, 0.02] }),
    region({ box: [0, 0, 9, 8], deltas: [0.03, -0.05] }),
    region({ box: [0, 0, 19, 9], format: 2, deltas: [9, 9] }), // M-mode
  );
  t.same(source.info.spacingMm, { x: 0.3, y: 0.5 });
  t.same(source.info.regions, [
    { box: [0, 0, 5, 5], kind: '2d', spacingMm: { x: 0.1, y: 0.2 } },
    { box: [0, 0, 10, 9], kind: '2d', spacingMm: { x: 0.3, y: 0.5 } },
    { box: [0, 0, 20, 10], kind: 'm-mode', spacingMm: null },
  ]);
  const unknown: [string, Parameters<typeof region>[0]][] = [
    ['spectral Doppler', { box: [0, 0, 9, 9], format: 3 }],
    ['2-D with a Doppler data type', { box: [0, 0, 9, 9], type: 3 }],
    ['seconds on x', { box: [0, 0, 9, 9], units: [4, 3] }],
    ['no unit', { box: [0, 0, 9, 9], units: [0, 0] }],
    ['a delta of 0', { box: [0, 0, 9, 9], deltas: [0, 0.01] }],
    ['outside of the picture', { box: [30, 0, 40, 9] }],
  ];
  for (const [name, item] of unknown) {
    t.equal((await regions(region(item))).info.spacingMm, null, name);
  }
});

test('Pixel Spacing counts in an MR image, never in an ultrasound image', async (t) => {
  const spacing = async (sopClass: string) =>
    (
      await open(t.testdir(), {
        elements: [
          ['00080016', 'UI', sopClass],
          ['00280030', 'DS', '0.5\\0.25'],
        ],
      })
    ).info.spacingMm;
  t.equal(await spacing('1.2.840.10008.5.1.4.1.1.6.1'), null);
  t.equal(await spacing('1.2.840.10008.5.1.4.1.1.7'), null);
  t.same(await spacing('1.2.840.10008.5.1.4.1.1.4'), { x: 0.25, y: 0.5 });
});

test('identifiers of the header stay inside, in errors too', async (t) => {
  const source = await open(t.testdir(), {});
  const [frame] = await collect(source);
  const shown = JSON.stringify([source, source.info, { ...frame, captureNs: 0 }]);
  t.notMatch(shown, /Doe|SECRET|Hospital|1999/i);
  const broken = await rejection(
    open(t.testdir(), { frames: 9, elements: [['00080060', 'CS', 'Doe^Jane']] }),
  );
  t.match(broken, { code: 'SOURCE_INVALID' });
  t.notMatch(broken.message, /Doe|SECRET/);
  const named = await open(t.testdir(), { elements: [['00080060', 'CS', 'Doe^Jane']] });
  t.equal(named.info.modality, null);
});

test('what lies outside of the regions is blanked when asked for, and refused without regions', async (t) => {
  const fields: Partial<DicomFields> = {
    widthPx: 3,
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
    elements: [['00186011', 'SQ', [region({ box: [1, 0, 2, 0] })]]],
  };
  t.same(await pixelsOf(await open(t.testdir(), fields)), [[1, 2, 3, 4, 5, 6]]);
  const blanked = await open(t.testdir(), fields, { blankOutsideRegions: true });
  t.same(await pixelsOf(blanked), [[0, 2, 3, 0, 0, 0]]);
  await t.rejects(open(t.testdir(), {}, { blankOutsideRegions: true }), {
    code: 'SOURCE_INVALID',
    message: /no region/,
  });
});

test('depths: MONOCHROME1 is inverted, 12 of 16 bits shifted, signed numbers moved up', async (t) => {
  const words = (...values: number[]) => new Uint8Array(Int16Array.from(values).buffer);
  const gray = async (fields: Partial<DicomFields>) =>
    (await pixelsOf(await open(t.testdir(), fields)))[0];
  t.same(await gray({ photometric: 'MONOCHROME1' }), [254, 253, 252, 251]);
  const deep = { bitsAllocated: 16, bitsStored: 12, pixels: words(0, 16, 2048, 4095) };
  t.same(await gray(deep), [0, 1, 128, 255]);
  const signed = { ...deep, pixels: words(-2048, -16, 0, 2047) };
  t.same(await gray({ ...signed, elements: [['00280103', 'US', 1]] }), [0, 127, 128, 255]);
});

test('a palette gives colours, 16-bit entries by their upper byte, numbers beyond its ends by them', async (t) => {
  const descriptor = [3, 1, 16];
  const table = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);
  const source = await open(t.testdir(), {
    photometric: 'PALETTE COLOR',
    pixels: Uint8Array.of(0, 1, 2, 9),
    elements: [
      ['00281101', 'US', descriptor],
      ['00281102', 'US', descriptor],
      ['00281103', 'US', descriptor],
      ['00281201', 'OW', table(0x1000, 0x2000, 0x3000)],
      ['00281202', 'OW', table(0, 0, 0xffff)],
      // In segments: 0x0100, then two steps up to 0x0300.
      ['00281223', 'OW', table(0, 1, 0x0100, 1, 2, 0x0300)],
    ],
  });
  t.equal(source.info.channels, 3);
  t.same(await pixelsOf(source), [[0x10, 0, 1, 0x10, 0, 1, 0x20, 0, 2, 0x30, 0xff, 3]]);
});

test('colour by planes and 4:2:2 come as RGB', async (t) => {
  const planes = await open(t.testdir(), {
    samples: 3,
    heightPx: 1,
    elements: [['00280006', 'US', 1]],
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });
  t.same(await pixelsOf(planes), [[1, 3, 5, 2, 4, 6]]);
  const subsampled = await open(t.testdir(), {
    samples: 3,
    heightPx: 1,
    photometric: 'YBR_FULL_422',
    pixels: Uint8Array.of(100, 50, 128, 138), // Y1 Y2 Cb Cr: red is Y + 14.02, green Y − 7.14
  });
  t.same(await pixelsOf(subsampled), [[114, 93, 100, 64, 43, 50]]);
});

test('RLE frames, byte planes and runs', async (t) => {
  const header = (...starts: number[]) => {
    const bytes = Buffer.alloc(64);
    [starts.length, ...starts].forEach((value, i) => bytes.writeUInt32LE(value, 4 * i));
    return bytes;
  };
  // 16 bits: the upper bytes 1 1 1 1 as a run, the lower ones 10 20 30 40 as they are.
  const frame = Buffer.concat([header(64, 66), Buffer.from([253, 1, 3, 10, 20, 30, 40])]);
  const source = await open(t.testdir(), {
    transferSyntax: RLE,
    bitsAllocated: 16,
    bitsStored: 9,
    pixels: [frame],
  });
  t.same(await pixelsOf(source), [[133, 138, 143, 148]]); // (256 + 10) >> 1, …
  await source.close();
  const cut = await open(t.testdir(), { transferSyntax: RLE, pixels: [frame.subarray(0, 66)] });
  await t.rejects(collect(cut), { code: 'SOURCE_INVALID', message: /frame 0: .*RLE/ });
  await cut.close();
});

test('JPEG frames in several fragments; a stream of another size is refused', async (t) => {
  const jpeg = await sharp(new Uint8Array(64).fill(77), {
    raw: { width: 8, height: 8, channels: 1 },
  })
    .toColourspace('b-w')
    .jpeg({ quality: 100 })
    .toBuffer();
  const half = (jpeg.length >> 2) << 1;
  const fragments = [jpeg.subarray(0, half), jpeg.subarray(half)];
  const fields = { transferSyntax: JPEG, widthPx: 8, heightPx: 8, frames: 2 };
  const source = await open(t.testdir(), { ...fields, pixels: [...fragments, ...fragments] });
  t.same(await pixelsOf(source), [Array(64).fill(77), Array(64).fill(77)]);
  await source.close();
  const other = await open(t.testdir(), { ...fields, widthPx: 9, frames: 1, pixels: [jpeg] });
  await t.rejects(collect(other), { code: 'SOURCE_INVALID', message: /8 × 8 px.*9 × 8 px/ });
  await other.close();
});

test('what is not read or broken says so', async (t) => {
  const refused = async (fields: Partial<DicomFields>, code: string, message: RegExp) =>
    t.rejects(open(t.testdir(), fields), { code, message });
  const unsupported = 'SOURCE_UNSUPPORTED';
  await refused({ transferSyntax: '1.2.840.10008.1.2.4.102' }, unsupported, /4\.102/);
  await refused({ bitsAllocated: 1 }, unsupported, /1 in 1 bits/);
  await refused({ photometric: 'CMYK' }, unsupported, /CMYK/);
  await refused({ photometric: 'PALETTE COLOR' }, unsupported, /look-up tables/);
  await refused({ widthPx: 0 }, unsupported, /0 × 2 px/);
  await refused({ frames: 2 }, 'SOURCE_INVALID', /4 of 8 bytes/);
  await refused({ elements: [['00280008', 'IS', '-1']] }, 'SOURCE_INVALID', /-1 frames/);
  await refused({ transferSyntax: RLE }, 'SOURCE_INVALID', /transfer syntax/);
  await refused({ transferSyntax: JPEG, pixels: [], frames: 2 }, 'SOURCE_INVALID', /0 of 2 frames/);
});
