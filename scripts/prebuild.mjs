/**
 * Before `npm pack`: puts the addon of this platform, the cross-compiled one of aarch64 where scripts/aarch64.mjs left it, and
 * the headers of ONNX Runtime where the package has them, so that an installed package takes one of the former or builds with
 * the latter. With --clean removes all again.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const { name, napi_versions: versions } = require('../binding-options.cjs');
const prebuilds = join(root, 'prebuilds');
const headers = join(root, 'native', 'onnxruntime');
const HEADERS_IN_PACKAGE =
  'Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers';

rmSync(prebuilds, { recursive: true, force: true });
rmSync(headers, { recursive: true, force: true });

if (!process.argv.includes('--clean')) {
  const addons = { [`${process.platform}-${process.arch}`]: join('Release', `${name}.node`) };
  const crossed = join('aarch64', `${name}.node`);
  if (existsSync(join(root, 'build', crossed))) addons['linux-arm64'] = crossed;
  for (const [platform, file] of Object.entries(addons)) {
    const folder = join(prebuilds, `${name}-${platform}`);
    mkdirSync(folder, { recursive: true });
    cpSync(join(root, 'build', file), join(folder, `node-napi-v${versions.at(-1)}.node`));
  }
  const source = join(
    dirname(require.resolve('com.github.asus4.onnxruntime/package.json')),
    HEADERS_IN_PACKAGE,
  );
  mkdirSync(headers, { recursive: true });
  for (const file of readdirSync(source)) cpSync(join(source, file), join(headers, file));
}
