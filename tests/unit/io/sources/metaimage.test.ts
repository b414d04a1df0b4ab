import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { test } from 'tap';
import { openSource } from '../../../../src/io/sources/index.js';
import { collect } from '../../../support/collect.js';

const BYTES = Uint8Array.from({ length: 12 }, (_, i) => 10 * i);

const PLACED = {
  TransformMatrix: '0 1 0 0 0 -1 -1 0 0',
  Offset: '10 20 30',
  ElementSpacing: '0.5 0.25 2',
};

async function writeMha(
  folder: string,
  fields: Record<string, string>,
  data: Uint8Array = BYTES,
): Promise<string> {
  const { ElementDataFile = 'LOCAL', ...others } = fields;
  const all = {
    ObjectType: 'Image',
    NDims: '3',
    DimSize: '3 2 2',
    ElementType: 'MET_UCHAR',
    ...others,
    ElementDataFile, // the last, by which the header ends
  };
  const header = Object.entries(all).map(([key, value]) => `${key} = ${value}\n`);
  const path = join(folder, 'volume.dat');
  await writeFile(path, Buffer.concat([Buffer.from(header.join('')), data]));
  return path;
}

test('the slices of a MetaImage are frames; directions and offset turn from LPS to RAS', async (t) => {
  const source = await openSource(await writeMha(t.testdir(), PLACED));
  t.match(source.info, {
    kind: 'metaimage',
    frames: 2,
    widthPx: 3,
    heightPx: 2,
    channels: 1,
    spacingMm: { x: 0.5, y: 0.25 },
  });
  // Columns run along y (0.5 mm), rows along -z (0.25 mm), slices along -x (2 mm), in LPS.
  t.same(source.info.volume, {
    slices: 2,
    sliceSpacingMm: 2,
    affine: [0, 0, 2, -10, -0.5, 0, 0, -20, 0, -0.25, 0, 30, 0, 0, 0, 1],
  });
  t.same([...((await source.frameAt?.(1))?.data ?? [])], [60, 70, 80, 90, 100, 110]);
});

test('without spacing or offset nothing is guessed', async (t) => {
  const { info } = await openSource(await writeMha(t.testdir(), {}));
  t.equal(info.spacingMm, null);
  t.same(info.volume, { slices: 2, sliceSpacingMm: null, affine: null });
});

test('time stamps make the third axis time, and give rate and capture times', async (t) => {
  const path = await writeMha(t.testdir(), {
    DimSize: '3 1 4',
    ElementSpacing: '0.5 0.25 1',
    ...Object.fromEntries(
      [10, 10.5, 10.7, 12].map((time, i) => [`Seq_Frame000${i}_Timestamp`, String(time)]),
    ),
  });
  const source = await openSource(path);
  t.equal(source.info.frames, 4);
  t.equal(source.info.volume?.slices, 1);
  t.equal(source.info.frameRateHz, 1.5);
  const times = (await collect(source)).map(({ captureNs }) => captureNs);
  t.same(times, [0n, 500_000_000n, 700_000_000n, 2_000_000_000n]);
});

test('compressed data, a data file beside, a header of its own and big-endian numbers are read', async (t) => {
  const first = async (path: string) => [...(await collect(await openSource(path)))[1].data];
  const expected = [60, 70, 80, 90, 100, 110];
  const packed = await writeMha(t.testdir(), { CompressedData: 'True' }, deflateSync(BYTES));
  t.same(await first(packed), expected);

  const folder = t.testdir();
  await writeFile(join(folder, 'volume.raw'), Buffer.concat([Buffer.alloc(7), BYTES]));
  const beside = { ElementDataFile: 'volume.raw', HeaderSize: '7' };
  t.same(await first(await writeMha(folder, beside, new Uint8Array())), expected);
  const atEnd = { ElementDataFile: 'volume.raw', HeaderSize: '-1' };
  t.same(await first(await writeMha(folder, atEnd, new Uint8Array())), expected);

  const big = Buffer.from(Uint16Array.from(BYTES, (v) => v * 256).buffer).swap16();
  const fields = { ElementType: 'MET_USHORT', BinaryDataByteOrderMSB: 'True' };
  t.same(await first(await writeMha(t.testdir(), fields, big)), expected);
});

test('what is damaged, foreign or out of its folder is refused', async (t) => {
  const refused = async (fields: Record<string, string>, code: string, message: RegExp) =>
    t.rejects(openSource(await writeMha(t.testdir(), fields)), { code, message });
  await refused({ DimSize: '3 2 3' }, 'SOURCE_INVALID', /bytes/);
  await refused({ DimSize: '3 2' }, 'SOURCE_INVALID', /3 numbers for dimsize/);
  await refused({ NDims: '7' }, 'SOURCE_UNSUPPORTED', /NDims = 7/);
  await refused({ ElementType: 'MET_LONG' }, 'SOURCE_UNSUPPORTED', /MET_LONG/);
  await refused({ BinaryData: 'False' }, 'SOURCE_UNSUPPORTED', /BinaryData/);
  await refused({ ElementDataFile: '../secret.raw' }, 'SOURCE_UNSUPPORTED', /folder of its header/);
  await refused({ ElementDataFile: '/etc/hostname' }, 'SOURCE_UNSUPPORTED', /folder of its header/);
  await refused({ ElementDataFile: 'LIST' }, 'SOURCE_UNSUPPORTED', /one data file/);
  await refused({ ElementDataFile: 'no.raw' }, 'SOURCE_NOT_FOUND', /no\.raw/);
  await refused({ CompressedData: 'True' }, 'SOURCE_INVALID', /header check/);
  const path = join(t.testdir(), 'a.mha');
  await writeFile(path, 'ObjectType = Image\nNDims = 3\n');
  await t.rejects(openSource(path), { code: 'SOURCE_INVALID', message: /no ElementDataFile/ });
});
