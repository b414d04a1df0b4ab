/** Model bundles: a folder with manifest.json, the ONNX graphs and a model card. Every file is hashed when it is loaded. */
import { createHash, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MANIFEST_FILE, readManifest, verifySignature } from './bundle-signature.js';
import type { EngineOptions } from './engine.js';
import { SonotrackError } from './errors.js';
import { packageRoot, packageVersion } from './package-info.js';
import { compileSchema, schemaMessage } from './schema.js';

/** The manifest.schema.json version that this runtime reads. */
export const MANIFEST_SCHEMA_VERSION = 1;

export type Precision = 'int8' | 'fp16' | 'fp32';

interface ManifestModel {
  name: string;
  version?: string;
  precision?: Precision;
  encoder: string;
  inputSizePx: number;
  maskSizePx: number;
}

/** manifest.json, as manifest.schema.json describes it. */
export interface Manifest {
  schemaVersion: 1;
  name: string;
  version: string;
  description?: string;
  precision: Precision;
  opset: number;
  minimumRuntime: string;
  sonosam: ManifestModel & {
    decoder: string;
    maxPoints: 32;
    scoreDoubt: number;
    correctionDoubt: number;
  };
  deaot: ManifestModel & {
    memorize: string;
    propagate: string;
    objectSlots: number;
    referenceSlots: 2;
    askBelow: number;
  };
  files: Record<string, { sha256: string; bytes: number }>;
  trainingData: { set: string; images: number; licence: string; citation: string }[];
  metrics: Record<string, unknown>;
}

export interface Bundle {
  /** Absolute. */
  dir: string;
  manifest: Manifest;
  /** Id of the trusted key that signed it; null where no trusted keys were given, and so no signature was asked for. */
  signedBy: string | null;
  /** Absolute paths of the five graphs. */
  graphs: EngineOptions['graphs'];
  geometry: ModelGeometry;
}

/** Sizes that both models share. */
export interface ModelGeometry {
  /** Side of the square that a frame is letterboxed to. */
  inputSizePx: number;
  /** Side of the grid that masks come in and out on. */
  maskSizePx: number;
  /** Rows of the decoder's `points`. */
  maxPoints: number;
  /** Objects that DeAOT follows at once. */
  objectSlots: number;
}

/** The bundle that the package ships. */
export const defaultModelsDir = (): string => join(packageRoot(), 'models', 'lite');

const validateManifest = compileSchema<Manifest>(new URL('manifest.schema.json', import.meta.url));

const fail = (
  code: `MODEL_${'MANIFEST_INVALID' | 'UNSUPPORTED' | 'FILE_MISSING' | 'FILE_TRUNCATED' | 'FILE_ALTERED'}`,
  message: string,
  cause?: unknown,
): SonotrackError =>
  new SonotrackError(code, 'models', message, cause === undefined ? undefined : { cause });

/**
 * Reads and checks the bundle in `modelsDir` (default: the shipped one): the signature where there are `trustedKeys`, the
 * manifest against its schema, then size and SHA-256 of every file that it lists.
 * @throws SonotrackError MODEL_NOT_FOUND, MODEL_UNSIGNED, MODEL_UNTRUSTED, MODEL_MANIFEST_INVALID, MODEL_UNSUPPORTED,
 *   MODEL_FILE_MISSING, MODEL_FILE_TRUNCATED or MODEL_FILE_ALTERED.
 */
