/** The fields of messages ↔ values: what all messages of proto/live.proto are made of. */
import { sonotrack } from './generated/live.js';
import type { PictureFormat, WireBox } from './messages.js';

export const wire = sonotrack.live.v1;
export type Wire = typeof sonotrack.live.v1;

/** Names beside the values of the enum PictureFormat in proto/live.proto, from 1 on. */
export const FORMATS: readonly PictureFormat[] = ['jpeg', 'gray8', 'none'];

/** A message that its format does not allow. */
export class WireError extends RangeError {
  override readonly name = 'WireError';
  /** The command's, where that much could be read; else 0. */
  ref = 0;
}

export const fail = (message: string): never => {
  throw new WireError(message);
};

/** 64-bit integers as protobufjs gives them, with and without its `long`. */
type Integer = number | { low: number; high: number };

export function toBigInt(value: Integer | null | undefined): bigint {
  if (value === null || value === undefined) return 0n;
  if (typeof value === 'number') return BigInt(value);
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
}

export function fromBigInt(value: bigint): never {
  const bits = { low: Number(value & 0xffffffffn), high: Number(value >> 32n), unsigned: true };
  // What `Long` is made of is all that the writer looks at.
  return bits as never;
}

export function toId(value: Integer | null | undefined, name: string): number {
  const id = toBigInt(value);
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : fail(`\`${name}\` is too large`);
}

export function enumName<T extends string>(
  names: readonly T[],
  value: number | null | undefined,
  what: string,
): T {
  return names[(value ?? 0) - 1] ?? fail(`unknown value ${value} of \`${what}\``);
}
export const enumValue = <T extends string>(names: readonly T[], name: T): number =>
  names.indexOf(name) + 1;

export function finite(value: number | null | undefined, name: string): number {
  const number = value ?? 0;
  return Number.isFinite(number) ? number : fail(`\`${name}\` is not a finite number`);
}

export function toBox(box: {
  x0?: number | null;
  y0?: number | null;
  x1?: number | null;
  y1?: number | null;
}): WireBox {
  return [
    finite(box.x0, 'box'),
    finite(box.y0, 'box'),
    finite(box.x1, 'box'),
    finite(box.y1, 'box'),
  ];
}
export const fromBox = ([x0, y0, x1, y1]: WireBox) => ({ x0, y0, x1, y1 });

/** Any throw of the decoder, whose classes differ by what was wrong, is a message that is not well formed. */
export function decode<T>(type: { decode(bytes: Uint8Array): T }, bytes: Uint8Array): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

export const isAbsent = (value: unknown): value is null | undefined =>
  value === null || value === undefined;
