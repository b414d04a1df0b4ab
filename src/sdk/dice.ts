import { rangeError, typeError } from '../runtime/validate.js';
import { Mask } from './mask.js';

/**
 * Dice similarity coefficient 2|A∩B| / (|A|+|B|) of two masks, or two bitmaps (non-zero is 1), of one size, 0–1.
 * Two empty masks agree: 1.
 * @throws TypeError for other kinds, RangeError when the sizes differ.
 */
export function dice(a: Mask | Uint8Array, b: Mask | Uint8Array): number {
  const [p, q] = [bits(a, 'a'), bits(b, 'b')];
  const sameShape =
    !(a instanceof Mask && b instanceof Mask) ||
    (a.widthPx === b.widthPx && a.heightPx === b.heightPx);
  if (p.length !== q.length || !sameShape) throw rangeError('a mask of the size of `a`', 'b', b);
  let both = 0;
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i]) sum++;
    if (q[i]) sum++;
    if (p[i] && q[i]) both++;
  }
  return sum ? (2 * both) / sum : 1;
}

function bits(value: Mask | Uint8Array, name: string): Uint8Array {
  if (value instanceof Mask) return Mask.bitmapOf(value);
  if (value instanceof Uint8Array) return value;
  throw typeError('a Mask or a Uint8Array', name, value);
}
