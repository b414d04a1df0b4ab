import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../src/runtime/bundle.js';

const GRAPHS = {
  'a.onnx': 'sonosam encoder',
  'b.onnx': 'sonosam decoder',
  'c.onnx': 'deaot encoder',
  'd.onnx': 'deaot memorize',
  'e.onnx': 'deaot propagate',
};

const hashed = (content: string): { sha256: string; bytes: number } => ({
  sha256: createHash('sha256').update(content).digest('hex'),
  bytes: Buffer.byteLength(content),
});

export function manifest(): Manifest {
  return {
    schemaVersion: 1,
    name: 'test',
    version: '1.2.3',
    precision: 'int8',
    opset: 17,
    minimumRuntime: '0.1.0',
    sonosam: {
      name: 'SonoSAMLite',
      encoder: 'a.onnx',
      decoder: 'b.onnx',
      inputSizePx: 256,
      maskSizePx: 128,
      maxPoints: 32,
      scoreDoubt: 1,
      correctionDoubt: 1,
    },
    deaot: {
      name: 'DeAOT-T',
      encoder: 'c.onnx',
      memorize: 'd.onnx',
      propagate: 'e.onnx',
      inputSizePx: 256,
      maskSizePx: 128,
      objectSlots: 10,
      referenceSlots: 2,
      askBelow: 0.9,
    },
    files: Object.fromEntries(Object.entries(GRAPHS).map(([name, c]) => [name, hashed(c)])),
    trainingData: [{ set: 'hc18', images: 3, licence: 'CC-BY-4.0', citation: 'someone' }],
    metrics: {},
  };
}

/** Writes a bundle whose graphs are text; `change` edits the manifest first. */
export function writeBundle(dir: string, change: (manifest: Manifest) => void = () => {}): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, content] of Object.entries(GRAPHS)) writeFileSync(join(dir, name), content);
  const value = manifest();
  change(value);
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(value));
  return dir;
}
