import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signManifest } from '../../src/runtime/bundle-signature.js';
import { writeBundle } from './bundle.js';

export interface KeyFiles {
  privateFile: string;
  publicFile: string;
}

/** An ed25519 key pair as PEM files in `dir`. */
export function writeKeys(dir: string, name = 'oem'): KeyFiles {
  mkdirSync(dir, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const files = {
    privateFile: join(dir, `${name}.pem`),
    publicFile: join(dir, `${name}.pub.pem`),
  };
  writeFileSync(files.privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(files.publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
  return files;
}

/** A bundle whose graphs are text, of the given version, signed. */
export async function writeSignedBundle(
  dir: string,
  version: string,
  { privateFile }: KeyFiles,
): Promise<string> {
  writeBundle(dir, (manifest) => Object.assign(manifest, { version }));
  await signManifest(dir, privateFile);
  return dir;
}
