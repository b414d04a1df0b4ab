import { test } from 'tap';
import { gateOf } from '../../../src/eval/gate.js';

const figures = (dscByClick: number[], noc85: number, boxDsc = 0.9) => ({
  dscByClick,
  noc85,
  boxDsc,
});

test('the worst click of each set decides', async (t) => {
  const result = gateOf(
    { a: figures([0.8, 0.9], 2), b: figures([0.8, 0.9], 2, 0.8) },
    { a: figures([0.796, 0.91], 2.1), b: figures([0.81, 0.894], 1.5, 0.82) },
  );
  t.equal(result.passed, false);
  t.match(result.sets.a, { atClick: 1, passed: true });
  t.equal(result.sets.a.dsc.toFixed(3), '0.004');
  t.equal(result.sets.a.clicks.toFixed(1), '0.1');
  t.match(result.sets.b, { atClick: 2, passed: false });
  t.equal(result.sets.b.boxDsc.toFixed(2), '-0.02');
});

test('more clicks than the bound fail a set whose DSC stayed', async (t) => {
  const result = gateOf({ a: figures([0.8], 2) }, { a: figures([0.8], 2.3) });
  t.equal(result.passed, false);
});

test('a model passes against itself', async (t) => {
  const own = { a: figures([0.8, 0.9], 2) };
  t.equal(gateOf(own, own).passed, true);
});
