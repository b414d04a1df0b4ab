/** What `doctor` looks at. */
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { openBundle } from '../runtime/bundle-store.js';
import { readCpuFlags, VNNI } from '../runtime/cpu.js';
import { loadBinding } from '../runtime/native.js';
import { loadProfile, threadsOf, type FirmwareProfile } from '../runtime/profiles.js';
import { openDevice } from '../sdk/device.js';
import { explain } from './failure.js';
import { deviceOptionsOf, type GlobalOptions } from './shared.js';

export interface Finding {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What to do about it; null when it is fine. */
  fix: string | null;
}

const LEAST_NODE = 20;
/** What INT8 inference is fast with; the first of each list that is there counts. */
const CPU_FEATURES = {
  x64: { wanted: VNNI, needed: 'avx2' },
  arm64: { wanted: ['i8mm', 'asimddp'], needed: 'asimd' },
} as const;

export async function examine(options: GlobalOptions): Promise<Finding[]> {
  const { finding: profileFinding, profile } = await examineProfile(options.profile);
  return [
    examineNode(process.versions.node),
    examineAddon(options),
    profileFinding,
    await examineModels(options),
    await examineEngine(options),
    await examineServer(),
    examineCpu(process.arch, await readCpuFlags()),
    examineMemory(profile, freemem(), totalmem()),
  ];
}

export function examineNode(version: string): Finding {
  const status = Number(version.split('.')[0]) >= LEAST_NODE ? 'ok' : 'fail';
  const fix = status === 'ok' ? null : `install Node.js ${LEAST_NODE} or newer`;
  return { name: 'node', status, detail: `${version} on ${process.platform} ${process.arch}`, fix };
}

function examineAddon({ engine }: GlobalOptions): Finding {
  const { binding, error } = loadBinding();
  if (binding) return { name: 'addon', status: 'ok', detail: 'the native addon loads', fix: null };
  return {
    name: 'addon',
    status: engine === 'native' ? 'fail' : 'warn',
    detail: `the native addon does not load: ${firstLine(error)}`,
    fix: 'install a C++17 compiler and CMake, then run `npm rebuild sonotrack` (in a checkout: `npm run build:addon`)',
  };
}

async function examineProfile(
  name: string,
): Promise<{ finding: Finding; profile: FirmwareProfile | null }> {
  try {
    const profile = await loadProfile(name);
    const detail = `${profile.name}: ${profile.providers.join(' → ')}, ${threadsOf(profile)} threads, budget ${profile.frameBudgetMs} ms`;
    return { profile, finding: { name: 'profile', status: 'ok', detail, fix: null } };
  } catch (error) {
    return { profile: null, finding: failed('profile', error) };
  }
}

async function examineModels({ modelsDir, trust }: GlobalOptions): Promise<Finding> {
  try {
    const { bundle, notice } = await openBundle(modelsDir, trust);
    const { manifest, dir, signedBy } = bundle;
    const count = Object.keys(manifest.files).length;
    const signature = signedBy ? `signed by ${signedBy}` : 'signature not asked for';
    const detail = `${manifest.name} ${manifest.version} (${manifest.precision}) in ${dir}: ${count} files, hashes agree, ${signature}`;
    if (notice === null) return { name: 'models', status: 'ok', detail, fix: null };
    return {
      name: 'models',
      status: 'warn',
      detail: `${detail}; ${notice}`,
      fix: 'install the bundle again',
    };
  } catch (error) {
    return failed('models', error);
  }
}

async function examineEngine(options: GlobalOptions): Promise<Finding> {
  try {
    const device = await openDevice(deviceOptionsOf(options));
    const { info } = device;
    await device.close();
    const detail = `${info.engine} on ${info.executionProvider}, ONNX Runtime ${info.onnxruntimeVersion}`;
    if (info.fellBackFrom.length === 0) return { name: 'engine', status: 'ok', detail, fix: null };
    return {
      name: 'engine',
      status: 'warn',
      detail: `${detail}; not available: ${info.fellBackFrom.join(', ')}`,
      fix: 'install the drivers and an ONNX Runtime with these providers (ORT_ROOT), or choose another profile',
    };
  } catch (error) {
    return failed('engine', error);
  }
}

async function examineServer(): Promise<Finding> {
  try {
    await import('uWebSockets.js');
    return { name: 'server', status: 'ok', detail: 'uWebSockets.js loads', fix: null };
  } catch (error) {
    return {
      name: 'server',
      status: 'warn',
      detail: `uWebSockets.js does not load: ${firstLine(error)}`,
      fix: '`serve` needs it: Linux with glibc ≥ 2.27, macOS or Windows',
    };
  }
}

/** @param flags words of the processor's features, null where they cannot be read */
export function examineCpu(arch: string, flags: ReadonlySet<string> | null): Finding {
  const model = cpus()[0]?.model.trim() || 'unknown processor';
  const about = `${availableParallelism()} cores, ${model}`;
  const features = arch === 'x64' || arch === 'arm64' ? CPU_FEATURES[arch] : null;
  if (!flags || !features) {
    return { name: 'cpu', status: 'ok', detail: `${about}; features unknown`, fix: null };
  }
  const found = features.wanted.find((flag) => flags.has(flag));
  if (found) return { name: 'cpu', status: 'ok', detail: `${about}; ${found}`, fix: null };
  const has = flags.has(features.needed);
  return {
    name: 'cpu',
    status: 'warn',
    detail: `${about}; no ${features.wanted.join(' or ')}${has ? '' : `, no ${features.needed}`}`,
    fix: 'INT8 models run, but slower than on a processor with these instructions',
  };
}

const MEGABYTE = 2 ** 20;
/** Free memory below which a device without a ceiling of its own is short of it, MB. */
const LEAST_FREE_MB = 512;

export function examineMemory(
  profile: Pick<FirmwareProfile, 'memoryCeilingMb'> | null,
  freeBytes: number,
  totalBytes: number,
): Finding {
  const [free, total] = [freeBytes, totalBytes].map((bytes) => Math.round(bytes / MEGABYTE));
  const ceiling = profile?.memoryCeilingMb ?? null;
  const detail = `${free} of ${total} MB free${ceiling === null ? '' : `, the profile allows ${ceiling} MB`}`;
  if (free >= (ceiling ?? LEAST_FREE_MB))
    return { name: 'memory', status: 'ok', detail, fix: null };
  return {
    name: 'memory',
    status: 'warn',
    detail,
    fix: 'close other programs, or choose a profile with a lower memory ceiling',
  };
}

function failed(name: string, error: unknown): Finding {
  const { code, message, hint } = explain(error);
  return { name, status: 'fail', detail: `${message} [${code}]`, fix: hint };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
