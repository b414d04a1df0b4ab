import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'tap';
import { openSource } from '../../../../src/io/sources/index.js';
import type { Frame } from '../../../../src/sdk/types.js';
import { collect } from '../../../support/collect.js';
import { niftiFile, type NiftiFields } from '../../../support/nifti.js';

const BYTES = Uint8Array.from({ length: 12 }, (_, i) => 10 * i);

async function writeNifti(
  folder: string,
  fields: NiftiFields,
  data: Uint8Array = BYTES,
  gzip = false,
): Promise<string> {
  // The name says nothing: the content does.
  const path = join(folder, 'recording');
  const file = niftiFile(fields, data);
  await writeFile(path, gzip ? gzipSync(file) : file);
  return path;
}

const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const i16 = (...values: number[]): Uint8Array => new Uint8Array(Int16Array.from(values).buffer);

test('the slices of a NIfTI volume are frames, with the spacing of their plane', async (t) => {
  const path = await writeNifti(t.testdir(), { dims: [3, 2, 2], pixDims: [1, 0.5, 0.25, 2] });
  const source = await openSource(path);
  t.match(source.info, {
    kind: 'nifti',
    frames: 2,
    widthPx: 3,
    heightPx: 2,
    channels: 1,
    frameRateHz: null,
    spacingMm: { x: 0.5, y: 0.25 },
    volume: { slices: 2, sliceSpacingMm: 2, affine: null },
  });
  const frames = await collect(source);
  t.same(
    frames.map(({ data }) => [...data]),
    [
      [0, 10, 20, 30, 40, 50],
      [60, 70, 80, 90, 100, 110],
    ],
  );
  t.same(frames[1].spacingMm, { x: 0.5, y: 0.25 });
  await source.close();
});

test('a frame is read by its number, a gzipped file without leaving its copy behind', async (t) => {
  const copies = async (): Promise<string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('sonotrack-'));
  const before = new Set(await copies());
  const source = await openSource(
    await writeNifti(t.testdir(), { dims: [3, 2, 1, 2] }, BYTES, true),
  );
  t.equal(source.info.volume?.slices, 1);
  const frameAt = async (index: number): Promise<Partial<Frame>> =>
    (await source.frameAt?.(index)) ?? {};
  const frame = await frameAt(1);
  t.same([...(frame.data ?? [])], [60, 70, 80, 90, 100, 110]);
  t.match(frame, { id: 1, captureNs: 40_000_000n });
  await t.rejects(frameAt(2), { name: 'RangeError' });
  await source.close();
  await source.close();
  await t.rejects(frameAt(0), { message: /is closed/ });
  t.same(
    (await copies()).filter((name) => !before.has(name)),
    [],
  );
});

test('the fourth axis is time when the third is flat, and its step the frame rate', async (t) => {
  const fields = { dims: [3, 2, 1, 2], pixDims: [1, 1, 1, 1, 40], units: 2 | 16 };
  const { info } = await openSource(await writeNifti(t.testdir(), fields));
  t.equal(info.frameRateHz, 25);
});

test('metres and micrometres become mm; without a unit only a header that places its voxels means mm', async (t) => {
  const spacing = async (fields: Partial<NiftiFields>) => {
    const all = { dims: [3, 2, 2], pixDims: [1, 0.5, 0.25, 2], ...fields };
    return (await openSource(await writeNifti(t.testdir(), all))).info.spacingMm;
  };
  t.same(await spacing({ units: 1 }), { x: 500, y: 250 });
  t.same(await spacing({ units: 3 }), { x: 0.0005, y: 0.00025 });
  t.equal(await spacing({ units: 0 }), null);
  t.same(await spacing({ units: 0, sform: { code: 1, values: [0.5] } }), { x: 0.5, y: 0.25 });
  t.equal(await spacing({ pixDims: [1, 0, NaN, 1] }), null);
});

test('an unknown spacing and rate are those of the options', async (t) => {
  const path = await writeNifti(t.testdir(), { dims: [3, 2, 2], units: 0 });
  const { info } = await openSource(path, { spacingMm: { x: 2, y: 3 }, frameRateHz: 5 });
  t.match(info, { spacingMm: { x: 2, y: 3 }, frameRateHz: 5 });
});

