import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { test } from 'tap';
import { openSource } from '../../../../src/io/sources/index.js';
import { parsePhantomUri } from '../../../../src/io/sources/phantom/uri.js';
import { collect } from '../../../support/collect.js';

/** A picture of w × h px whose samples count up from `first`. */
async function writeGray(path: string, width: number, height: number, first = 0): Promise<void> {
  const data = Uint8Array.from({ length: width * height }, (_, i) => (first + i) & 255);
  await sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .toFile(path);
}

test('a gray PNG comes as one channel with the values of the file', async (t) => {
  const path = join(t.testdir(), 'a.png');
  await writeGray(path, 3, 2, 10);
  const source = await openSource(path);
  t.match(source.info, {
    kind: 'image',
    frames: 1,
    widthPx: 3,
    heightPx: 2,
    channels: 1,
    frameRateHz: null,
    spacingMm: null,
    regions: [],
    modality: null,
  });
  const [frame, ...others] = await collect(source);
  t.equal(others.length, 0);
  t.same([...frame.data], [10, 11, 12, 13, 14, 15]);
  t.match(frame, { widthPx: 3, heightPx: 2, channels: 1, id: 0, spacingMm: null });
});

test('an RGB PNG comes as three channels in RGB order, its alpha dropped', async (t) => {
  const path = join(t.testdir(), 'a.png');
  const data = Uint8Array.from([255, 0, 0, 255, 0, 128, 7, 0]);
  await sharp(data, { raw: { width: 2, height: 1, channels: 4 } }).toFile(path);
  const [frame] = await collect(await openSource(pathToFileURL(path).href));
  t.equal(frame.channels, 3);
  t.same([...frame.data], [255, 0, 0, 0, 128, 7]);
});

test('16 bits a sample are scaled to 8', async (t) => {
  const path = join(t.testdir(), 'a.png');
  const data = Uint16Array.from([0, 256, 32768, 65535]);
  await sharp(data, { raw: { width: 4, height: 1, channels: 1 } })
    .toColourspace('grey16')
    .toFile(path);
  const [frame] = await collect(await openSource(path));
  t.equal(frame.channels, 1);
  t.same([...frame.data], [0, 1, 128, 255]);
});

test('files are recognised by content, whatever their names say', async (t) => {
  const folder = t.testdir();
  await writeGray(join(folder, 'a.png'), 2, 2);
  const path = join(folder, 'frame.dat');
  await sharp(join(folder, 'a.png')).jpeg().toFile(path);
  t.equal((await openSource(path)).info.kind, 'image');
});

test('a folder is read in natural order, other files and hidden ones passed over', async (t) => {
  const folder = t.testdir({ 'notes.txt': 'not a picture', '.hidden.png': 'x', masks: {} });
  await writeGray(join(folder, 'frame10.png'), 2, 1, 100);
  await writeGray(join(folder, 'frame2.png'), 2, 1, 20);
  const source = await openSource(folder, { frameRateHz: 50, spacingMm: { x: 0.5, y: 0.25 } });
  t.match(source.info, { kind: 'image-folder', frames: 2, frameRateHz: 50 });
  const frames = await collect(source);
  t.same(
    frames.map((frame) => frame.data[0]),
    [20, 100],
  );
  t.same(
    frames.map((frame) => frame.id),
    [0, 1],
  );
  t.same(
    frames.map((frame) => frame.captureNs),
    [0n, 20000000n],
  );
  t.same(frames[0].spacingMm, { x: 0.5, y: 0.25 });
});

test('a TIFF of two pages in a folder gives two frames of its cine', async (t) => {
  const folder = t.testdir();
  await writeGray(join(folder, '0.png'), 2, 1, 10);
  await writeGray(join(folder, '1.png'), 2, 1, 20);
  const pages = { width: 2, height: 2, channels: 1, pageHeight: 1 } as const;
  await sharp(Uint8Array.of(30, 30, 40, 40), { raw: pages })
    .toColourspace('b-w')
    .tiff()
    .toFile(join(folder, '2.tiff'));
  await writeGray(join(folder, '10.png'), 2, 1, 50);
  const frames = await collect(await openSource(folder));
  t.same(
    frames.map(({ data }) => data[0]),
    [10, 20, 30, 40, 50],
  );
});

test('a folder that mixes gray and colour comes as colour throughout', async (t) => {
  const folder = t.testdir();
  await writeGray(join(folder, '1.png'), 1, 1, 50);
  await sharp(Uint8Array.from([1, 2, 3]), { raw: { width: 1, height: 1, channels: 3 } }).toFile(
    join(folder, '2.png'),
  );
  const source = await openSource(folder);
  t.equal(source.info.channels, 3);
  t.same(
    (await collect(source)).map((frame) => [...frame.data]),
    [
      [50, 50, 50],
      [1, 2, 3],
    ],
  );
});

