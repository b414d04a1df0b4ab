// Fuzzes what the native code does with what it is given, under AddressSanitizer and UndefinedBehaviorSanitizer.
//
//   node scripts/fuzz-native.mjs [--seconds 600] [--jobs 2] [--keep] [--out docs/results/fuzz-native.json]
//
// Builds native/tests/fuzz with clang into build/fuzz and runs each program for so long, beginning with its corpus (0: over the
// corpus alone). An input that breaks a program stays in build/fuzz/findings, and the exit code is 1. `--keep` puts what was
// found on the way, as few inputs as reach all of it, back into the corpus: native/tests/fuzz/corpus/PROGRAM.tar.gz.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report } from '../benchmarks/lib.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    jobs: { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = join(ROOT, 'native/tests/fuzz');
const BUILD = join(ROOT, 'build/fuzz');
const FINDINGS = join(BUILD, 'findings');
const LONGEST_INPUT = 4096;

const run = (command, args) =>
  execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
const corpusOf = (name) => join(SOURCES, 'corpus', `${name}.tar.gz`);

/** The program over these arguments: what it wrote, and its exit code. */
async function fuzzer(name, ...args) {
  const program = join(BUILD, 'native/tests/fuzz', `${name}_fuzz`);
  const child = spawn(program, [...args, `-max_len=${LONGEST_INPUT}`, '-print_final_stats=1']);
  const [log, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { log, exitCode };
}

/** As few inputs as reach what all of `inputs` reach, packed; beside the file first, then renamed. */
async function keep(name, inputs, folder) {
  const least = join(folder, 'least');
  mkdirSync(least);
  const { log, exitCode } = await fuzzer(name, '-merge=1', least, inputs);
  if (exitCode !== 0) throw new Error(`${name} could not merge its corpus:\n${log}`);
  mkdirSync(dirname(corpusOf(name)), { recursive: true });
  const partial = `${corpusOf(name)}.partial`;
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  run('tar', [...same, '-czf', partial, '-C', least, '.']);
  renameSync(partial, corpusOf(name));
}

async function fuzz(name) {
  const folder = mkdtempSync(join(tmpdir(), `sonotrack-fuzz-${name}-`));
  try {
    const inputs = join(folder, 'inputs');
    mkdirSync(inputs);
    if (existsSync(corpusOf(name))) run('tar', ['-xzf', corpusOf(name), '-C', inputs]);
    const known = readdirSync(inputs).length;
    const limit = seconds > 0 ? `-max_total_time=${seconds}` : '-runs=0';
    const prefix = `-artifact_prefix=${FINDINGS}/${name}-`;
    const { log, exitCode } = await fuzzer(name, limit, prefix, inputs);
    if (exitCode !== 0) console.error(`${name}:\n${log.slice(-8000)}`);
    else if (options.keep) await keep(name, inputs, folder);
    const figure = (pattern) => Number(pattern.exec(log)?.[1]);
    const result = {
      inputs: known,
      executions: figure(/stat::number_of_executed_units:\s*(\d+)/),
      edges: Math.max(...[...log.matchAll(/cov: (\d+)/g)].map(([, edges]) => Number(edges))),
      findings: exitCode === 0 ? 0 : 1,
    };
    console.error(`${name}: ${JSON.stringify(result)}`);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

console.error('== building');
mkdirSync(FINDINGS, { recursive: true });
run('cmake', [
  ...['-S', ROOT, '-B', BUILD, '-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1'],
  ...['-DSONOTRACK_BUILD_TESTS=ON', '-DSONOTRACK_BUILD_FUZZERS=ON'],
  '-DCMAKE_CXX_COMPILER=clang++',
  '-DSONOTRACK_SANITIZE=fuzzer-no-link,address,undefined',
]);
const names = readdirSync(SOURCES)
  .map((file) => /^(\w+)_fuzz\.cc$/.exec(file)?.[1])
  .filter(Boolean)
  .sort();
const targets = names.map((name) => `${name}_fuzz`);
run('cmake', ['--build', BUILD, '--parallel', options.jobs, '--target', ...targets]);

console.error('== fuzzing');
const programs = {};
const waiting = [...names];
const worker = async () => {
  for (let name = waiting.shift(); name; name = waiting.shift()) programs[name] = await fuzz(name);
};
await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
const sorted = Object.fromEntries(names.map((name) => [name, programs[name]]));
report({ scenario: 'fuzz-native', secondsEach: seconds, programs: sorted }, options.out);
if (Object.values(programs).some(({ findings }) => findings > 0)) process.exitCode = 1;
