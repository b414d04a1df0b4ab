/** `install-loop.js STORE PUBLIC_KEY BUNDLE…`: installs the bundles in turn until it is killed; prints `ready` first. */
import { readTrustedKeys } from '../../src/runtime/bundle-signature.js';
import { BundleStore } from '../../src/runtime/bundle-store.js';

const [dir, keyFile, ...bundles] = process.argv.slice(2);
const store = new BundleStore(dir, await readTrustedKeys([keyFile]));
process.stdout.write('ready\n');
for (let i = 0; ; i += 1) {
  await store.install(bundles[i % bundles.length]);
  await store.rollback();
  await store.rollback();
}
