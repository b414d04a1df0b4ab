import { test } from 'tap';
import { clickTarget } from '../../../src/live/click-target.js';
import { Mask } from '../../../src/sdk/mask.js';
import type { TrackedObject } from '../../../src/sdk/types.js';

/** An object that covers columns x0 … x1 − 1 of a 10 × 2 frame. */
function columns(id: number, x0: number, x1: number): TrackedObject {
  const bitmap = Uint8Array.from({ length: 20 }, (_, i) => (i % 10 >= x0 && i % 10 < x1 ? 1 : 0));
  return { id, mask: Mask.fromBitmap(bitmap, 10, 2), quality: 1, status: 'tracking' };
}

const objects = [columns(1, 0, 2), columns(2, 6, 8)];
const at = (x: number, label: 0 | 1) => ({ x, y: 1, label });

test('a click on an object is about it, whatever its label', async (t) => {
  t.equal(clickTarget(objects, at(1.5, 1)), 1);
  t.equal(clickTarget(objects, at(6.5, 0)), 2);
});

test('a foreground click beside every object starts a new one', async (t) => {
  t.equal(clickTarget(objects, at(4, 1)), null);
  t.equal(clickTarget([], at(4, 1)), null);
});

test('a background click beside every object is about the nearest', async (t) => {
  t.equal(clickTarget(objects, at(3, 0)), 1);
  t.equal(clickTarget(objects, at(5, 0)), 2);
  t.equal(clickTarget([], at(5, 0)), null);
});

test('the far border of the frame belongs to its last pixel', async (t) => {
  t.equal(clickTarget([columns(3, 8, 10)], { x: 10, y: 2, label: 1 }), 3);
});
