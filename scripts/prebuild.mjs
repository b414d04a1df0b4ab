/**
 * Before `npm pack`: puts the addon of this platform and the headers of ONNX Runtime where the package has them, so that an
 * installed package takes the one or builds with the other. With --clean removes both again.
 */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
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
  const folder = join(prebuilds, `${name}-${process.platform}-${process.arch}`);
  mkdirSync(folder, { recursive: true });
  cpSync(
    join(root, 'build', 'Release', `${name}.node`),
    join(folder, `node-napi-v${versions.at(-1)}.node`),
  );
  const source = join(
    dirname(require.resolve('com.github.asus4.onnxruntime/package.json')),
    HEADERS_IN_PACKAGE,
  );
  mkdirSync(headers, { recursive: true });
  for (const file of readdirSync(source)) cpSync(join(source, file), join(headers, file));
}
