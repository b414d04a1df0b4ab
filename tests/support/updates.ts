import type { Update } from '../../src/fleet/receiver.js';

/** A message of one node as a receiver reads it. */
export function updateOf(
  type: Update['type'],
  seq: number | null,
  values: Update['values'] = {},
  more: Partial<Update> = {},
): Update {
  return {
    type,
    group: 'sonotrack',
    node: 'bay-4',
    device: type.startsWith('D') ? 'session' : null,
    seq,
    sentMs: 1000,
    atMs: 1000,
    historical: false,
    values,
    unknown: 0,
    bornMs: 1000,
    ...more,
  };
}

export const windowUpdate = (seq: number, sequence: number, more: Partial<Update> = {}): Update =>
  updateOf('DDATA', seq, { 'Window/Sequence': sequence }, more);
