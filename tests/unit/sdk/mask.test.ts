import { test } from 'tap';
import { Mask } from '../../../src/sdk/mask.js';
import { bitmap, mask } from '../../support/bitmaps.js';
import { thrown } from '../../support/rejection.js';

test('a mask knows area, half-open box and contours of its pixels', async (t) => {
  const m = mask('...', '.##', '..#');
  t.same([m.widthPx, m.heightPx, m.areaPx], [3, 3, 3]);
  t.same(m.box, [1, 1, 3, 3]);
  t.same(m.rle(), { size: [3, 3], counts: [4, 1, 2, 2] });
  t.same(
    m.contours().map((c) => [...c]),
    [[1, 1, 3, 1, 3, 3, 2, 3, 2, 2, 1, 2]],
  );
  t.equal(m.score, 1);
  t.equal(m.candidates, undefined);
});

test('an empty mask has no box', async (t) => {
  const m = mask('..', '..');
  t.equal(m.areaPx, 0);
  t.equal(m.box, null);
  t.same(m.contours(), []);
  t.same(m.rle().counts, [4]);
});

test('fromBitmap copies and takes any non-zero as 1, in views with an offset too', async (t) => {
  const buffer = Uint8Array.of(9, 9, 0, 255, 7, 0);
  const view = buffer.subarray(2);
  const m = Mask.fromBitmap(view, 2, 2);
  view.fill(1);
  t.same(m.toBitmap(), Uint8Array.of(0, 1, 1, 0));
});

test('toBitmap gives a fresh copy', async (t) => {
  const m = mask('#.');
  m.toBitmap().fill(0);
  t.same(m.toBitmap(), bitmap('#.'));
});

test('mm² need a spacing, and are null without one', async (t) => {
  const engineMask = { bitmap: bitmap('##.'), areaPx: 2, box: [0, 0, 2, 1], score: 0.5 } as const;
  const frame = { widthPx: 3, heightPx: 1 };
  const of = (spacingMm: { x: number; y: number } | null): Mask =>
    Mask.fromEngine({ ...engineMask, box: [0, 0, 2, 1] }, { ...frame, spacingMm });
  t.equal(of({ x: 0.5, y: 0.25 }).areaMm2, 0.25);
  t.equal(of(null).areaMm2, null);
  t.equal(mask('##.').areaMm2, null);
});

test('fromBitmap refuses other kinds, sizes that do not fit and sides that are none', async (t) => {
  t.ok(thrown(() => Mask.fromBitmap([1] as unknown as Uint8Array, 1, 1)) instanceof TypeError);
  t.equal(
    thrown(() => Mask.fromBitmap(new Uint8Array(5), 2, 3)).message,
    'expected 6 samples (3 × 2) for `bitmap` but received Uint8Array(5) (object)',
  );
  for (const side of [0, 1.5, NaN, 16385]) {
    t.ok(thrown(() => Mask.fromBitmap(new Uint8Array(0), side, 1)) instanceof RangeError);
  }
  t.ok(thrown(() => Mask.fromBitmap(new Uint8Array(1), '1' as never, 1)) instanceof TypeError);
});
