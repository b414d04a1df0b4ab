/** The examples that send frames from another process, in Node and in C++, into a served session. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { packageRoot } from '../../src/runtime/package-info.js';
import { serve } from '../support/cli.js';
import { connectTo } from '../support/live-server.js';
import { modelsDir, skipOf } from './engines.js';

const folder = join(packageRoot(), 'examples', 'ingest');
const FRAMES = '25';
const noModels = skipOf('onnxruntime-node');
const noBuild = existsSync(join(packageRoot(), 'dist', 'sdk', 'index.js'))
  ? false
  : 'the package has not been built';

function hasCompiler(): boolean {
  try {
    execFileSync('g++', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const cases = [
  {
    name: 'Node',
    skip: noModels || noBuild,
    size: { widthPx: 480, heightPx: 360 },
    start: (url: string) => spawn(process.execPath, [join(folder, 'ingest.mjs'), url, FRAMES]),
  },
  {
    name: 'C++',
    skip: noModels || (hasCompiler() ? false : 'there is no g++'),
    size: { widthPx: 320, heightPx: 240 },
    start: (url: string, dir: string) => {
      const program = join(dir, 'ingest');
      execFileSync('g++', ['-std=c++17', '-O2', '-o', program, join(folder, 'ingest.cc')]);
      const { hostname, port } = new URL(url);
      return spawn(program, [hostname, port, FRAMES]);
    },
  },
];

for (const { name, skip, size, start } of cases) {
  test(
    `frames of a ${name} program come in, calibrated and in order`,
    { skip, timeout: 120_000 },
    async (t) => {
      const live = await serve('--models-dir', modelsDir, '--source', 'ingest:');
      t.teardown(() => live.stop('SIGKILL'));
      const { once, frames, frameThat } = connectTo(t, live.url);
      await once('hello');
      const sender = start(live.url, t.testdir());
      t.teardown(() => sender.kill());
      let output = '';
      sender.stdout.on('data', (data: Buffer) => (output += data.toString()));
      sender.stderr.on('data', (data: Buffer) => (output += data.toString()));
      const ended = new Promise<number | null>((resolve) => sender.once('close', resolve));
      t.match(await frameThat(({ id }) => id > 5), size);
      t.equal(await ended, 0, output);
      t.match(output, `sent ${FRAMES} frames`);
      await frameThat(({ id }) => id === Number(FRAMES) - 1);
      t.ok(frames.every(({ id }, i) => i === 0 || id > frames[i - 1].id));
      t.ok(frames.every(({ spacingMm }) => spacingMm && spacingMm.x > 0));
      t.equal(await live.stop(), 0);
    },
  );
}
