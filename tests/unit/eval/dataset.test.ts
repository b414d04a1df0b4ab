import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { chosenFiles } from '../../../src/eval/click-evaluation.js';
import { findDataSets, readExample } from '../../../src/eval/dataset.js';
import { readLabelMap } from '../../../src/eval/label-png.js';
import { rejection } from '../../support/rejection.js';

async function png(file: string, pixels: number[][], channels: 1 | 3 = 1): Promise<void> {
  const raw = { width: pixels[0].length / channels, height: pixels.length, channels };
  const image = sharp(Uint8Array.from(pixels.flat()), { raw });
  await (channels === 1 ? image.toColourspace('b-w') : image).png().toFile(file);
}

async function dataSet(folder: string): Promise<void> {
  await mkdir(join(folder, 'images'), { recursive: true });
  await mkdir(join(folder, 'masks'), { recursive: true });
}

test('sets in sub-folders are found in order, with their pairs and label names', async (t) => {
  const root = t.testdir();
  for (const name of ['b', 'a']) {
    await dataSet(join(root, name));
    for (const id of ['2', '1']) {
      await png(join(root, name, 'images', `${id}.png`), [[9, 8]]);
      await png(join(root, name, 'masks', `${id}.png`), [[0, 2]]);
    }
  }
  await png(join(root, 'a', 'images', 'unmarked.png'), [[1, 2]]);
  await writeFile(join(root, 'a', 'meta.json'), '{"objects": {"2": "left atrium"}}');
  const sets = await findDataSets(root);
  t.match(
    sets.map(({ name, files, labels }) => ({ name, files, labels })),
    [
      { name: 'a', files: ['1.png', '2.png'], labels: { 2: 'left atrium' } },
      { name: 'b', files: ['1.png', '2.png'], labels: {} },
    ],
  );
  t.same((await findDataSets(join(root, 'b')))[0].files, ['1.png', '2.png']);
});

test('every value of the label map is an object', async (t) => {
  const root = t.testdir();
  await dataSet(root);
  await png(join(root, 'images', 'x.png'), [
    [10, 20, 30],
    [40, 50, 60],
  ]);
  await png(join(root, 'masks', 'x.png'), [
    [0, 3, 3],
    [1, 0, 3],
  ]);
  const [set] = await findDataSets(root);
  const { id, frame, objects } = await readExample(set, 'x.png');
  t.equal(id, 'x');
  t.match(frame, { widthPx: 3, heightPx: 2, channels: 1 });
  t.same([...frame.data], [10, 20, 30, 40, 50, 60]);
  t.same(
    objects.map(({ label, truth }) => [label, truth.areaPx, truth.box]),
    [
      [1, 1, [0, 1, 1, 2]],
      [3, 3, [1, 0, 3, 2]],
    ],
  );
});

test('a folder without pairs, another size and coloured masks are refused', async (t) => {
  const root = t.testdir();
  t.same(await findDataSets(root), []);
  await dataSet(root);
  await png(join(root, 'images', 'x.png'), [[10, 20, 30]]);
  await png(join(root, 'masks', 'x.png'), [[0, 1]]);
  const [set] = await findDataSets(root);
  t.match(await rejection(readExample(set, 'x.png')), {
    code: 'SOURCE_INVALID',
    message: /expected 3 × 1 px for .* received 2 × 1 px/,
  });
  await png(join(root, 'masks', 'x.png'), [[0, 1, 2, 3, 4, 5, 6, 7, 8]], 3);
  t.match(await rejection(readExample(set, 'x.png')), {
    code: 'SOURCE_INVALID',
    message: /colour type 2/,
  });
});

test('a palette stands for its indices, and few bits for their numbers', async (t) => {
  const root = t.testdir();
  const [palette, bits] = [join(root, 'palette.png'), join(root, 'bits.png')];
  // colours whose order of first use is the order of sharp's palette
  const colours = [0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 0, 0];
  const raw = { width: 4, height: 1, channels: 3 as const };
  await sharp(Uint8Array.from(colours), { raw }).png({ palette: true }).toFile(palette);
  t.ok((await sharp(palette).metadata()).isPalette);
  const { labels, widthPx, heightPx } = await readLabelMap(palette);
  t.same([widthPx, heightPx], [4, 1]);
  t.equal(labels[1], labels[3]);
  t.same([...new Set(labels)].sort(), [0, 1, 2]);
  await sharp(Uint8Array.of(0, 255, 255, 0), { raw: { ...raw, channels: 1 } })
    .toColourspace('b-w')
    .png({ palette: true, colours: 2 })
    .toFile(bits);
  t.same([...new Set((await readLabelMap(bits)).labels)].sort(), [0, 1]);
  await writeFile(bits, 'no picture, whatever its name may say');
  t.match(await rejection(readLabelMap(bits)), { message: /expected a PNG file/ });
  await writeFile(bits, (await sharp(palette).toBuffer()).subarray(0, 60));
  t.match(await rejection(readLabelMap(bits)), { code: 'SOURCE_INVALID' });
});

test('a part of a set is spread over it', async (t) => {
  const set = { name: 's', path: '', labels: {}, files: ['0', '1', '2', '3', '4', '5'] };
  t.same(chosenFiles(set, 3), ['0', '2', '4']);
  t.same(chosenFiles(set, 6), set.files);
  t.same(chosenFiles(set, Infinity), set.files);
});
