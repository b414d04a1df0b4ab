/** Firmware profiles: what one kind of device can do and is allowed to. */
import { readFile, readdir } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { basename, extname, isAbsolute, join, resolve, sep } from 'node:path';
import type { ExecutionProvider, RuntimeOptions } from './engine.js';
import type { Precision } from './bundle.js';
import { SonotrackError } from './errors.js';
import { packageRoot } from './package-info.js';
import { compileSchema, schemaMessage } from './schema.js';
import { nearest } from './validate.js';
import type { ZoomMode } from './zoom.js';

export const DEFAULT_PROFILE = 'x86-cpu';

/** One profile, as firmware-profiles/profile.schema.json describes it. */
export interface FirmwareProfile {
  name: string;
  description: string;
  /** Tried in this order. */
  providers: ExecutionProvider[];
  /** The precision of the bundle that the profile is meant for. */
  precision: Precision;
  /** Intra-op threads of one inference; a machine with fewer cores uses those. */
  threads: number;
  /** How long one of these threads spins for work during an inference before it sleeps, µs: latency against power; 0: not at all. */
  spinUs: number;
  /** A bundle of another input size is refused; absent: any. */
  inputSizePx: { sonosam?: number; deaot?: number };
  /** Time for one tracked frame, ms. */
  frameBudgetMs: number;
  /** Most resident memory of the process, MB; null: no ceiling. */
  memoryCeilingMb: number | null;
  /** From a temperature (°C) on, at most this tracking rate (Hz); ascending. */
  thermalLadder: { aboveC: number; maxRateHz: number }[];
  /** As the file has it; `cacheFolder` gives the absolute path. */
  engineCacheDir: string | null;
  /** Whether `predict` looks again, at a crop around the object or a mirror image: one encoder pass for each. */
  zoom: ZoomMode;
  /** Frames kept so that a click on an earlier one can be answered. */
  historyFrames: number;
  telemetry: { masks: MaskTelemetry };
}

/** Messages with masks over MQTT. */
export interface MaskTelemetry {
  /** At most so many a second; 0: none. */
  maxRateHz: number;
  /** Size budget of one message. */
  maxBytes: number;
  /** Run lengths, or outlines; where they do not fit the budget, outlines that are simplified. */
  shape: 'rle' | 'contours';
}

const profilesDir = (): string => join(packageRoot(), 'firmware-profiles');
const SCHEMA_FILE = 'profile.schema.json';

const validateProfile = compileSchema<FirmwareProfile & { $schema?: string }>(
  join(profilesDir(), SCHEMA_FILE),
);

/** Names of the shipped profiles, in alphabetical order. */
export async function profileNames(): Promise<string[]> {
  const files = await readdir(profilesDir());
  return files
    .filter((file) => extname(file) === '.json' && file !== SCHEMA_FILE)
    .map((file) => basename(file, '.json'))
    .sort();
}

/** The shipped profiles, in alphabetical order. */
export async function listProfiles(): Promise<FirmwareProfile[]> {
  return Promise.all((await profileNames()).map((name) => loadProfile(name)));
}

/**
 * A shipped profile by name, or any by the path of its file (with a folder separator, or ending in .json).
 * @throws SonotrackError PROFILE_NOT_FOUND (the nearest name is suggested), PROFILE_INVALID (field and allowed values).
 */
export async function loadProfile(nameOrPath: string = DEFAULT_PROFILE): Promise<FirmwareProfile> {
  const isPath =
    nameOrPath.includes('/') || nameOrPath.includes(sep) || extname(nameOrPath) === '.json';
  const file = isPath ? resolve(nameOrPath) : join(profilesDir(), `${nameOrPath}.json`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw await notFound(nameOrPath, isPath, cause);
  }
  return parseProfile(text, file);
}

async function notFound(name: string, isPath: boolean, cause: unknown): Promise<SonotrackError> {
  const names = await profileNames();
  const meant = isPath ? null : nearest(name, names);
  return new SonotrackError(
    'PROFILE_NOT_FOUND',
    'profile',
    `no profile ${name}; there are: ${names.join(', ')}${meant ? `; did you mean ${meant}?` : ''}`,
    { cause },
  );
}

/** Reads the text of a profile file; `file` is named in messages, and its name must be the profile's. */
export function parseProfile(text: string, file: string): FirmwareProfile {
  const invalid = (message: string, cause?: unknown): SonotrackError =>
    new SonotrackError('PROFILE_INVALID', 'profile', `${file}: ${message}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('not JSON', cause);
  }
  if (!validateProfile(value)) throw invalid(schemaMessage(validateProfile));
  const { $schema: _schema, ...profile } = value;
  const name = basename(file, '.json');
  if (profile.name !== name) {
    throw invalid(`expected '${name}' for \`name\` but received '${profile.name}' (string)`);
  }
  profile.thermalLadder.forEach(({ aboveC }, i, ladder) => {
    if (i === 0 || aboveC > ladder[i - 1].aboveC) return;
    throw invalid(
      `expected a number > ${ladder[i - 1].aboveC} for \`thermalLadder[${i}].aboveC\` but received ${aboveC} (number)`,
    );
  });
  return profile;
}

/** What the profile says of how graphs are run, on this machine. */
export const runtimeOptionsOf = (profile: FirmwareProfile): RuntimeOptions => ({
  providers: profile.providers,
  threads: threadsOf(profile),
  spinUs: profile.spinUs,
  cacheDir: cacheFolder(profile),
});

/** Threads to use on this machine: the profile's, at most as many as there are cores. */
export const threadsOf = (profile: FirmwareProfile): number =>
  Math.min(profile.threads, availableParallelism());

/** The absolute cache folder of a profile: `~` is the home folder, a relative path lies in the user's cache folder. */
export function cacheFolder(
  { engineCacheDir }: FirmwareProfile,
  env: NodeJS.ProcessEnv = process.env,
): string | null {
  if (engineCacheDir === null) return null;
  if (engineCacheDir === '~' || engineCacheDir.startsWith('~/')) {
    return join(homedir(), engineCacheDir.slice(1));
  }
  if (isAbsolute(engineCacheDir)) return engineCacheDir;
  return join(cacheHome(env), engineCacheDir);
}

function cacheHome(env: NodeJS.ProcessEnv): string {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  if (process.platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return join(homedir(), '.cache');
}
