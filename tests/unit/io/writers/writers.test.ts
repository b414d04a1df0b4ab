import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { test } from 'tap';
import { objectColour } from '../../../../src/io/palette.js';
import { areaRows, areasCsv, AREAS_HEADER } from '../../../../src/io/writers/areas-csv.js';
import { writeAtomically } from '../../../../src/io/writers/atomic.js';
import { encodeLabelPng, encodeMaskPng, labelMap } from '../../../../src/io/writers/labels.js';
import { drawOverlay, encodeOverlayPng } from '../../../../src/io/writers/overlay.js';
import { Mask } from '../../../../src/sdk/mask.js';
import type { Frame } from '../../../../src/sdk/types.js';

const mask = (w: number, ...rows: number[]): Mask =>
  Mask.fromBitmap(Uint8Array.from(rows), w, rows.length / w);

/** Channels of the file as it lies, and its samples without a conversion of colours. */
async function decode(png: Uint8Array): Promise<{ channels: number; values: number[] }> {
  const { channels, space } = await sharp(png).metadata();
  const data = await sharp(png).toColourspace(space).raw().toBuffer();
  return { channels, values: [...data] };
}

test('a mask becomes black and white, one channel', async (t) => {
  const png = await encodeMaskPng(mask(2, 0, 1, 1, 0));
  t.same(await decode(png), { channels: 1, values: [0, 255, 255, 0] });
});

test('a label map holds the ids as gray levels, the later object on top', async (t) => {
  const objects = [
    { id: 1, mask: mask(3, 1, 1, 0) },
    { id: 200, mask: mask(3, 0, 1, 0) },
  ];
  t.same([...labelMap(objects, 3, 1)], [1, 200, 0]);
  t.same(await decode(await encodeLabelPng(objects, 3, 1)), { channels: 1, values: [1, 200, 0] });
});

test('ids that a gray level cannot hold and masks of another size are refused', async (t) => {
  t.throws(() => labelMap([{ id: 256, mask: mask(1, 1) }], 1, 1), { name: 'RangeError' });
  t.throws(() => labelMap([{ id: 0, mask: mask(1, 1) }], 1, 1), { name: 'RangeError' });
  t.throws(() => labelMap([{ id: 1, mask: mask(2, 1, 1) }], 1, 1), {
    message: /expected a mask of 1 × 1 px .* received 2 × 1 px/,
  });
});

test('an overlay has an opaque contour around a translucent fill and leaves the rest alone', async (t) => {
  const size = 5;
  const frame: Frame = {
    data: new Uint8Array(size * size).fill(100),
    widthPx: size,
    heightPx: size,
    channels: 1,
  };
  // A 3 × 3 square in the middle: its rim is contour, its centre fill.
  const square = Uint8Array.from({ length: 25 }, (_, i) => {
    const [x, y] = [i % size, Math.floor(i / size)];
    return x >= 1 && x <= 3 && y >= 1 && y <= 3 ? 1 : 0;
  });
  const rgb = drawOverlay(frame, [{ id: 1, mask: Mask.fromBitmap(square, size, size) }]);
  const at = (x: number, y: number): number[] => [
    ...rgb.subarray(3 * (y * size + x), 3 * (y * size + x) + 3),
  ];
  t.same(at(0, 0), [100, 100, 100]);
  t.same(at(1, 1), [...objectColour(1)]);
  t.same(at(2, 2), [96, 126, 143], '68 % gray 100, 32 % of the colour 86, 180, 233');
  t.same(frame.data, new Uint8Array(25).fill(100), 'the frame is not drawn on');
  const png = await decode(await encodeOverlayPng(frame, []));
  t.same(png, { channels: 3, values: new Array<number>(75).fill(100) });
});

test('an overlay takes colour frames, with and without alpha', async (t) => {
  const rgb: Frame = { data: Uint8Array.of(1, 2, 3), widthPx: 1, heightPx: 1, channels: 3 };
  const rgba: Frame = { data: Uint8Array.of(1, 2, 3, 9), widthPx: 1, heightPx: 1, channels: 4 };
  t.same([...drawOverlay(rgb, [])], [1, 2, 3]);
  t.same([...drawOverlay(rgba, [])], [1, 2, 3]);
  t.throws(() => drawOverlay(rgb, [{ id: 1, mask: mask(2, 1, 1) }]), { name: 'RangeError' });
});

test('areas are one row per object and frame, empty where the spacing is unknown', async (t) => {
  const meta = { id: 3, captureNs: 1_500_000_000n, widthPx: 2, heightPx: 1, spacingMm: null };
  const objects = [
    { id: 1, mask: mask(2, 1, 1), quality: 0.91239, status: 'tracking' as const },
    { id: 2, mask: mask(2, 0, 0), quality: 0, status: 'lost' as const },
  ];
  const rows = areaRows({ frame: meta, objects }, 500_000_000n);
  t.same(rows, ['3,1.0000,1,2,,0.9124,tracking', '3,1.0000,2,0,,0.0000,lost']);
  t.equal(areasCsv(rows), `${AREAS_HEADER}\n${rows[0]}\n${rows[1]}\n`);
  t.equal(AREAS_HEADER.split(',').length, rows[0].split(',').length);
});

test('an area in mm² is written with two decimals', async (t) => {
  const known = Object.assign(Object.create(Mask.prototype) as Mask, { areaPx: 7, areaMm2: 1.755 });
  const meta = { id: 0, captureNs: 0n, widthPx: 1, heightPx: 1, spacingMm: { x: 0.5, y: 0.5 } };
  const objects = [{ id: 1, mask: known, quality: 1, status: 'tracking' as const }];
  t.match(areaRows({ frame: meta, objects }, 0n)[0], /^0,0\.0000,1,7,1\.7[56],/);
});

test('slices of a volume have no time', (t) => {
  const meta = { id: 2, captureNs: 80_000_000n, widthPx: 2, heightPx: 1, spacingMm: null };
  const objects = [{ id: 1, mask: mask(2, 1, 0), quality: 1, status: 'tracking' as const }];
  t.same(areaRows({ frame: meta, objects }, null), ['2,,1,1,,1.0000,tracking']);
  t.end();
});

test('a file is replaced as a whole and nothing else stays behind', async (t) => {
  const folder = t.testdir({ 'a.txt': 'before' });
  await writeAtomically(join(folder, 'a.txt'), 'after');
  t.equal(await readFile(join(folder, 'a.txt'), 'utf8'), 'after');
  t.same(await readdir(folder), ['a.txt']);
});

test('a write that fails has its own error, and leaves what was there', async (t) => {
  const folder = t.testdir();
  await t.rejects(writeAtomically(join(folder, 'missing', 'a.txt'), 'x'), {
    code: 'WRITE_FAILED',
    stage: 'write',
  });
  // A folder of the same name cannot be replaced by a file: the rename fails after the temporary file was written.
  await mkdir(join(folder, 'taken'));
  await writeFile(join(folder, 'taken', 'inside'), '');
  await t.rejects(writeAtomically(join(folder, 'taken'), 'x'), { code: 'WRITE_FAILED' });
  t.same(await readdir(folder), ['taken']);
});
