import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { openLabels } from '../../../src/eval/label-source.js';
import { niftiFile } from '../../support/nifti.js';
import { rejection } from '../../support/rejection.js';

const [W, H] = [3, 2];
const INT16 = 4;
const FLOAT32 = 16;
const fits = (frames: number) => ({ frames, widthPx: W, heightPx: H });

async function png(file: string, ...labels: number[]): Promise<void> {
  await sharp(Uint8Array.from(labels), { raw: { width: W, height: H, channels: 1 } })
    .toColourspace('b-w')
    .toFile(file);
}

test('a folder of label maps is read in natural order', async (t) => {
  const folder = t.testdir();
  await png(join(folder, 'mask10.png'), 0, 0, 0, 0, 0, 9);
  await png(join(folder, 'mask2.png'), 1, 0, 0, 0, 2, 0);
  const labels = await openLabels(folder, fits(2));
  t.same([...(await labels.mapAt(0)).labels], [1, 0, 0, 0, 2, 0]);
  t.match(await labels.mapAt(1), { labels: Uint8Array.of(0, 0, 0, 0, 0, 9), ...{ widthPx: W } });
  await labels.close();
});

test('the numbers of a label volume stand as stored, whatever their type', async (t) => {
  const folder = t.testdir();
  const values = [0, 1, 2, 0, 255, 0, 7, 0, 0, 0, 0, 1];
  const int16 = new Uint8Array(Int16Array.from(values).buffer);
  const float32 = new Uint8Array(Float32Array.from(values).buffer);
  for (const [name, dataType, data] of [
    ['int16.nii', INT16, int16],
    ['float32.nii', FLOAT32, float32],
  ] as const) {
    await writeFile(join(folder, name), niftiFile({ dims: [W, H, 2], dataType }, data));
    const labels = await openLabels(join(folder, name), fits(2));
    t.same([...(await labels.mapAt(0)).labels], values.slice(0, 6), name);
    t.same([...(await labels.mapAt(1)).labels], values.slice(6), name);
    await labels.close();
  }
});

test('a MetaImage label volume is read', async (t) => {
  const head = `NDims = 3\nDimSize = ${W} ${H} 1\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n`;
  const folder = t.testdir();
  const file = join(folder, 'labels.mha');
  await writeFile(file, Buffer.concat([Buffer.from(head), Buffer.of(0, 3, 0, 0, 1, 0)]));
  const labels = await openLabels(file, fits(1));
  t.same([...(await labels.mapAt(0)).labels], [0, 3, 0, 0, 1, 0]);
  await labels.close();
});

test('numbers that are no labels are refused', async (t) => {
  const folder = t.testdir();
  for (const [name, value] of [
    ['fraction.nii', 0.5],
    ['large.nii', 256],
    ['negative.nii', -1],
  ] as const) {
    const data = new Uint8Array(Float32Array.of(0, 0, 0, 0, 0, value).buffer);
    const file = join(folder, name);
    await writeFile(file, niftiFile({ dims: [W, H, 1], dataType: FLOAT32 }, data));
    const labels = await openLabels(file, fits(1));
    t.match(await rejection(labels.mapAt(0)), {
      code: 'SOURCE_UNSUPPORTED',
      message: /whole numbers of 0 to 255/,
    });
    await labels.close();
  }
  const colours = join(folder, 'colours.nii');
  await writeFile(colours, niftiFile({ dims: [W, H, 1], dataType: 128 }, new Uint8Array(18)));
  t.match(await rejection(openLabels(colours, fits(1))), { code: 'SOURCE_UNSUPPORTED' });
});

test('label maps that do not fit the recording, or are none, are refused', async (t) => {
  const folder = t.testdir({ 'text.txt': 'text' });
  const masks = join(folder, 'masks');
  await mkdir(masks);
  await png(join(masks, '0.png'), 1, 0, 0, 0, 0, 0);
  t.match(await rejection(openLabels(masks, fits(2))), {
    code: 'SOURCE_INVALID',
    message: /3 × 2 px for each of 2 frames in .* received 1 of 3 × 2 px/,
  });
  t.match(await rejection(openLabels(masks, { ...fits(1), widthPx: 4 })), {
    code: 'SOURCE_INVALID',
  });
  t.match(await rejection(openLabels(join(folder, 'no'), fits(1))), { code: 'SOURCE_NOT_FOUND' });
  t.match(await rejection(openLabels(join(folder, 'text.txt'), fits(1))), {
    code: 'SOURCE_UNSUPPORTED',
    message: /a folder of label PNGs/,
  });
});
