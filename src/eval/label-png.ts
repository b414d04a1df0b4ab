/** Label maps as PNG: the stored numbers, whether the file shows them as gray or through a palette. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { SonotrackError } from '../runtime/errors.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const [GRAY, PALETTE] = [0, 3]; // colour types (PNG specification, 11.2.1)

export interface LabelMap {
  /** u8[heightPx, widthPx]. */
  labels: Uint8Array;
  widthPx: number;
  heightPx: number;
}

/**
 * Reads a gray or palette PNG of at most 8 bits; of a palette its indices are the labels, not its colours.
 * @throws SonotrackError SOURCE_INVALID for another file, a damaged one, or one with colours
 */
export async function readLabelMap(path: string): Promise<LabelMap> {
  const invalid = (message: string, cause?: unknown): SonotrackError =>
    new SonotrackError('SOURCE_INVALID', 'source', message, { cause });
  const file = await readFile(path);
  if (file.length < 33 || !file.subarray(0, 8).equals(SIGNATURE)) {
    throw invalid(`expected a PNG file for \`${path}\``);
  }
  const [bits, colour] = [file[24], file[25]];
  if (bits > 8 || (colour !== GRAY && colour !== PALETTE)) {
    throw invalid(
      `expected a gray or palette PNG of at most 8 bits for \`${path}\` ` +
        `but received colour type ${colour} with ${bits} bits`,
    );
  }
  try {
    const { data, info } = await sharp(colour === PALETTE ? withoutPalette(file) : file)
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const largest = 2 ** bits - 1; // fewer than 8 bits are decoded as shares of 255
    const labels = Uint8Array.from(data, (v) => Math.round((v * largest) / 255));
    return { labels, widthPx: info.width, heightPx: info.height };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw invalid(`cannot read the label map ${path}: ${reason}`, cause);
  }
}

/** The same PNG declared gray, so that a decoder gives the indices; palette and transparency are dropped. */
function withoutPalette(file: Buffer): Buffer {
  const chunks: Buffer[] = [SIGNATURE];
  for (let at = 8; at + 12 <= file.length;) {
    const end = at + 12 + file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    if (type === 'IHDR') {
      const header = Buffer.from(file.subarray(at, end));
      header[17] = GRAY;
      header.writeUInt32BE(crc32(header.subarray(4, 21)), 21);
      chunks.push(header);
    } else if (type !== 'PLTE' && type !== 'tRNS') {
      chunks.push(file.subarray(at, end));
    }
    at = end;
  }
  return Buffer.concat(chunks);
}

/** CRC-32 of a chunk's type and data (PNG specification, annex D); Node's own came with 20.15. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
