import { test } from 'tap';
import { intervalOfMean } from '../../../src/eval/bootstrap.js';

test('the interval of equal values is that value', async (t) => {
  t.same(intervalOfMean([0.5, 0.5, 0.5], ['a', 'b', 'c']), [0.5, 0.5]);
});

test('for many values it is 1.96 standard errors to either side, the same at every call', async (t) => {
  // 0, 1, 0, 1, …: standard deviation 1/2, standard error of 400 values 1/40.
  const values = Array.from({ length: 400 }, (_, i) => i % 2);
  const groups = values.map((_, i) => String(i));
  const [low, high] = intervalOfMean(values, groups);
  t.ok(Math.abs(low - (0.5 - 1.96 / 40)) < 0.006, `${low}`);
  t.ok(Math.abs(high - (0.5 + 1.96 / 40)) < 0.006, `${high}`);
  t.same(intervalOfMean(values, groups), [low, high]);
});

test('values of one group are drawn together', async (t) => {
  // Two groups: a mean of 0, 1/2 or 1, the outer ones in a quarter of the draws each.
  t.same(intervalOfMean([0, 0, 1, 1], ['a', 'a', 'b', 'b']), [0, 1]);
});
