import { test } from 'tap';
import { figuresOf, type ObjectRecord } from '../../../src/eval/figures.js';

const record = (dsc: number[], change: Partial<ObjectRecord> = {}): ObjectRecord => ({
  set: 'a',
  id: '1',
  label: 1,
  dsc,
  boxDsc: 0.5,
  clicks: [],
  ...change,
});

test('means, shares and numbers of clicks by hand', async (t) => {
  const figures = figuresOf([
    record([0.7, 0.86, 0.8], { boxDsc: 0.6, clicks: [{ label: 1, obeyed: true }] }),
    record([0.9, 0.8, 0.82], {
      boxDsc: 1,
      id: '2',
      clicks: [
        { label: 1, obeyed: false },
        { label: 0, obeyed: true },
      ],
    }),
  ]);
  t.equal(figures.images, 2);
  t.equal(figures.objects, 2);
  t.same(
    figures.dscByClick.map((v) => v.toFixed(2)),
    ['0.80', '0.83', '0.81'],
  );
  t.same(figures.over80ByClick, [0.5, 1, 1]);
  t.equal(figures.maxDsc, 0.88);
  t.equal(figures.noc85, 1.5);
  t.equal(figures.noc90, 2, 'all three clicks where it is not reached');
  t.equal(figures.boxDsc, 0.8);
  t.equal(figures.obeyedForeground, 0.5);
  t.equal(figures.obeyedBackground, 1);
  t.equal(figures.largestFall.toFixed(2), '0.02');
});

test('two objects of one image are one image, and clicks not given have no share', async (t) => {
  const figures = figuresOf([record([1]), record([1], { label: 2 })]);
  t.equal(figures.images, 1);
  t.equal(figures.obeyedBackground, null);
  t.equal(figures.largestFall, 0);
});
