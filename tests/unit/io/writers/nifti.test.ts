import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { openSource } from '../../../../src/io/sources/index.js';
import { NiftiWriter, type NiftiPlace } from '../../../../src/io/writers/nifti.js';
import { collect } from '../../../support/collect.js';

const PLACE: NiftiPlace = {
  widthPx: 2,
  heightPx: 1,
  spacingMm: { x: 0.5, y: 0.25 },
  frameRateHz: null,
  volume: {
    slices: 3,
    sliceSpacingMm: 2,
    affine: [0.5, 0, 0, 1, 0, 0.25, 0, 2, 0, 0, 2, 3, 0, 0, 0, 1],
  },
};

async function write(path: string, place: NiftiPlace, maps: number[][]): Promise<void> {
  const writer = await NiftiWriter.create(path, place);
  for (const labels of maps) await writer.write(Uint8Array.from(labels));
  await writer.finish();
}

const MAPS = [
  [0, 1],
  [2, 0],
  [255, 3],
];

test('a volume comes back as it was written, place and labels, gzipped or not', async (t) => {
  const folder = t.testdir();
  for (const name of ['masks.nii', 'masks.nii.gz']) {
    await write(join(folder, name), PLACE, MAPS);
    const source = await openSource(join(folder, name));
    t.match(source.info, { kind: 'nifti', frames: 3, spacingMm: PLACE.spacingMm });
    t.same(source.info.volume, PLACE.volume);
    t.same(
      (await collect(source)).map(({ data }) => [...data]),
      MAPS,
    );
    await source.close();
  }
  t.same((await readdir(folder)).sort(), ['masks.nii', 'masks.nii.gz']);
  t.equal((await readFile(join(folder, 'masks.nii'))).length, 352 + 6);
});

test('pictures over time have time as their fourth axis; what is unknown stays unknown', async (t) => {
  const path = join(t.testdir(), 'a.nii.gz');
  await write(path, { widthPx: 2, heightPx: 1, spacingMm: null, frameRateHz: 50 }, MAPS);
  const { info } = await openSource(path);
  t.match(info, { frames: 3, frameRateHz: 50, spacingMm: null });
  t.same(info.volume, { slices: 1, sliceSpacingMm: null, affine: null });
});

test('an unfinished volume, a map of another size and a folder that is not there are refused', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'a.nii.gz');
  await t.rejects(write(path, PLACE, [...MAPS, ...MAPS.slice(1)]), { message: /multiple of 3/ });
  await t.rejects(write(path, PLACE, []), { name: 'RangeError' });
  const writer = await NiftiWriter.create(path, PLACE);
  await t.rejects(writer.write(new Uint8Array(3)), { message: /2 samples/ });
  await writer.abort();
  t.same(await readdir(folder), [], 'nothing is left behind');
  await t.rejects(NiftiWriter.create(join(folder, 'no', 'a.nii'), PLACE), { code: 'WRITE_FAILED' });
});
