// How the native engine scales: `node benchmarks/scaling.mjs [--rounds 40] [--out FILE]`. By threads, how long they spin, and objects, each
// setting a device of its own in a process of its own, in turns; and what an installation takes: the time from the start of a
// process to its first mask, with an empty cache and with a full one, and bytes on the disk.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantile, report } from './lib.mjs';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, out: { type: 'string' } },
});
const TURNS = 3;
const OBJECTS = [1, 2, 5, 10];
const SPIN_US = [0, 50, 1000];
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'sonotrack-scaling-'));

const base = JSON.parse(readFileSync(join(ROOT, 'firmware-profiles/x86-cpu.json'), 'utf8'));
/** Path of a profile with these settings. */
function profile(name, settings) {
  const path = join(dir, `${name}.json`);
  const { $schema: _, ...fields } = base;
  writeFileSync(path, JSON.stringify({ ...fields, name, ...settings }));
  return path;
}

const cli = (...args) =>
  JSON.parse(
    execFileSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args, '--json', '--quiet'], {
      encoding: 'utf8',
    }),
  );
const bench = (path, rounds, objects) =>
  cli('bench', '--profile', path, '--rounds', String(rounds), '--objects', objects.join());
const p50 = (values) => quantile(values, 0.5);

function bytesOf(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

try {
  const settings = [1, 2].flatMap((threads) =>
    SPIN_US.map((spinUs) => ({
      threads,
      spinUs,
      path: profile(`t${threads}-${spinUs}`, { threads, spinUs }),
      runs: [],
    })),
  );
  for (let turn = 0; turn < TURNS; turn++) {
    for (const setting of turn % 2 ? [...settings].reverse() : settings) {
      setting.runs.push(bench(setting.path, options.rounds, OBJECTS));
    }
  }
  const runs = settings.map(({ threads, spinUs, runs }) => {
    const calls = runs[0].calls.map(({ call }, i) => [
      call,
      p50(runs.map((r) => r.calls[i].p50Ms)),
    ]);
    return { threads, spinUs, p50Ms: Object.fromEntries(calls) };
  });

  const cache = join(dir, 'cache');
  const cached = profile('cached', { engineCacheDir: cache });
  const starts = { empty: [], full: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    rmSync(cache, { recursive: true, force: true });
    for (const kind of ['empty', 'full']) starts[kind].push(bench(cached, 1, [1]));
  }
  const start = Object.fromEntries(
    Object.entries(starts).map(([kind, all]) => [
      kind,
      { openMs: p50(all.map((r) => r.openMs)), firstMaskMs: p50(all.map((r) => r.firstMaskMs)) },
    ]),
  );
  const [{ size, unpackedSize }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const MiB = 2 ** 20;
  const install = {
    packedMiB: size / MiB,
    unpackedMiB: unpackedSize / MiB,
    modelsMiB: bytesOf(join(ROOT, 'models/lite')) / MiB,
  };
  report(
    { scenario: 'scaling', rounds: Number(options.rounds), runs, start, install },
    options.out,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
