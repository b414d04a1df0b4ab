/**
 * Signatures of model bundles: ed25519 (RFC 8032) over the bytes of manifest.json, which holds the SHA-256 of every graph. Kept
 * beside it in manifest.sig, so that signing changes no other file.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from './durable.js';
import { SonotrackError } from './errors.js';

export const MANIFEST_FILE = 'manifest.json';
export const SIGNATURE_FILE = 'manifest.sig';

/** manifest.sig. */
interface Signature {
  algorithm: 'ed25519';
  /** Of the public key, see `keyIdOf`. */
  keyId: string;
  /** Base64 of 64 bytes. */
  signature: string;
}

/** The first 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
export function keyIdOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/**
 * Public keys from PEM files, as `openssl pkey -pubout` writes them.
 * @throws SonotrackError MODEL_KEY_INVALID for a file that is not there or holds no ed25519 public key
 */
export async function readTrustedKeys(files: readonly string[]): Promise<KeyObject[]> {
  return Promise.all(files.map((file) => readKey(file, 'public')));
}

/**
 * Signs the manifest in `dir` with the ed25519 private key of a PEM file (PKCS #8) and gives the key's id. The graphs are not
 * looked at: check the bundle first.
 * @throws SonotrackError MODEL_KEY_INVALID, MODEL_NOT_FOUND, WRITE_FAILED
 */
export async function signManifest(dir: string, privateKeyFile: string): Promise<string> {
  const key = await readKey(privateKeyFile, 'private');
  const keyId = keyIdOf(key);
  const value: Signature = {
    algorithm: 'ed25519',
    keyId,
    signature: sign(null, await readManifest(dir), key).toString('base64'),
  };
  await writeDurably(join(dir, SIGNATURE_FILE), `${JSON.stringify(value, null, 2)}\n`);
  return keyId;
}

/**
 * The id of the trusted key whose signature in `dir` is of the bytes `manifest`.
 * @throws SonotrackError MODEL_UNSIGNED where there is no signature that can be read, MODEL_UNTRUSTED where it is of no
 *   trusted key, or of other bytes
 */
export async function verifySignature(
  dir: string,
  manifest: Uint8Array,
  trustedKeys: readonly KeyObject[],
): Promise<string> {
  const { keyId, signature } = await readSignature(dir);
  const trusted = trustedKeys.find((key) => keyIdOf(key) === keyId);
  if (!trusted) {
    const known = trustedKeys.map(keyIdOf).join(', ') || 'none';
    throw untrusted(`${dir} is signed by key ${keyId}; trusted are: ${known}`);
  }
  if (!verify(null, manifest, trusted, Buffer.from(signature, 'base64'))) {
    throw untrusted(`the signature in ${dir} is not of its manifest.json`);
  }
  return keyId;
}

async function readSignature(dir: string): Promise<Signature> {
  const file = join(dir, SIGNATURE_FILE);
  let value: Partial<Signature> | null;
  try {
    value = JSON.parse(await readFile(file, 'utf8')) as Partial<Signature> | null;
  } catch (cause) {
    throw new SonotrackError('MODEL_UNSIGNED', 'models', `cannot read a signature in ${file}`, {
      cause,
    });
  }
  if (
    value?.algorithm !== 'ed25519' ||
    typeof value.keyId !== 'string' ||
    typeof value.signature !== 'string'
  ) {
    throw new SonotrackError(
      'MODEL_UNSIGNED',
      'models',
      `${file}: expected { algorithm: 'ed25519', keyId, signature } but received something else`,
    );
  }
  return value as Signature;
}

/** @throws SonotrackError MODEL_NOT_FOUND */
export async function readManifest(dir: string): Promise<Buffer> {
  try {
    return await readFile(join(dir, MANIFEST_FILE));
  } catch (cause) {
    throw new SonotrackError(
      'MODEL_NOT_FOUND',
      'models',
      `no model bundle in ${dir}: cannot read ${MANIFEST_FILE}`,
      { cause },
    );
  }
}

async function readKey(file: string, type: 'public' | 'private'): Promise<KeyObject> {
  let key: KeyObject;
  try {
    const pem = await readFile(file);
    // createPublicKey would take a private key too, and a device must never hold one
    const isPrivate = pem.includes('PRIVATE KEY');
    if (isPrivate !== (type === 'private')) throw new Error(`it holds no ${type} key`);
    key = type === 'private' ? createPrivateKey(pem) : createPublicKey(pem);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidKey(`cannot read a ${type} key from ${file}: ${reason}`, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw invalidKey(
      `expected an ed25519 key in ${file} but received ${String(key.asymmetricKeyType)}`,
    );
  }
  return key;
}

const untrusted = (message: string): SonotrackError =>
  new SonotrackError('MODEL_UNTRUSTED', 'models', message);

const invalidKey = (message: string, cause?: unknown): SonotrackError =>
  new SonotrackError('MODEL_KEY_INVALID', 'models', message, { cause });
