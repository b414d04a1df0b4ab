import { test } from 'tap';
import { firstClick, nextClick } from '../../../src/sdk/clicks.js';
import { mask } from '../../support/bitmaps.js';
import { thrown } from '../../support/rejection.js';

test('the first click lies on the centroid', async (t) => {
  t.same(firstClick(mask('.....', '.###.', '.###.', '.###.')), { x: 2.5, y: 2.5, label: 1 });
});

test('where the centroid is outside of the object its nearest pixel is clicked', async (t) => {
  t.same(firstClick(mask('#####', '#...#', '#...#', '#...#')), { x: 2.5, y: 0.5, label: 1 });
});

test('an empty object has no first click', async (t) => {
  t.equal(firstClick(mask('..')), null);
});

test('the next click is in the middle of the largest error, with its sign', async (t) => {
  const truth = mask('###...', '###...', '###...');
  t.same(nextClick(truth, mask('......', '......', '......')), { x: 1.5, y: 1.5, label: 1 });
  t.same(nextClick(truth, mask('######', '######', '######')), { x: 4.5, y: 1.5, label: 0 });
});

test('missed and surplus pixels are errors apart, even where they touch', async (t) => {
  t.same(nextClick(mask('##..'), mask('..##')), { x: 0.5, y: 0.5, label: 1 });
});

test('a pixel is not clicked twice, and nothing is left when all are right', async (t) => {
  const truth = mask('#..');
  const empty = mask('...');
  t.equal(nextClick(truth, empty, [{ x: 0.5, y: 0.5, label: 1 }]), null);
  t.equal(nextClick(truth, truth), null);
});

test('masks of two sizes are refused', async (t) => {
  t.ok(thrown(() => nextClick(mask('##'), mask('#'))) instanceof RangeError);
  t.ok(thrown(() => firstClick('x' as never)) instanceof TypeError);
});