test('frames of different sizes are refused with both sizes and names', async (t) => {
  const folder = t.testdir();
  await writeGray(join(folder, '1.png'), 2, 2);
  await writeGray(join(folder, '2.png'), 3, 2);
  await t.rejects(openSource(folder), {
    code: 'SOURCE_INVALID',
    stage: 'source',
    message: /2 × 2 px .*1\.png.* and 3 × 2 px .*2\.png/,
  });
});

test('what is missing, empty, damaged or of another kind has its own error', async (t) => {
  const folder = t.testdir({ empty: {} });
  await t.rejects(openSource(join(folder, 'nothing')), { code: 'SOURCE_NOT_FOUND' });
  await t.rejects(openSource(join(folder, 'empty')), {
    code: 'SOURCE_INVALID',
    message: /0 other files/,
  });

  const text = join(folder, 'text.png');
  await writeFile(text, 'hello');
  await t.rejects(openSource(text), { code: 'SOURCE_UNSUPPORTED', message: /unknown kind/ });

  const bitmap = join(folder, 'a.png');
  await writeFile(bitmap, 'BM and more');
  await t.rejects(openSource(bitmap), { code: 'SOURCE_UNSUPPORTED', message: /a BMP file/ });

  const whole = join(folder, 'whole.png');
  await sharp({
    create: {
      width: 200,
      height: 200,
      channels: 3,
      background: '#123456',
      noise: { type: 'gaussian', mean: 99, sigma: 40 },
    },
  }).toFile(whole);
  const bytes = await sharp(whole).png().toBuffer();
  const cut = join(folder, 'cut.png');
  await writeFile(cut, bytes.subarray(0, bytes.length >> 1));
  await t.rejects(
    openSource(cut).then((source) => collect(source)),
    { code: 'SOURCE_INVALID', message: /cut\.png/ },
  );
});

test('a wrong option is refused by name, with the nearest one suggested', async (t) => {
  await t.rejects(openSource(7 as never), { name: 'TypeError', message: /`uri`/ });
  await t.rejects(openSource('phantom:', { realtim: true } as never), {
    name: 'TypeError',
    message: /did you mean `realtime`/,
  });
  await t.rejects(openSource('phantom:', { loop: 1 as never }), {
    name: 'TypeError',
    message: /`loop`/,
  });
  await t.rejects(openSource('phantom:', { frameRateHz: 0 }), { name: 'RangeError' });
  await t.rejects(openSource('phantom:', { spacingMm: { x: 0, y: 1 } }), { name: 'RangeError' });
  await t.rejects(openSource('phantom:?sede=1'), {
    name: 'TypeError',
    message: /did you mean `seed`/,
  });
  await t.rejects(openSource('phantom:?seed=x'), { name: 'TypeError' });
  await t.rejects(openSource('phantom:?width=1'), { name: 'RangeError' });
  await t.rejects(openSource('phantom:seed=1'), { name: 'TypeError' });
});

test('the options of a phantom are read from its URI', async (t) => {
  t.same(parsePhantomUri('phantom:'), {
    seed: 1,
    frames: 300,
    frameRateHz: 30,
    widthPx: 480,
    heightPx: 360,
  });
  t.same(parsePhantomUri('phantom:?seed=2&frames=0&fps=60&width=384&height=288'), {
    seed: 2,
    frames: null,
    frameRateHz: 60,
    widthPx: 384,
    heightPx: 288,
  });
});

test('the phantom plays the number of frames asked for and knows its spacing', async (t) => {
  const source = await openSource('phantom:?frames=3&width=120&height=90');
  t.match(source.info, {
    kind: 'phantom',
    frames: 3,
    frameRateHz: 30,
    modality: 'US',
    channels: 1,
  });
  const frames = await collect(source);
  t.equal(frames.length, 3);
  t.same(frames[0].spacingMm, source.info.spacingMm);
  t.not(frames[0].data, frames[1].data);
  t.equal((await collect(source)).length, 3, 'a second iteration starts again');
});

test('a looping source goes round with ids that go on, and close ends it', async (t) => {
  const folder = t.testdir();
  await mkdir(join(folder, 'f'));
  await writeGray(join(folder, 'f', '1.png'), 1, 1, 1);
  await writeGray(join(folder, 'f', '2.png'), 1, 1, 2);
  const source = await openSource(join(folder, 'f'), { loop: true });
  t.equal(source.info.frames, null);
  const seen: [number | undefined, number][] = [];
  for await (const frame of source) {
    seen.push([frame.id, frame.data[0]]);
    if (seen.length === 5) await source.close();
  }
  t.same(seen, [
    [0, 1],
    [1, 2],
    [2, 1],
    [3, 2],
    [4, 1],
  ]);
  await source.close();
  t.same(await collect(source), [], 'a closed source yields nothing');
});
