import { test } from 'tap';
import { figuresOf, type ObjectRecord } from '../../../src/eval/figures.js';
import { evaluationCsv, evaluationHtml, evaluationMarkdown } from '../../../src/eval/report.js';
import { evaluateRecords } from '../../../src/eval/tracking-figures.js';

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
  tracking: evaluateRecords(
    [
      {
        set: 'hearts',
        clip: 'loop <1>',
        label: 1,
        frames: 3,
        startClicks: 1,
        startDsc: 1,
        tracked: [1, 0.8],
        final: [1, 1],
        interventions: [{ frame: 2, drop: 0.1, clicks: 1, settled: true }],
      },
    ],
    () => 'LV',
  ),
  comparison: null,
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
  t.equal(page.match(/<svg /g)?.length, 3);
  t.match(page, 'loop &lt;1&gt;: DSC as tracked; interventions at frames 2');
  t.notMatch(page, /loop <1>/);
});
