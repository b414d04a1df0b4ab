import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { loadBundle, type Manifest } from '../../../src/runtime/bundle.js';
import { SonotrackError } from '../../../src/runtime/errors.js';
import { writeBundle } from '../../support/bundle.js';
import { rejection } from '../../support/rejection.js';

test('a sound bundle gives its manifest, graphs and sizes', async (t) => {
  const dir = writeBundle(t.testdir());
  const bundle = await loadBundle(dir);
  t.equal(bundle.manifest.version, '1.2.3');
  t.equal(bundle.graphs.deaotPropagate, join(dir, 'e.onnx'));
  t.same(bundle.geometry, { inputSizePx: 256, maskSizePx: 128, maxPoints: 32, objectSlots: 10 });
});

test('the models have names of their own when the manifest gives none', async (t) => {
  const dir = writeBundle(t.testdir(), (m) => {
    delete (m.sonosam as Partial<Manifest['sonosam']>).name;
    delete (m.deaot as Partial<Manifest['deaot']>).name;
  });
  const { manifest } = await loadBundle(dir);
  t.same([manifest.sonosam.name, manifest.deaot.name], ['SonoSAMLite', 'DeAOT-T']);
});

test('each damage of a file has its own code', async (t) => {
  const damages: [string, string, (dir: string) => void][] = [
    ['MODEL_NOT_FOUND', 'manifest gone', (dir) => rmSync(join(dir, 'manifest.json'))],
    ['MODEL_MANIFEST_INVALID', 'not JSON', (dir) => writeFileSync(join(dir, 'manifest.json'), '{')],
    ['MODEL_FILE_MISSING', 'graph gone', (dir) => rmSync(join(dir, 'a.onnx'))],
    ['MODEL_FILE_TRUNCATED', 'graph cut', (dir) => writeFileSync(join(dir, 'b.onnx'), 'sono')],
    [
      'MODEL_FILE_ALTERED',
      'one letter',
      (dir) => writeFileSync(join(dir, 'c.onnx'), 'deaot encodeR'),
    ],
    [
      'MODEL_FILE_ALTERED',
      'longer',
      (dir) => writeFileSync(join(dir, 'd.onnx'), 'deaot memorize!'),
    ],
  ];
  for (const [code, what, damage] of damages) {
    const dir = writeBundle(t.testdir());
    damage(dir);
    const error = await rejection(loadBundle(dir));
    t.ok(error instanceof SonotrackError);
    t.match(error, { code, stage: 'models' }, what);
    t.ok(error.message.includes(dir), 'the message names the file');
  }
});

test('a wrong manifest names the field and what it may hold', async (t) => {
  type Change = (m: Record<string, Record<string, object>>) => void;
  const cases: [Change, RegExp][] = [
    [(m) => delete m.deaot, /expected .* for `deaot` but it is missing/],
    [
      (m) => Object.assign(m, { precision: 'int4' }),
      /expected one of 'int8', 'fp16', 'fp32' for `precision` but received "int4" \(string\)/,
    ],
    [(m) => Object.assign(m.deaot, { askBelow: 2 }), /a number from 0 to 1 for `deaot.askBelow`/],
    [(m) => Object.assign(m.sonosam, { scoreDoubt: 2 }), /from 0 to 1 for `sonosam.scoreDoubt`/],
    [
      (m) => Object.assign(m.sonosam, { correctionDoubt: -1 }),
      /from 0 to 1 for `sonosam.correctionDoubt`/,
    ],
    [(m) => Object.assign(m.deaot, { askBelo: 1 }), /`deaot.askBelo`; did you mean `askBelow`\?/],
    [
      (m) => Object.assign(m.sonosam, { inputSizePx: 250 }),
      /a multiple of 16 for `sonosam.inputSizePx`/,
    ],
    [
      (m) => Object.assign(m.sonosam, { encoder: '../x.onnx' }),
      /text that matches .* for `sonosam.encoder`/,
    ],
    [
      (m) => Object.assign(m.sonosam, { encoder: 'z.onnx' }),
      /listed in `files` for `sonosam.encoder`/,
    ],
    [
      (m) => [m.sonosam, m.deaot].forEach((model) => Object.assign(model, { maskSizePx: 64 })),
      /expected half of `inputSizePx`, 128, for `maskSizePx` but received 64/,
    ],
    [
      (m) => Object.assign(m.deaot, { maskSizePx: 64 }),
      /expected 128, as in `sonosam`, for `deaot.maskSizePx`/,
    ],
    [(m) => Object.assign(m.files['a.onnx'], { sha256: 'x' }), /for `files.a.onnx.sha256`/],
  ];
  for (const [change, message] of cases) {
    const dir = writeBundle(t.testdir(), (m) => change(m as unknown as Record<string, never>));
    const error = await rejection(loadBundle(dir));
    t.equal(error.code, 'MODEL_MANIFEST_INVALID', String(message));
    t.match(error.message, message);
  }
});

test('a bundle for a later runtime, or of another schema, is not supported', async (t) => {
  for (const change of [{ minimumRuntime: '99.0.0' }, { schemaVersion: 2 }]) {
    const dir = writeBundle(t.testdir(), (m) => Object.assign(m, change));
    t.equal((await rejection(loadBundle(dir))).code, 'MODEL_UNSUPPORTED', JSON.stringify(change));
  }
});
