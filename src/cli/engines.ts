import { resolve } from 'node:path';
import type { Command } from 'commander';
import { buildEngines, type BuiltGraph } from '../runtime/build-engines.js';
import { openBundle } from '../runtime/bundle-store.js';
import { loadProfile, runtimeOptionsOf } from '../runtime/profiles.js';
import { UsageError } from './failure.js';
import { createProgress } from './progress.js';
import { columns, print, type GlobalOptions } from './shared.js';

const EXAMPLES = `
What is built lies in the profile's engineCacheDir, one folder a graph, ONNX Runtime, TensorRT and GPU; what is there
already is taken. \`serve\` and the SDK find it there by themselves.

Examples:
  $ sonotrack engines build --profile jetson-orin-nano
  $ sonotrack engines build --profile jetson-orin-nano --models-dir /var/lib/sonotrack/models --trust oem.pub.pem`;

interface BuildOptions extends GlobalOptions {
  cacheDir?: string;
}

export function addEngines(program: Command): void {
  const engines = program
    .command('engines')
    .description('TensorRT engines and optimised graphs.')
    .addHelpText('after', EXAMPLES);
  const build = engines
    .command('build')
    .description('Build ahead of time what the first start with these models would build.')
    .option('--cache-dir <dir>', "where to (default: the profile's engineCacheDir)")
    .action(() => buildAll(build.optsWithGlobals()));
}

async function buildAll(options: BuildOptions): Promise<void> {
  if (options.engine === 'onnxruntime-node') {
    throw new UsageError('expected --engine native or auto: onnxruntime-node keeps no engines');
  }
  const profile = await loadProfile(options.profile);
  const runtime = runtimeOptionsOf(profile);
  const cacheDir = options.cacheDir === undefined ? runtime.cacheDir : resolve(options.cacheDir);
  if (cacheDir === null) {
    throw new UsageError(
      `expected --cache-dir, or a profile with an engineCacheDir: ${profile.name} keeps no engines`,
    );
  }
  const { bundle } = await openBundle(options.modelsDir, options.trust);
  const total = Object.keys(bundle.graphs).length;
  const silent = options.quiet || options.json;
  const progress = createProgress(total, { silent, unit: 'graphs' });
  let done = 0;
  let built: BuiltGraph[];
  try {
    built = await buildEngines(bundle, { ...runtime, cacheDir }, () => progress.update(++done));
  } finally {
    progress.stop();
  }
  const missing = built[0].fellBackFrom;
  const note = missing.length > 0 ? `; not available here: ${missing.join(', ')}` : '';
  const rows = built.map(({ graph, provider, fromCache, ms }) => [
    graph,
    provider,
    fromCache ? 'was there' : `built in ${(ms / 1000).toFixed(1)} s`,
  ]);
  print(options, { cacheDir, graphs: built }, `${columns(rows)}\nin ${cacheDir}${note}`);
}
