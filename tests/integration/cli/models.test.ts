/** `models sign`, `install` with a shadow run, `rollback`, on the shipped bundle. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { runBatch } from '../../support/cli.js';
import { writeKeys } from '../../support/signed-bundle.js';
import { modelsDir, skipOf } from '../engines.js';

// As many frames as a median needs that decides on a busy machine.
const FRAMES = 25;
const CINE = ['--shadow', `phantom:?frames=${FRAMES}`, '--point', '240,170'];

test(
  'a bundle is signed, tried beside the one in use, put into use, and taken back',
  {
    skip: skipOf('onnxruntime-node'),
  },
  async (t) => {
    const dir = t.testdir();
    const { privateFile, publicFile } = writeKeys(dir);
    const [one, two, store] = ['one', 'two', 'store'].map((name) => join(dir, name));
    for (const [bundle, version] of [
      [one, '7.0.0'],
      [two, '7.1.0'],
    ]) {
      cpSync(modelsDir, bundle, { recursive: true });
      const file = join(bundle, 'manifest.json');
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version }));
    }
    const into = ['--models-dir', store, '--trust', publicFile, '--json', '--quiet'];
    const runs = await runBatch([
      ['models', 'install', one, ...into],
      ['models', 'sign', one, '--key', privateFile],
      ['models', 'sign', two, '--key', publicFile],
      ['models', 'sign', two, '--key', privateFile, '--json'],
      ['models', 'install', one, ...into],
      ['models', 'install', two, ...into, ...CINE],
      ['models', 'verify', ...into],
      ['segment', 'phantom:', '--point', '240,170', ...into],
      ['models', 'rollback', ...into],
      ['models', 'verify', '--models-dir', store],
      ['models', 'install', two, '--trust', publicFile],
      ['models', 'install', two, '--models-dir', store],
      ['models', 'install', two, ...into, '--shadow', 'phantom:?frames=5'],
    ]);
    t.same(
      runs.map(({ code }) => code),
      [4, 0, 4, 0, 0, 0, 0, 0, 0, 4, 2, 2, 2],
      runs.map(({ stderr }) => stderr).join(''),
    );
    t.match(runs[0].stderr, /MODEL_UNSIGNED/);
    t.match(runs[2].stderr, /no private key/);
    const { keyId } = JSON.parse(runs[3].stdout);
    const installed = JSON.parse(runs[5].stdout);
    t.match(installed, { version: '7.1.0', shadowRun: { frames: FRAMES, agreement: { mean: 1 } } });
    t.match(JSON.parse(runs[6].stdout), { signedBy: keyId, manifest: { version: '7.1.0' } });
    t.match(JSON.parse(runs[8].stdout), { version: '7.0.0' });
    t.match(runs[9].stderr, /MODEL_UNTRUSTED/);
  },
);
