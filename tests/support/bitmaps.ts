import { Mask } from '../../src/sdk/mask.js';

/** A bitmap drawn in text: '#' is 1, anything else 0. */
export function bitmap(...rows: string[]): Uint8Array {
  return Uint8Array.from([...rows.join('')].map((c) => (c === '#' ? 1 : 0)));
}

export const mask = (...rows: string[]): Mask =>
  Mask.fromBitmap(bitmap(...rows), rows[0].length, rows.length);

/** Uniform [0, 1) numbers from a seed (mulberry32). */
export function randoms(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