export async function loadBundle(
  modelsDir: string = defaultModelsDir(),
  trustedKeys: readonly KeyObject[] = [],
): Promise<Bundle> {
  const dir = resolve(modelsDir);
  const bytes = await readManifest(dir);
  const signedBy = trustedKeys.length > 0 ? await verifySignature(dir, bytes, trustedKeys) : null;
  const manifest = parseManifest(bytes.toString('utf8'), join(dir, MANIFEST_FILE));
  await Promise.all(Object.keys(manifest.files).map((name) => checkFile(dir, name, manifest)));
  const { sonosam, deaot } = manifest;
  return {
    dir,
    manifest,
    signedBy,
    graphs: {
      sonosamEncoder: join(dir, sonosam.encoder),
      sonosamDecoder: join(dir, sonosam.decoder),
      deaotEncoder: join(dir, deaot.encoder),
      deaotMemorize: join(dir, deaot.memorize),
      deaotPropagate: join(dir, deaot.propagate),
    },
    geometry: {
      inputSizePx: sonosam.inputSizePx,
      maskSizePx: sonosam.maskSizePx,
      maxPoints: sonosam.maxPoints,
      objectSlots: deaot.objectSlots,
    },
  };
}

function parseManifest(text: string, file: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail('MODEL_MANIFEST_INVALID', `${file} is not JSON`, cause);
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version !== MANIFEST_SCHEMA_VERSION) {
    throw fail(
      'MODEL_UNSUPPORTED',
      `${file} has schemaVersion ${version}, this runtime reads ${MANIFEST_SCHEMA_VERSION}`,
    );
  }
  if (!validateManifest(value)) {
    throw fail('MODEL_MANIFEST_INVALID', `${file}: ${schemaMessage(validateManifest)}`);
  }
  if (isOlder(packageVersion(), value.minimumRuntime)) {
    throw fail(
      'MODEL_UNSUPPORTED',
      `bundle ${value.name} ${value.version} needs sonotrack ≥ ${value.minimumRuntime}, this is ${packageVersion()}`,
    );
  }
  const { sonosam, deaot } = value;
  const graphs = [
    ['sonosam.encoder', sonosam.encoder],
    ['sonosam.decoder', sonosam.decoder],
    ['deaot.encoder', deaot.encoder],
    ['deaot.memorize', deaot.memorize],
    ['deaot.propagate', deaot.propagate],
  ];
  for (const [field, name] of graphs) {
    if (name in value.files) continue;
    throw fail(
      'MODEL_MANIFEST_INVALID',
      `${file}: expected a file listed in \`files\` for \`${field}\` but received '${name}' (string)`,
    );
  }
  for (const field of ['inputSizePx', 'maskSizePx'] as const) {
    if (deaot[field] === sonosam[field]) continue;
    throw fail(
      'MODEL_MANIFEST_INVALID',
      `${file}: expected ${sonosam[field]}, as in \`sonosam\`, for \`deaot.${field}\` but received ${deaot[field]} (number)`,
    );
  }
  // Flow is found on the input and halved for the mask grid.
  if (sonosam.inputSizePx !== 2 * sonosam.maskSizePx) {
    throw fail(
      'MODEL_MANIFEST_INVALID',
      `${file}: expected half of \`inputSizePx\`, ${sonosam.inputSizePx / 2}, for \`maskSizePx\` ` +
        `but received ${sonosam.maskSizePx} (number)`,
    );
  }
  return value;
}

async function checkFile(dir: string, name: string, manifest: Manifest): Promise<void> {
  const path = join(dir, name);
  const { bytes, sha256 } = manifest.files[name];
  const size = await stat(path).then(
    (s) => s.size,
    (cause) => {
      throw fail('MODEL_FILE_MISSING', `${path} is listed in the manifest but missing`, cause);
    },
  );
  if (size < bytes) {
    throw fail('MODEL_FILE_TRUNCATED', `${path} has ${size} of ${bytes} bytes`);
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  if (size !== bytes || hash.digest('hex') !== sha256) {
    throw fail('MODEL_FILE_ALTERED', `${path} is not the file that the manifest lists (SHA-256)`);
  }
}

/** Whether version `a` (x.y.z, a pre-release tag is passed over) comes before `b`. */
function isOlder(a: string, b: string): boolean {
  const parts = (v: string): number[] => v.split('-')[0].split('.').map(Number);
  const [x, y] = [parts(a), parts(b)];
  const at = x.findIndex((n, i) => n !== y[i]);
  return at >= 0 && x[at] < y[at];
}
