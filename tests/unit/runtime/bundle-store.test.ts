import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { readTrustedKeys } from '../../../src/runtime/bundle-signature.js';
import { BundleStore, openBundle } from '../../../src/runtime/bundle-store.js';
import { rejection } from '../../support/rejection.js';
import { writeKeys, writeSignedBundle } from '../../support/signed-bundle.js';

interface Fixture {
  dir: string;
  store: BundleStore;
  publicFile: string;
  bundle: (version: string) => Promise<string>;
}

async function fixture(dir: string): Promise<Fixture> {
  const keys = writeKeys(dir);
  const store = new BundleStore(join(dir, 'store'), await readTrustedKeys([keys.publicFile]));
  const bundle = (version: string): Promise<string> =>
    writeSignedBundle(join(dir, `bundle-${version}`), version, keys);
  return { dir, store, publicFile: keys.publicFile, bundle };
}

const versionOf = async (store: BundleStore): Promise<string> =>
  (await store.open()).bundle.manifest.version;
const installed = ({ dir }: BundleStore): string[] => readdirSync(join(dir, 'bundles')).sort();

test('bundles are installed one after the other, and the one before comes back', async (t) => {
  const { store, bundle } = await fixture(t.testdir());
  t.match(await rejection(store.open()), { code: 'MODEL_NOT_FOUND' });
  t.match(await rejection(store.rollback()), { code: 'MODEL_NOT_FOUND' });
  await store.install(await bundle('1.0.0'));
  t.equal(await versionOf(store), '1.0.0');
  t.match(await rejection(store.rollback()), { code: 'MODEL_NOT_FOUND' }, 'none before');
  await store.install(await bundle('1.1.0'));
  await store.install(await bundle('1.2.0'));
  t.equal(await versionOf(store), '1.2.0');
  t.same(
    installed(store).map((name) => name.split('-')[1]),
    ['1.1.0', '1.2.0'],
    'older ones are gone',
  );
  t.match(await store.state(), { proven: false });
  await store.rollback();
  t.equal(await versionOf(store), '1.1.0');
  t.match(await store.state(), { proven: true });
  await store.rollback();
  t.equal(await versionOf(store), '1.2.0', 'and back again');
});

test('installing what is in use, or what was before, needs no copy', async (t) => {
  const { store, bundle } = await fixture(t.testdir());
  const [one, two] = [await bundle('1.0.0'), await bundle('2.0.0')];
  await store.install(one);
  await store.prove();
  await store.install(one);
  t.match(await store.state(), { previous: null, proven: true }, 'nothing changed');
  await store.install(two);
  await store.install(one);
  t.equal(await versionOf(store), '1.0.0');
  t.equal(installed(store).length, 2);
});

test('what is refused leaves the store as it was', async (t) => {
  const { dir, store, bundle } = await fixture(t.testdir());
  await store.install(await bundle('1.0.0'));
  const before = [await store.state(), installed(store)];
  const foreign = await writeSignedBundle(join(dir, 'foreign'), '2.0.0', writeKeys(dir, 'x'));
  t.equal((await rejection(store.install(foreign))).code, 'MODEL_UNTRUSTED');
  const damaged = await bundle('2.0.1');
  writeFileSync(join(damaged, 'c.onnx'), 'other');
  t.equal((await rejection(store.install(damaged))).code, 'MODEL_FILE_TRUNCATED');
  const versions: (string | undefined)[] = [];
  const refused = store.install(await bundle('2.0.2'), async (candidate, current) => {
    versions.push(candidate.manifest.version, current?.manifest.version);
    throw new Error('too slow');
  });
  t.match(await rejection(refused), { message: 'too slow' });
  t.same(versions, ['2.0.2', '1.0.0'], 'the trial saw both');
  t.same([await store.state(), installed(store)], before);
  t.notOk(existsSync(join(store.dir, 'store.lock')));
});

const isRoot = process.getuid?.() === 0 && 'root may write everywhere';

test('a store that cannot be written to stays as it was', { skip: isRoot }, async (t) => {
  const { store, bundle } = await fixture(t.testdir());
  await store.install(await bundle('1.0.0'));
  chmodSync(join(store.dir, 'bundles'), 0o500);
  t.equal((await rejection(store.install(await bundle('2.0.0')))).code, 'WRITE_FAILED');
  chmodSync(join(store.dir, 'bundles'), 0o700);
  t.equal(await versionOf(store), '1.0.0');
});

test('a damaged bundle in use gives way to the one before', async (t) => {
  const { store, bundle } = await fixture(t.testdir());
  await store.install(await bundle('1.0.0'));
  await store.install(await bundle('2.0.0'));
  const { current } = (await store.state())!;
  writeFileSync(join(store.dir, 'bundles', current, 'd.onnx'), 'deaot memorizE');
  const { bundle: opened, notice } = await store.open();
  t.equal(opened.manifest.version, '1.0.0');
  t.match(notice, /went back to test-1\.0\.0-.*d\.onnx/);
  t.equal((await store.open()).notice, null, 'it stays there');
  writeFileSync(join(opened.dir, 'd.onnx'), 'deaot memorizE');
  t.equal((await rejection(store.open())).code, 'MODEL_FILE_ALTERED', 'none is whole');
});

test('only one process changes a store, and a dead one is no hindrance', async (t) => {
  const { store, bundle } = await fixture(t.testdir());
  const [one, two] = [await bundle('1.0.0'), await bundle('2.0.0')];
  await store.install(one, async () => {
    t.equal((await rejection(store.install(two))).code, 'MODEL_STORE_BUSY');
  });
  const lock = join(store.dir, 'store.lock');
  for (const holder of [
    '{"pid":2147483647,"boot":""}', // no such process
    JSON.stringify({ pid: process.pid, boot: 'before the power cut' }),
    '{"pid":', // cut while it was written
  ]) {
    writeFileSync(lock, holder);
    await store.prove();
    t.notOk(existsSync(lock));
  }
});

test('a store is opened only with a trusted key, a bundle also without', async (t) => {
  const { store, publicFile, bundle } = await fixture(t.testdir());
  const one = await bundle('1.0.0');
  await store.install(one);
  t.equal((await rejection(openBundle(store.dir, []))).code, 'MODEL_UNTRUSTED');
  t.equal((await openBundle(store.dir, [publicFile])).bundle.manifest.version, '1.0.0');
  t.equal((await openBundle(one, [])).bundle.signedBy, null);
});

test('what an interrupted install left behind is removed by the next', async (t) => {
  const { store, bundle } = await fixture(t.testdir());
  await store.install(await bundle('1.0.0'));
  mkdirSync(join(store.dir, 'bundles', '.incoming-test-9.9.9-abc'));
  mkdirSync(join(store.dir, 'bundles', 'test-9.9.9-abc'));
  await store.install(await bundle('2.0.0'));
  t.equal(installed(store).length, 2);
  rmSync(join(store.dir, 'store.json'));
  t.equal(await BundleStore.isStore(store.dir), false);
});
