import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { keyIdOf, readTrustedKeys } from '../../../src/runtime/bundle-signature.js';
import { loadBundle } from '../../../src/runtime/bundle.js';
import { rejection } from '../../support/rejection.js';
import { writeKeys, writeSignedBundle } from '../../support/signed-bundle.js';

test('a bundle signed by a trusted key is loaded and says by which', async (t) => {
  const dir = t.testdir();
  const [oem, other] = [writeKeys(dir), writeKeys(dir, 'other')];
  const bundle = await writeSignedBundle(join(dir, 'bundle'), '1.0.0', oem);
  const keys = await readTrustedKeys([other.publicFile, oem.publicFile]);
  t.equal((await loadBundle(bundle, keys)).signedBy, keyIdOf(keys[1]));
  t.equal((await loadBundle(bundle)).signedBy, null, 'nothing was asked for');
});

test('a bundle is refused where its signature is missing, foreign, or of another manifest', async (t) => {
  const cases: [string, string, (bundle: string) => void][] = [
    ['MODEL_UNSIGNED', 'missing', (dir) => rmSync(join(dir, 'manifest.sig'))],
    ['MODEL_UNSIGNED', 'not JSON', (dir) => writeFileSync(join(dir, 'manifest.sig'), 'MEUC')],
    [
      'MODEL_UNSIGNED',
      'JSON of something else',
      (dir) => writeFileSync(join(dir, 'manifest.sig'), 'null'),
    ],
    [
      'MODEL_UNTRUSTED',
      'one letter of the manifest',
      (dir) => {
        const file = join(dir, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('someone', 'someonE'));
      },
    ],
    [
      'MODEL_UNTRUSTED',
      'a signature cut short',
      (dir) => {
        const file = join(dir, 'manifest.sig');
        const value = JSON.parse(readFileSync(file, 'utf8'));
        value.signature = value.signature.slice(0, 40);
        writeFileSync(file, JSON.stringify(value));
      },
    ],
    [
      'MODEL_FILE_ALTERED',
      'a graph changed after signing',
      (dir) => writeFileSync(join(dir, 'a.onnx'), 'sonosam encodeR'),
    ],
  ];
  for (const [code, what, change] of cases) {
    const dir = t.testdir();
    const oem = writeKeys(dir);
    const bundle = await writeSignedBundle(join(dir, 'bundle'), '1.0.0', oem);
    change(bundle);
    const keys = await readTrustedKeys([oem.publicFile]);
    t.match(await rejection(loadBundle(bundle, keys)), { code, stage: 'models' }, what);
  }
  const dir = t.testdir();
  const bundle = await writeSignedBundle(join(dir, 'bundle'), '1.0.0', writeKeys(dir));
  const keys = await readTrustedKeys([writeKeys(dir, 'other').publicFile]);
  t.match(await rejection(loadBundle(bundle, keys)), {
    code: 'MODEL_UNTRUSTED',
    message: /trusted are: [0-9a-f]{16}$/,
  });
});

test('a device must not be given a private key, nor one of another kind', async (t) => {
  const dir = t.testdir({ 'none.pem': 'hello' });
  const { privateFile } = writeKeys(dir);
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(dir, 'ec.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  for (const file of [privateFile, join(dir, 'ec.pem'), join(dir, 'none.pem'), join(dir, 'gone')]) {
    const error = await rejection(readTrustedKeys([file]));
    t.equal(error.code, 'MODEL_KEY_INVALID');
    t.ok(error.message.includes(file));
  }
});

const noOpenssl = spawnSync('openssl', ['version']).status !== 0 && 'openssl is not installed';

test('openssl agrees with the signature', { skip: noOpenssl }, async (t) => {
  const dir = t.testdir();
  const oem = writeKeys(dir);
  const bundle = await writeSignedBundle(join(dir, 'bundle'), '1.0.0', oem);
  const { signature } = JSON.parse(readFileSync(join(bundle, 'manifest.sig'), 'utf8'));
  writeFileSync(join(dir, 'raw.sig'), Buffer.from(signature, 'base64'));
  const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', oem.publicFile, '-rawin'];
  const files = ['-in', join(bundle, 'manifest.json'), '-sigfile', join(dir, 'raw.sig')];
  t.match(execFileSync('openssl', [...verify, ...files], { encoding: 'utf8' }), /Verified/);
});
