// Keeps what evaluation and benchmark runs printed, and renews the table in README.md from it.
//
//   node scripts/results.mjs keep NAME FILE    condenses FILE (JSON) into docs/results/NAME.json
//   node scripts/results.mjs render            writes README's "Measured" section from docs/results
//
// Condensing drops per-object records (they name images of data sets) and machine paths; figures stay as they are.
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const RESULTS = join(ROOT, 'docs/results');
const DROPPED = new Set(['objects', 'records', 'samples', 'problems', 'held', 'free', 'options']);
const CLICKS = ['1', '2', '3', '5', '10'];
const UNSEEN = ['busi', 'camus_2ch', 'camus_4ch', 'mmotu'];

function condense(value, key = '') {
  if (Array.isArray(value)) {
    if (key.endsWith('Ms') || key === 'areaChange') return undefined; // single timings
    return value.map((v) => condense(v));
  }
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value)
    // "objects" is a list of records at the top of a file, but a count inside of figures
    .filter(([k, v]) => !DROPPED.has(k) || typeof v === 'number')
    .map(([k, v]) => [k, condense(v, k)])
    .filter(([, v]) => v !== undefined);
  return Object.fromEntries(kept);
}

function write(path, text) {
  writeFileSync(`${path}.partial`, text);
  renameSync(`${path}.partial`, path);
}

function keep(name, file) {
  const kept = condense(JSON.parse(readFileSync(file, 'utf8')));
  write(join(RESULTS, `${name}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}

const number = (value, digits = 3) => (typeof value === 'number' ? value.toFixed(digits) : '–');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((r) => `| ${r.join(' | ')} |`).join('\n');

const SECTIONS = {
  clicks: (r) => {
    const rows = Object.entries(r.bySet).map(([set, f]) => [
      UNSEEN.includes(set) ? `**${set}**` : set,
      f.objects,
      ...CLICKS.map((k) => number(f.dscAt[k])),
      number(f.maxDsc),
      number(f.over80ByClick[4], 2),
      number(f.boxDsc),
    ]);
    const mean = r.overall.unseen?.bySet;
    if (mean) {
      const dsc = CLICKS.map((k) => number(mean.dscAt[k]));
      const rest = [number(mean.maxDsc), number(mean.over80ByClick[4], 2), number(mean.boxDsc)];
      rows.push(['**mean of the unseen sets**', mean.objects, ...dsc, ...rest]);
    }
    return [
      'Segmentation, INT8: mean DSC after simulated clicks, the best of ten and from a box, and the share of objects of at ' +
        'least 0.80 after five; sets in bold were never trained on.',
      table(['set', 'objects', ...CLICKS.map((k) => `DSC@${k}`), 'max', '≥ 0.80 @5', 'box'], rows),
    ];
  },
  loops: (r, all) => {
    const label = { 1: 'LV', 2: 'myocardium', 3: 'LA', all: 'all' };
    const baselines = all['tracking-baselines']?.loops ?? {};
    const baseline = (name, k) => number(baselines[name]?.dice[k === 'all' ? 'mean' : k]);
    const rows = Object.entries(r.figures).map(([k, f]) => [
      label[k] ?? k,
      f.objects,
      baseline('copied', k),
      baseline('inverse_search', k),
      baseline('graph_flow', k),
      number(f.mean),
    ]);
    return [
      'Tracking, INT8: mean DSC over the cine loops from the true first masks, never corrected; the mask copied and a classical ' +
        'dense flow (OpenCV DIS) beside it, and the flow of the graph without the network. Settings of that flow were chosen ' +
        'with part of these loops in view, so they are not held out for the last two columns.',
      table(['label', 'objects', 'copied', 'DIS alone', 'own flow alone', 'sonotrack'], rows),
    ];
  },
  'tracking-baselines': (r) => {
    const row = (part) =>
      ['copied', 'inverse_search', 'graph_flow', 'tracker'].map((k) =>
        number(r[part][k].dice.mean),
      );
    return [
      'Tracking over one large step (CAMUS ED→ES) and on the thyroid clip, FP32, mean DSC; a quarter of the pairs was in view ' +
        'as above.',
      table(
        ['data', 'copied', 'DIS alone', 'own flow alone', 'sonotrack'],
        [
          ['ED→ES, mean of LV, myocardium, LA', ...row('pairs')],
          ['thyroid nodule', ...row('thyroid')],
        ],
      ),
    ];
  },
  precision: (r) => {
    const rows = Object.entries(r.calls).map(([call, t]) => [
      `\`${call}\``,
      number(t.int8.p50Ms, 1),
      number(t.fp32.p50Ms, 1),
      number(t.ratioP50, 2),
    ]);
    return [
      `Time of a call, p50 in ms, interleaved in one run (${r.machine.cpu}, ${r.machine.cores} cores).`,
      table(['call', 'INT8', 'FP32', 'ratio'], rows),
    ];
  },
};

function render() {
  const all = Object.fromEntries(
    readdirSync(RESULTS)
      .filter((f) => f.endsWith('.json'))
      .map((f) => [f.slice(0, -5), JSON.parse(readFileSync(join(RESULTS, f), 'utf8'))]),
  );
  const parts = Object.entries(SECTIONS)
    .filter(([name]) => all[name])
    .flatMap(([name, section]) => section(all[name], all));
  const path = join(ROOT, 'README.md');
  const readme = readFileSync(path, 'utf8');
  const span = /(<!-- results:begin[^\n]*-->\n)[\s\S]*?(<!-- results:end -->)/;
  if (!span.test(readme))
    throw new Error('expected the markers results:begin and results:end in README.md');
  write(
    path,
    readme.replace(span, (_, begin, end) => `${begin}\n${parts.join('\n\n')}\n\n${end}`),
  );
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'keep' && rest.length === 2) keep(...rest);
else if (command === 'render') render();
else {
  console.error('usage: node scripts/results.mjs keep NAME FILE | render');
  process.exitCode = 2;
}
