import type { Command } from 'commander';
import { judgeShadowRun, shadowRun, type ShadowRun } from '../eval/shadow-run.js';
import { openSource } from '../io/sources/index.js';
import { SIGNATURE_FILE, readTrustedKeys, signManifest } from '../runtime/bundle-signature.js';
import { BundleStore, openBundle, type Trial } from '../runtime/bundle-store.js';
import { loadBundle, type Bundle } from '../runtime/bundle.js';
import { openDevice, type Device } from '../sdk/device.js';
import { UsageError } from './failure.js';
import {
  deviceOptionsOf,
  print,
  promptsOf,
  withPrompts,
  type GlobalOptions,
  type PromptOptions,
} from './shared.js';
import { markFirst } from './track-tasks.js';

const EXAMPLES = `
Examples:
  $ sonotrack models verify /opt/scanner/models --trust oem.pub.pem
  $ sonotrack models sign build/lite --key oem.pem
  $ sonotrack models install build/lite --models-dir /var/lib/sonotrack/models --trust oem.pub.pem \\
      --shadow cine.dcm --point 240,170
  $ sonotrack models rollback --models-dir /var/lib/sonotrack/models --trust oem.pub.pem`;

interface InstallOptions extends GlobalOptions, PromptOptions {
  shadow?: string;
}

export function addModels(program: Command): void {
  const models = program
    .command('models')
    .description('Model bundles.')
    .addHelpText('after', EXAMPLES);
  const verify = models
    .command('verify')
    .description(
      'Check a bundle: its signature where --trust names a key, its manifest, size and SHA-256 of every file.',
    )
    .argument('[dir]', 'folder of the bundle or store (default: --models-dir, or the one shipped)')
    .action((dir: string | undefined) => verifyBundle(dir, verify.optsWithGlobals()));
  const sign = models
    .command('sign')
    .description(`Check a bundle and sign its manifest (${SIGNATURE_FILE}).`)
    .argument('<dir>', 'folder of the bundle')
    .requiredOption('--key <file>', 'private key: ed25519, PKCS #8, PEM')
    .action((dir: string) => signBundle(dir, sign.optsWithGlobals()));
  const install = withPrompts(
    models
      .command('install')
      .description('Put a signed bundle into use in the store --models-dir; the one before stays.')
      .argument('<bundle>', 'folder of the bundle')
      .option(
        '--shadow <source>',
        'stored cine on which it must first agree with the bundle in use',
      ),
  ).action((bundle: string) => installBundle(bundle, install.optsWithGlobals()));
  const rollback = models
    .command('rollback')
    .description('Put the bundle before into use again in the store --models-dir.')
    .action(() => rollBack(rollback.optsWithGlobals()));
}

async function verifyBundle(dir: string | undefined, options: GlobalOptions): Promise<void> {
  const { bundle } = await openBundle(dir ?? options.modelsDir, options.trust);
  const { dir: folder, manifest, signedBy } = bundle;
  const files = Object.entries(manifest.files);
  const text = [
    describe(bundle),
    ...(signedBy ? [`ok  signed by ${signedBy}`] : []),
    ...files.map(
      ([name, { bytes, sha256 }]) => `ok  ${sha256.slice(0, 12)}…  ${bytes} bytes  ${name}`,
    ),
  ];
  print(options, { ok: true, dir: folder, signedBy, manifest }, text.join('\n'));
}

async function signBundle(dir: string, options: GlobalOptions & { key: string }): Promise<void> {
  const bundle = await loadBundle(dir);
  const keyId = await signManifest(dir, options.key);
  print(options, { dir: bundle.dir, keyId }, `${describe(bundle)} is signed by ${keyId}`);
}

async function installBundle(source: string, options: InstallOptions): Promise<void> {
  const store = await storeOf(options);
  let run: ShadowRun | null = null;
  const trial: Trial = async (candidate, current) => {
    if (options.shadow !== undefined && current) {
      run = await tryBeside(current, candidate, options.shadow, options);
      judgeShadowRun(run);
    } else {
      await (await openOn(candidate, options)).close(); // its graphs load, at least
    }
  };
  if (options.shadow !== undefined) promptsOf(options);
  const bundle = await store.install(source, trial);
  const { dir, manifest } = bundle;
  const figures = run as ShadowRun | null;
  const text = figures && [
    `agrees to a DSC of ${figures.agreement.mean.toFixed(3)} (lowest ${figures.agreement.lowest.toFixed(3)})`,
    `on ${figures.frames} frames with the bundle before`,
  ];
  print(
    options,
    { dir, name: manifest.name, version: manifest.version, shadowRun: figures },
    [`${describe(bundle)} is in use`, ...(text ? [text.join(' ')] : [])].join('\n'),
  );
}

async function rollBack(options: GlobalOptions): Promise<void> {
  const bundle = await (await storeOf(options)).rollback();
  const { dir, manifest } = bundle;
  print(
    options,
    { dir, name: manifest.name, version: manifest.version },
    `${describe(bundle)} is in use again`,
  );
}

async function storeOf({ modelsDir, trust }: GlobalOptions): Promise<BundleStore> {
  if (modelsDir === undefined) throw new UsageError('expected the store as --models-dir');
  if (trust.length === 0) throw new UsageError('expected at least one public key as --trust');
  return new BundleStore(modelsDir, await readTrustedKeys(trust));
}

async function tryBeside(
  current: Bundle,
  candidate: Bundle,
  cine: string,
  options: InstallOptions,
): Promise<ShadowRun> {
  const theirs = await openOn(current, options);
  try {
    const ours = await openOn(candidate, options);
    try {
      return await shadowRun(theirs, ours, () => openSource(cine), markFirst(promptsOf(options)));
    } finally {
      await ours.close();
    }
  } finally {
    await theirs.close();
  }
}

const openOn = ({ dir }: Bundle, options: GlobalOptions): Promise<Device> =>
  openDevice({ ...deviceOptionsOf(options), modelsDir: dir });

const describe = ({ dir, manifest }: Bundle): string =>
  `${manifest.name} ${manifest.version} (${manifest.precision}, opset ${manifest.opset}) in ${dir}`;
