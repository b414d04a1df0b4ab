/** The power goes at any moment of an install or a rollback: the store must name a bundle that is whole and trusted. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { readTrustedKeys } from '../../src/runtime/bundle-signature.js';
import { BundleStore } from '../../src/runtime/bundle-store.js';
import { writeDurably } from '../../src/runtime/durable.js';
import { writeKeys, writeSignedBundle } from '../support/signed-bundle.js';

const LOOP = fileURLToPath(new URL('../support/install-loop.js', import.meta.url));
const KILLS = Number(process.env.SONOTRACK_UPDATE_KILLS ?? 25);
/** Where to keep the figures, for docs/results. */
const RESULT = process.env.SONOTRACK_UPDATE_KILLS_OUT;
/** The latest kill, in durations of an install here: several, so that one may come at any step. */
const LATEST_INSTALLS = 4;

test(`${KILLS} kills leave a bundle that can be used`, { timeout: 600_000 }, async (t) => {
  const dir = t.testdir();
  const keys = writeKeys(dir);
  const bundles = await Promise.all(
    ['1.0.0', '2.0.0', '3.0.0'].map((version) =>
      writeSignedBundle(join(dir, version), version, keys),
    ),
  );
  const store = new BundleStore(join(dir, 'store'), await readTrustedKeys([keys.publicFile]));
  const start = performance.now();
  for (const bundle of bundles.slice(1)) await store.install(bundle);
  const latestMs = LATEST_INSTALLS * ((performance.now() - start) / 2);
  const inUse: Record<string, number> = {};
  let whole = 0;
  for (let i = 0; i < KILLS; i += 1) {
    const child = spawn(process.execPath, [LOOP, store.dir, keys.publicFile, ...bundles], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await delay(Math.random() * latestMs);
    t.equal(child.exitCode, null, 'it was installing');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { bundle, notice } = await store.open();
    const { version } = bundle.manifest;
    inUse[version] = (inUse[version] ?? 0) + 1;
    if (t.equal(notice, null, 'it was whole')) whole += 1;
  }
  t.ok(Object.keys(inUse).length > 1, 'kills came before and after a switch');
  await store.install(bundles[1]);
  t.equal((await store.open()).bundle.manifest.version, '2.0.0', 'and it can be changed');
  if (RESULT) {
    const result = { scenario: 'update-kills', kills: KILLS, whole, inUse };
    await writeDurably(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  }
});
