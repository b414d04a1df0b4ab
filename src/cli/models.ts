import type { Command } from 'commander';
import { defaultModelsDir, loadBundle } from '../runtime/bundle.js';
import { print, type GlobalOptions } from './shared.js';

const EXAMPLES = `
Examples:
  $ sonotrack models verify
  $ sonotrack models verify /opt/scanner/models`;

export function addModels(program: Command): void {
  const models = program
    .command('models')
    .description('Model bundles.')
    .addHelpText('after', EXAMPLES);
  const verify = models
    .command('verify')
    .description('Check the manifest of a bundle and the size and SHA-256 of every file it lists.')
    .argument('[dir]', 'folder of the bundle (default: --models-dir, or the one shipped)')
    .action((dir: string | undefined) => verifyBundle(dir, verify.optsWithGlobals()));
}

async function verifyBundle(dir: string | undefined, options: GlobalOptions): Promise<void> {
  const { dir: folder, manifest } = await loadBundle(
    dir ?? options.modelsDir ?? defaultModelsDir(),
  );
  const files = Object.entries(manifest.files);
  const text = [
    `${manifest.name} ${manifest.version} (${manifest.precision}, opset ${manifest.opset}) in ${folder}`,
    ...files.map(
      ([name, { bytes, sha256 }]) => `ok  ${sha256.slice(0, 12)}…  ${bytes} bytes  ${name}`,
    ),
  ];
  print(options, { ok: true, dir: folder, manifest }, text.join('\n'));
}
