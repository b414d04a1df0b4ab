/** `engines build` and `bench` on the shipped bundle. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { runBatch } from '../../support/cli.js';
import { skipOf } from '../engines.js';

test(
  'graphs are built ahead of time, and taken from there',
  { skip: skipOf('native') },
  async (t) => {
    const dir = t.testdir();
    const cache = join(dir, 'cache');
    const build = ['engines', 'build', '--cache-dir', cache, '--json', '--quiet'];
    const runs = await runBatch([
      build,
      build,
      ['engines', 'build', '--profile', 'jetson-orin-nano', '--cache-dir', cache, '--quiet'],
      ['engines', 'build'],
      [...build, '--engine', 'onnxruntime-node'],
    ]);
    t.same(
      runs.map(({ code }) => code),
      [0, 0, 0, 2, 2],
      runs.map(({ stderr }) => stderr).join(''),
    );
    const graphs = (stdout: string): { graph: string; provider: string; fromCache: boolean }[] =>
      JSON.parse(stdout).graphs;
    t.equal(graphs(runs[0].stdout).length, 5);
    t.ok(graphs(runs[0].stdout).every((g) => g.provider === 'cpu' && !g.fromCache));
    t.ok(graphs(runs[1].stdout).every((g) => g.fromCache));
    t.match(runs[2].stdout, /was there[^]*not available here: tensorrt, cuda/);
    t.match(runs[3].stderr, /x86-cpu keeps no engines/);

    const files = readdirSync(cache);
    t.equal(files.length, 5, 'nothing half-written stays');
    rmSync(join(cache, files[0]));
    writeFileSync(join(cache, files[1]), 'damaged');
    const [mended] = await runBatch([build]);
    t.equal(
      graphs(mended.stdout).filter((g) => !g.fromCache).length,
      2,
      'what is missing or damaged is built',
    );
  },
);

test(
  'bench tells times, memory and the budget',
  { skip: skipOf('onnxruntime-node') },
  async (t) => {
    const short = ['bench', '--rounds', '2', '--objects', '2'];
    const [json, text, many] = await runBatch([
      [...short, '--json'],
      short,
      ['bench', '--objects', '11'],
    ]);
    const result = JSON.parse(json.stdout);
    t.match(result, {
      device: { profile: 'x86-cpu' },
      openMs: Number,
      firstMaskMs: Number,
      calls: [{ call: 'setImage', calls: 2 }, {}, {}, { call: 'track 2', p50Ms: Number }],
      isWithinBudget: Boolean,
    });
    t.ok(result.firstMaskMs > result.openMs);
    t.match(text.stdout, /track 2: p95 .* the profile's budget of 100 ms/);
    t.equal(many.code, 2);
  },
);
