// The committed evaluation: `sonotrack eval` over every set and clip of a data folder, its figures and plots kept in docs.
//
//   node scripts/evaluate.mjs DATA [--baseline FP32] [--max-images N] [--max-clips N] [--dry] [-- more options of eval]
//
// DATA holds eval/SET (images/, masks/, meta.json) and clips/labelled/CLIP (frames/, masks/). The figures go to
// docs/results/evaluation.json, from which `results.mjs render` writes docs/explanation/evaluation.md; the plots to
// docs/images/evaluation; with --baseline, a bundle of the same weights in FP32, what INT8 loses goes to docs/results/gate.json.
// No picture and no record of a single image is kept. --dry: everything but the files of docs.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PLOTS = join(ROOT, 'docs/images/evaluation');

/** Clips by the beginning of their names: the set that they make, and what their labels are. */
const CLIP_SETS = [
  { begins: 'loop_', set: 'cardiac loops', objects: { 1: 'LV', 2: 'myocardium', 3: 'LA' } },
  { begins: '', set: 'thyroid nodule', objects: { 1: 'nodule' } },
];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    baseline: { type: 'string' },
    'max-images': { type: 'string' },
    'max-clips': { type: 'string', default: 'Infinity' },
    dry: { type: 'boolean', default: false },
  },
});
const [data, ...more] = positionals;
if (!data) throw new Error('expected the folder of the data');

const folder = mkdtempSync(join(tmpdir(), 'sonotrack-evaluate-'));
try {
  const input = join(folder, 'data');
  gather(resolve(data), input);
  const out = join(folder, 'out');
  const images = options['max-images'];
  const began = performance.now();
  const command = ['eval', input, '--out', out, '--no-pictures', '--quiet', ...more];
  if (images) command.push('--max-images', images);
  if (options.baseline) command.push('--baseline', resolve(options.baseline));
  try {
    run('dist/cli/main.js', ...command);
  } catch (error) {
    // Too great a loss to the baseline is a figure like any other.
    if (!options.baseline || !existsSync(join(out, 'eval.json'))) throw error;
  }
  console.log(`${((performance.now() - began) / 60000).toFixed(1)} minutes`);
  if (!options.dry) {
    const names = ['evaluation', ...(options.baseline ? ['gate'] : [])];
    for (const name of names) run('scripts/results.mjs', 'keep', name, join(out, 'eval.json'));
    rmSync(PLOTS, { recursive: true, force: true });
    mkdirSync(PLOTS, { recursive: true });
    for (const name of readdirSync(join(out, 'plots'))) {
      // one curve a clip is too much for a document
      if (!name.startsWith('clip-')) copyFileSync(join(out, 'plots', name), join(PLOTS, name));
    }
    run('scripts/results.mjs', 'render');
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** One folder of links, as eval wants it. */
function gather(from, to) {
  mkdirSync(to);
  for (const set of readdirSync(join(from, 'eval'))) {
    const path = join(from, 'eval', set);
    if (existsSync(join(path, 'images'))) symlinkSync(path, join(to, set));
  }
  const clips = join(from, 'clips/labelled');
  const names = existsSync(clips) ? readdirSync(clips).sort() : [];
  const left = new Map(CLIP_SETS.map(({ set }) => [set, Number(options['max-clips'])]));
  for (const name of names) {
    if (!existsSync(join(clips, name, 'frames'))) continue;
    const { set, objects } = CLIP_SETS.find(({ begins }) => name.startsWith(begins));
    if (left.get(set) < 1) continue;
    left.set(set, left.get(set) - 1);
    const path = join(to, set);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'meta.json'), JSON.stringify({ objects }));
    symlinkSync(join(clips, name), join(path, name));
  }
}

function run(script, ...args) {
  execFileSync(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, stdio: 'inherit' });
}
