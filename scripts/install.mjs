/**
 * `npm install`: takes the addon that is packed for this platform, else builds it, else says that the slower engine will be
 * used. Only a build that fails in a checkout of the repository is an error.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILD_JOBS = Math.min(availableParallelism(), 4);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const isCheckout = existsSync(join(root, 'native', 'tests'));

/** Whether the addon that is there loads; in a process of its own, since a wrong one can end it. */
function loads() {
  const script =
    `require(${JSON.stringify(require.resolve('pkg-prebuilds'))})` +
    `(${JSON.stringify(root)}, require(${JSON.stringify(join(root, 'binding-options.cjs'))}))`;
  return spawnSync(process.execPath, ['-e', script], { stdio: 'ignore' }).status === 0;
}

const onPath = (name) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder && existsSync(join(folder, name)));

/** What a build needs and this machine lacks. */
function missing() {
  const lacks = [];
  if (process.platform !== 'linux' && process.platform !== 'darwin') lacks.push('Linux or macOS');
  if (!onPath('cmake')) lacks.push('CMake');
  const compilers = ['c++', 'g++', 'clang++'];
  if (!process.env.CXX && !compilers.some(onPath)) lacks.push('a C++17 compiler');
  if (!process.env.ORT_ROOT && !hasHeaders()) lacks.push('the headers of ONNX Runtime (ORT_ROOT)');
  return lacks;
}

function hasHeaders() {
  if (existsSync(join(root, 'native', 'onnxruntime', 'onnxruntime_cxx_api.h'))) return true;
  try {
    return Boolean(require.resolve('com.github.asus4.onnxruntime/package.json'));
  } catch {
    return false;
  }
}

function build() {
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  return (
    spawnSync(process.execPath, [cmakeJs, 'compile'], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CMAKE_BUILD_PARALLEL_LEVEL: String(BUILD_JOBS) },
    }).status === 0
  );
}

const fallback = (why) => {
  console.log(
    `sonotrack: ${why}; the engine onnxruntime-node will be used. \`npx sonotrack doctor\` tells more.`,
  );
};

if (isCheckout || !loads()) {
  const lacks = missing();
  if (lacks.length) {
    fallback(`the native addon cannot be built here, there is no ${lacks.join(', no ')}`);
  } else if (!build() || !loads()) {
    if (isCheckout) {
      console.error('sonotrack: the native addon failed to build or to load');
      process.exitCode = 1;
    } else {
      fallback('the native addon failed to build');
    }
  }
}
