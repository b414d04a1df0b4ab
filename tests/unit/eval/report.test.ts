import { test } from 'tap';
import { compareObjects } from '../../../src/eval/compare.js';
import { figuresOf, type ObjectRecord } from '../../../src/eval/figures.js';
import { evaluationPlots } from '../../../src/eval/plots.js';
import { evaluationCsv, evaluationHtml, evaluationMarkdown } from '../../../src/eval/report.js';
import { evaluateTracking } from '../../../src/eval/tracking-figures.js';

const objects: ObjectRecord[] = [0.5, 0.75].map((dsc, i) => ({
  set: 'breast, left',
  id: String(i),
  label: 1,
  dsc: [dsc, 1],
  boxDsc: dsc,
  clicks: [],
}));
const figures = figuresOf(objects);
const evaluation = {
  clicks: {
    sets: { 'breast, left': figures },
    labels: {},
    meanOfSets: { ...figures },
    setImageP50Ms: 1,
    predictP50Ms: 1,
    objects: [],
  },
  tracking: evaluateTracking(
    [
      {
        set: 'hearts',
        clip: 'loop <1>',
        label: 1,
        startClicks: 1,
        startDsc: 1,
        trackedDsc: [1, 0.8],
        finalDsc: [1, 1],
        interventions: [{ frame: 2, dscBefore: 0.8, clicks: 1, dscAfter: 1 }],
      },
    ],
    () => 'LV',
  ),
  comparison: null,
  strips: [{ title: '<p>', pictures: [{ png: new Uint8Array([1]), caption: '1 click' }] }],
};

test('the document has each set with its means and intervals', async (t) => {
  const text = evaluationMarkdown(evaluation);
  t.match(text, '| breast, left | 2 | 0.625 (0.500–0.750) | 1.000 (1.000–1.000) |');
  t.match(text, '| hearts | 1 | 1 | 1.00 (1.00–1.00) | 10.0 % | 1.00 (1.00–1.00) |');
});

test('the table for spreadsheets quotes names and has one row a figure', async (t) => {
  const rows = evaluationCsv(evaluation).split('\r\n');
  t.equal(rows[0], 'part,set,label,figure,clicks,value,low,high');
  t.ok(rows.includes('segmentation,"breast, left",,dscByClick,1,0.62500,0.50000,0.75000'));
  t.ok(rows.includes('tracking,hearts,,over90,,0.50000,,'));
  t.equal(rows.at(-1), '');
});

test('the page has a plot a clip and escapes its name', async (t) => {
  const page = evaluationHtml(evaluation);
  t.equal(page.match(/<svg /g)?.length, 7);
  t.match(page, 'hearts/loop &lt;1&gt;: DSC as tracked; interventions at frames 2');
  t.notMatch(page, /loop <1>|<p></);
  t.match(page, 'data:image/png;base64,AQ==');
  t.match(page, '&lt;p&gt;');
});

test('every plot has a name that a file can have', async (t) => {
  const names = evaluationPlots(evaluation).map(({ name }) => name);
  t.same(names, [
    'dsc-by-clicks',
    'over-80-by-clicks',
    'clicks-needed',
    'interventions',
    'clicks-a-loop',
    'tracked-dsc-over-time',
    'clip-hearts-loop-1-',
  ]);
});

test('a comparison has a plot of both for all and for each set', async (t) => {
  const comparison = compareObjects(objects, objects);
  const plots = evaluationPlots({ ...evaluation, clicks: null, tracking: null, comparison });
  t.same(
    plots.map(({ name }) => name),
    ['compared-all', 'compared-breast-left'],
  );
  t.same(
    plots[0].series.map(({ points }) => points.map(({ y }) => y)),
    [
      [0.625, 1],
      [0.625, 1],
    ],
  );
});
