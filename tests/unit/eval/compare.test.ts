import { test } from 'tap';
import { compareObjects } from '../../../src/eval/compare.js';
import type { ObjectRecord } from '../../../src/eval/figures.js';
import { thrown } from '../../support/rejection.js';

const record = (id: string, dsc: number[], set = 'a'): ObjectRecord => ({
  set,
  id,
  label: 1,
  dsc,
  boxDsc: dsc[0],
  clicks: [],
});

test('objects of both are paired, those of one left out, shorter clicks compared', async (t) => {
  const own = [record('1', [0.5, 0.75]), record('2', [0.5, 1]), record('x', [1, 1], 'b')];
  const other = [record('2', [0.25, 0.5, 1]), record('1', [0.25, 0.75, 1]), record('y', [1, 1])];
  const { pairs, sets } = compareObjects(own, other);
  t.equal(pairs, 2);
  t.same(Object.keys(sets), ['all', 'a']);
  t.same(sets.a.dscByClick[0], { mean: 0.25, interval: [0.25, 0.25] });
  t.equal(sets.a.dscByClick.length, 2);
  t.equal(sets.a.dscByClick[1].mean, 0.25);
  t.same(sets.a.dscByClick[1].interval, [0, 0.5]);
  t.equal(sets.a.maxDsc.mean, 0.25);
  t.equal(sets.a.noc90.mean, 0, 'two clicks where one of two is not reached');
});

test('evaluations that share no object are refused', async (t) => {
  t.match(
    thrown(() => compareObjects([record('1', [1])], [record('2', [1])])),
    { code: 'SOURCE_INVALID' },
  );
});
