import { test } from 'tap';
import { clearOf } from '../../../src/live/neighbours.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { TrackedObject } from '../../../src/sdk/types.js';
import { disc } from '../../support/frames.js';

const SIDE = 24;
const mask = (x: number, y: number, radius: number): Mask =>
  Mask.fromBitmap(disc(SIDE, SIDE, [x, y, radius]), SIDE, SIDE);
const object = (id: number, own: Mask): TrackedObject => ({
  id,
  mask: own,
  quality: 1,
  status: 'tracking',
});
const cavity = object(1, mask(12, 12, 5));
const at = (x: number, y: number) => ({ points: [{ x, y, label: 1 as const }] });

test('a wall is outlined around a cavity that has its outline', (t) => {
  const found = mask(12, 12, 9);
  const wall = clearOf(found, [cavity], at(12, 4), { x: 0.5, y: 0.5 });
  t.equal(wall.areaPx, found.areaPx - cavity.mask.areaPx);
  t.equal(wall.areaMm2, wall.areaPx / 4);
  t.equal(wall.score, found.score);
  t.equal(Mask.bitmapOf(wall)[12 * SIDE + 12], 0);
  t.equal(found.areaPx, mask(12, 12, 9).areaPx, 'what was found is not changed');
  t.end();
});

test('a click into an outlined object takes from it', (t) => {
  const found = mask(12, 12, 3);
  t.equal(clearOf(found, [cavity], at(12, 12), null).areaPx, found.areaPx);
  const beside = object(2, mask(21, 12, 2));
  const wide = mask(14, 12, 9);
  const left = clearOf(wide, [cavity, beside], at(21, 12), null);
  t.equal(Mask.bitmapOf(left)[12 * SIDE + 21], 1, 'the patch that was clicked on');
  t.equal(Mask.bitmapOf(left)[12 * SIDE + 10], 0, 'not the other object');
  const background = { points: [{ x: 12, y: 12, label: 0 as const }] };
  t.equal(Mask.bitmapOf(clearOf(wide, [cavity], background, null))[12 * SIDE + 12], 0);
  t.end();
});

test('a box around something inside of an object keeps it, one around a wall does not', (t) => {
  const inner = mask(12, 12, 3);
  t.equal(clearOf(inner, [cavity], { box: [9, 9, 15, 15] }, null), inner);
  const outer = mask(12, 12, 9);
  const left = clearOf(outer, [cavity], { box: [3, 3, 21, 21] }, null);
  t.equal(left.areaPx, outer.areaPx - cavity.mask.areaPx);
  t.equal(clearOf(inner, [], at(12, 12), null).areaPx, inner.areaPx, 'alone');
  t.end();
});