test('a qform of half a turn about z, whose a is 0, has x and y turned round', async (t) => {
  const qform = { code: 1, values: [0, 0, 1.0000001, 7, 8, 9] };
  const fields = { dims: [3, 2, 2], pixDims: [-1, 0.5, 0.25, 2], qform };
  const { info } = await openSource(await writeNifti(t.testdir(), fields));
  const expected = [-0.5, 0, 0, 7, 0, -0.25, 0, 8, 0, 0, -2, 9, 0, 0, 0, 1];
  info.volume?.affine?.forEach((value, i) => t.ok(Math.abs(value - expected[i]) < 1e-5, `[${i}]`));
  t.equal(info.volume?.affine?.length, 16);
});

test('16 bits are scaled by the depth that their values use, floats of 0–1 to 0–255', async (t) => {
  const gray = async (dataType: number, data: Uint8Array, change: Partial<NiftiFields> = {}) => {
    const path = await writeNifti(t.testdir(), { dims: [4, 1], dataType, ...change }, data);
    return [...(await collect(await openSource(path)))[0].data];
  };
  t.same(await gray(4, i16(0, 100, 200, 255)), [0, 100, 200, 255], '8 of 16 bits used');
  t.same(await gray(4, i16(0, 16, 2048, 4095)), [0, 1, 128, 255], '12 of 16 bits used');
  t.same(await gray(4, i16(-128, -1, 0, 127)), [0, 127, 128, 255], 'signed');
  t.same(await gray(16, f32(0, 0.5, 1, NaN)), [0, 128, 255, 0]);
  t.same(await gray(16, f32(0, 99.6, 255, Infinity)), [0, 100, 255, 255]);
  t.same(
    await gray(2, Uint8Array.of(0, 1, 2, 3), { slope: 0.25, intercept: 0.25 }),
    [64, 128, 191, 255],
  );
});

test('big-endian files and RGB are read', async (t) => {
  const big = Buffer.from(i16(1, 2, 3, 4000)).swap16();
  const fields = { dims: [4, 1], dataType: 4, littleEndian: false };
  const [frame] = await collect(await openSource(await writeNifti(t.testdir(), fields, big)));
  t.same([...frame.data], [0, 0, 0, 250]);
  const rgb = { dims: [2, 2], dataType: 128 };
  const [colour] = await collect(await openSource(await writeNifti(t.testdir(), rgb)));
  t.match(colour, { channels: 3, widthPx: 2, heightPx: 2 });
  t.same([...colour.data], [...BYTES]);
});

test('a pair of .hdr and .img is read, and the .img missed by name', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'pair.hdr');
  const header = niftiFile({ dims: [3, 2, 2], magic: 'ni1\0', voxOffset: 0 }, new Uint8Array());
  await writeFile(path, header.subarray(0, 348));
  await t.rejects(openSource(path), { code: 'SOURCE_NOT_FOUND', message: /pair\.img/ });
  await writeFile(join(folder, 'pair.img'), BYTES);
  t.equal((await collect(await openSource(path)))[1].data[0], 60);
});

test('damaged and foreign headers are refused before memory is taken', async (t) => {
  const refused = async (fields: NiftiFields, code: string, message: RegExp, gzip = false) =>
    t.rejects(openSource(await writeNifti(t.testdir(), fields, BYTES, gzip)), { code, message });
  await refused({ dims: [3, 2, 3] }, 'SOURCE_INVALID', /holds 364 of 370 bytes/);
  await refused({ dims: [3, 2, 3] }, 'SOURCE_INVALID', /holds 364 of 370 bytes/, true);
  await refused({ dims: [3, 0, 2] }, 'SOURCE_INVALID', /3 × 0 px/);
  await refused({ dims: [3, 2, -1, -2] }, 'SOURCE_INVALID', /0 frames/);
  await refused({ dims: [30000, 2] }, 'SOURCE_UNSUPPORTED', /30000 × 2 px/);
  await refused({ dims: [9000, 9000, 30000] }, 'SOURCE_INVALID', /more than it can hold/, true);
  await refused({ dims: [3, 2], dataType: 1536 }, 'SOURCE_UNSUPPORTED', /data type 1536/);
  await refused({ dims: [3, 2, 1, 1, 2] }, 'SOURCE_UNSUPPORTED', /four axes/);
  await refused({ dims: [3, 2, 2], voxOffset: 100 }, 'SOURCE_INVALID', /begin at byte 100/);
});
