// Keeps what evaluation and benchmark runs printed, and renews the tables of the documents from it.
//
//   node scripts/results.mjs keep NAME FILE    condenses FILE (JSON) into docs/results/NAME.json
//   node scripts/results.mjs render            writes the tables between `results:` markers from docs/results
//
// Condensing drops per-object records (they name images of data sets) and machine paths; figures stay as they are.
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MODEL_SECTIONS } from './result-sections.mjs';
import { RUNTIME_SECTIONS } from './runtime-sections.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const RESULTS = join(ROOT, 'docs/results');
const SECTIONS = { ...MODEL_SECTIONS, ...RUNTIME_SECTIONS };
const DOCUMENTS = [
  'README.md',
  'docs/explanation/segmentation.md',
  'docs/explanation/evaluation.md',
  'docs/reference/sources.md',
  'docs/how-to/annotate-clips.md',
  'docs/explanation/live-session.md',
  'docs/explanation/performance.md',
  'docs/explanation/security.md',
];
const DROPPED = new Set(['objects', 'records', 'samples', 'problems', 'held', 'free', 'options']);
function condense(value, key = '') {
  if (Array.isArray(value)) {
    if (key.endsWith('Ms') || key === 'areaChange') return undefined; // single timings
    return value.map((v) => condense(v));
  }
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value)
    // "objects" is a list of records at the top of a file, but a count inside of figures, and timings by their number
    .filter(([k, v]) =>
      k === 'objects' ? !Array.isArray(v) : !DROPPED.has(k) || typeof v === 'number',
    )
    .map(([k, v]) => [k, condense(v, k)])
    .filter(([, v]) => v !== undefined);
  return Object.fromEntries(kept);
}

function write(path, text) {
  writeFileSync(`${path}.partial`, text);
  renameSync(`${path}.partial`, path);
}

/** Of tracked clips, whose records are dropped, the mean DSC of each that was never corrected. */
function freeByClip(clips) {
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  return Object.fromEntries(
    clips.free.map(({ name, records }) => [name, mean(records.flatMap((r) => r.tracked))]),
  );
}

function keep(name, file) {
  const value = JSON.parse(readFileSync(file, 'utf8'));
  if (value.clips?.free) value.clips.freeByClip = freeByClip(value.clips);
  const kept = condense(value);
  write(join(RESULTS, `${name}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}

/** The validation records of SonoSAMLite's training runs, the oldest first: name → [{ step, dsc, box }]. */
function trainingCurves() {
  const runs = join(ROOT, 'training/runs');
  const files = readdirSync(runs).map((file) => /^sonosam-(.*)\.jsonl$/.exec(file));
  const names = files.flatMap((found) => (found ? [found[1]] : []));
  return Object.fromEntries(
    names.sort().map((name) => {
      const text = readFileSync(join(runs, `sonosam-${name}.jsonl`), 'utf8');
      const records = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      return [name, records.filter((r) => r.event === 'validation' || r.event === 'end')];
    }),
  );
}

function render() {
  const all = { training: trainingCurves() };
  for (const file of readdirSync(RESULTS).filter((f) => f.endsWith('.json'))) {
    all[file.slice(0, -5)] = JSON.parse(readFileSync(join(RESULTS, file), 'utf8'));
  }
  // Shorter forms of the evaluation, for the README.
  all.segmentation = all['paper-loop'] = all.evaluation;
  const span = /(<!-- results: ([\w -]+?) \([^\n]*-->\n)[\s\S]*?(<!-- results end -->)/g;
  for (const document of DOCUMENTS) {
    const path = join(ROOT, document);
    const text = readFileSync(path, 'utf8').replace(span, (_, begin, names, end) => {
      const measured = names.split(' ').filter((name) => all[name]);
      const parts = measured.flatMap((name) => SECTIONS[name](all[name], all));
      return `${begin}\n${parts.join('\n\n')}\n\n${end}`;
    });
    write(path, text);
  }
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'keep' && rest.length === 2) keep(...rest);
else if (command === 'render') render();
else {
  console.error('usage: node scripts/results.mjs keep NAME FILE | render');
  process.exitCode = 2;
}
