import { test, type Test } from 'tap';
import { fractionalAreaChange } from '../../../../src/sdk/measure/area-change.js';
import { measureShape } from '../../../../src/sdk/measure/shape.js';
import { measureVolume } from '../../../../src/sdk/measure/volume.js';
import { Mask } from '../../../../src/sdk/mask.js';
import { disc } from '../../../support/frames.js';

const mask = (w: number, ...rows: number[]): Mask =>
  Mask.fromBitmap(Uint8Array.from(rows), w, rows.length / w);

function near(t: Test, value: number | undefined, expected: number, name: string): void {
  const off = Math.abs((value ?? NaN) - expected);
  t.ok(off <= 1e-9 * Math.max(1, expected), `${name}: ${value} for ${expected}`);
}

/** 4 × 4 with a block of 2 × 2 in its middle. */
const BLOCK = mask(4, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0);

test('a square of 2 × 2 px, by hand', async (t) => {
  const { px, mm } = measureShape(BLOCK, null);
  t.equal(mm, null, 'no millimetres without a spacing');
  t.equal(px.area, 4);
  // Two rows and two columns are entered, three diagonals each way, these 1/√2 apart: π/4 (2 + 2 + 6/√2).
  near(t, px.perimeter, (Math.PI / 4) * (4 + 6 / Math.SQRT2), 'perimeter');
  near(t, px.maxFeret, Math.sqrt(8), 'the diagonal');
  near(t, px.minFeret, 2, 'the side');
  // Second moments of a square are side² / 12 = 1/3: both semi-axes are 2 / √3.
  near(t, px.ellipse?.majorAxis, 4 / Math.sqrt(3), 'major');
  near(t, px.ellipse?.minorAxis, 4 / Math.sqrt(3), 'minor');
  near(t, px.ellipse?.circumference, (4 / Math.sqrt(3)) * Math.PI, 'of a circle');
  t.same(px.ellipse?.centre, { x: 2, y: 2 });
});

test('in millimetres x and y have their own lengths', async (t) => {
  const { mm } = measureShape(BLOCK, { x: 3, y: 4 });
  near(t, mm?.area, 48, 'area');
  near(t, mm?.maxFeret, 10, 'diagonal of 6 × 8');
  near(t, mm?.minFeret, 6, 'the shorter side');
  near(t, mm?.ellipse?.majorAxis, 16 / Math.sqrt(3), 'major, along y');
  near(t, mm?.ellipse?.minorAxis, 12 / Math.sqrt(3), 'minor');
  near(t, Math.abs(mm?.ellipse?.angleDegrees ?? 0), 90, 'angle');
  t.same(mm?.ellipse?.centre, { x: 6, y: 8 });
  // Angles of the directions: 0, a, 90, 180 − a with tan a = 4/3; rows 4 apart, columns 3, diagonals 12/5.
  const a = Math.atan2(4, 3);
  const [flat, steep, slanted] = [a, Math.PI - 2 * a, Math.PI / 4];
  near(t, mm?.perimeter, flat * 4 * 2 + (steep / 2) * 3 * 2 + 2 * slanted * 2.4 * 3, 'perimeter');
});

test('a row along the diagonal leans by 45 degrees downwards', async (t) => {
  const { px } = measureShape(mask(3, 1, 0, 0, 0, 1, 0, 0, 0, 1), null);
  near(t, px.ellipse?.angleDegrees, 45, 'angle');
  near(t, px.maxFeret, Math.sqrt(18), 'corner to corner');
  near(t, px.minFeret, Math.SQRT2, 'across');
});

test('a disc: every measure within 1 % of the circle', async (t) => {
  const circle = Mask.fromBitmap(disc(200, 200, [100, 100, 80]), 200, 200);
  const { px } = measureShape(circle, null);
  const within = (value: number, exact: number, name: string): void => {
    t.ok(Math.abs(value / exact - 1) < 0.01, `${name}: ${value} for ${exact}`);
  };
  within(px.perimeter, 2 * Math.PI * 80, 'perimeter');
  within(px.ellipse?.circumference ?? 0, 2 * Math.PI * 80, 'circumference');
  within(px.maxFeret, 160, 'max Feret');
  within(px.minFeret, 160, 'min Feret');
});

test('an empty mask measures nothing; wrong arguments are refused', async (t) => {
  const { px } = measureShape(mask(2, 0, 0), null);
  t.same(px, { area: 0, perimeter: 0, ellipse: null, maxFeret: 0, minFeret: 0 });
  t.throws(() => measureShape({} as Mask, null), { name: 'TypeError' });
  t.throws(() => measureShape(BLOCK, { x: 0, y: 1 }), { name: 'RangeError' });
});

test('fractional area change with the peaks of two beats', async (t) => {
  const change = fractionalAreaChange([18, 20, 15, 10, 10.5, 10, 16, 19, null, 12, 8, 9]);
  t.match(change, {
    largest: { frame: 1, area: 20 },
    smallest: { frame: 10, area: 8 },
    fraction: 0.6,
    beats: [
      { diastole: { frame: 1, area: 20 }, systole: { frame: 3, area: 10 }, fraction: 0.5 },
      { diastole: { frame: 7, area: 19 }, systole: { frame: 10, area: 8 } },
    ],
  });
  near(t, change?.beats[1].fraction, 11 / 19, 'second beat');
  t.equal(change?.beats.length, 2);
});

test('a still structure changes by nothing and has no beats; nothing seen is null', async (t) => {
  t.match(fractionalAreaChange([5, 5, 5]), { fraction: 0, beats: [] });
  t.equal(fractionalAreaChange([null, 0]), null);
  t.equal(fractionalAreaChange([]), null);
  t.throws(() => fractionalAreaChange([NaN]), { name: 'TypeError', message: /areas\[0\]/ });
});

test('the volume of a stack, or null without its distances', async (t) => {
  const spacingMm = { x: 0.5, y: 2 };
  t.same(measureVolume([BLOCK, BLOCK, BLOCK], { spacingMm, sliceSpacingMm: 3 }), {
    voxels: 12,
    mm3: 36,
  });
  t.same(measureVolume([BLOCK], { spacingMm, sliceSpacingMm: null }), { voxels: 4, mm3: null });
  t.same(measureVolume([BLOCK], { spacingMm: null, sliceSpacingMm: 1 }), { voxels: 4, mm3: null });
  t.throws(() => measureVolume([{} as Mask], { spacingMm, sliceSpacingMm: 1 }), {
    name: 'TypeError',
  });
});
