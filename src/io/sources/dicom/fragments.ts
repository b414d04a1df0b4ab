/** Encapsulated pixel data (PS3.5 A.4): which fragments make which frame, without reading them. */
import { damaged, type RandomAccessFile } from '../random-access.js';

export interface Fragment {
  offset: number;
  length: number;
}

const ITEM = 0xe000fffe;
const DELIMITER = 0xe0ddfffe;
/** How JPEG, JPEG-LS (FF D8) and JPEG 2000 (FF 4F) streams begin. */
const STREAM_STARTS = [0xffd8, 0xff4f];

/**
 * The fragments of each frame.
 * @param start where the value of Pixel Data begins
 * @throws SonotrackError SOURCE_INVALID when the fragments do not make `frames` frames
 */
export async function indexFrames(
  file: RandomAccessFile,
  start: number,
  frames: number,
): Promise<Fragment[][]> {
  const [table, ...fragments] = await itemsOf(file, start);
  if (!table || fragments.length < frames) {
    throw damaged(file.path, `it holds ${fragments.length} of ${frames} frames`);
  }
  if (frames === 1) return [fragments];
  if (fragments.length === frames) return fragments.map((fragment) => [fragment]);
  const starts = await startsByTable(file, table, fragments, frames);
  const groups = groupBy(fragments, starts ?? (await startsByContent(file, fragments)));
  if (groups.length !== frames) {
    throw damaged(file.path, `its ${fragments.length} fragments do not make ${frames} frames`);
  }
  return groups;
}

/** The items up to the delimiter or the end of the file; the first is the Basic Offset Table. */
async function itemsOf(file: RandomAccessFile, start: number): Promise<Fragment[]> {
  const items: Fragment[] = [];
  for (let at = start; at + 8 <= file.sizeBytes;) {
    const head = await file.read(at, 8);
    // Read as group then element: the tag (FFFE,E000) is FE FF 00 E0 in little endian.
    const tag = head.readUInt32LE(0);
    if (tag === DELIMITER) break;
    const length = head.readUInt32LE(4);
    if (tag !== ITEM || at + 8 + length > file.sizeBytes) {
      throw damaged(file.path, `its pixel data are broken at byte ${at}`);
    }
    items.push({ offset: at + 8, length });
    at += 8 + length;
  }
  return items;
}

/** Indices of the fragments at which frames begin, by the Basic Offset Table; null when it is empty or does not fit. */
async function startsByTable(
  file: RandomAccessFile,
  table: Fragment,
  fragments: readonly Fragment[],
  frames: number,
): Promise<number[] | null> {
  if (table.length !== 4 * frames) return null;
  const bytes = await file.read(table.offset, table.length);
  const first = fragments[0].offset;
  const byOffset = new Map(fragments.map(({ offset }, index) => [offset - first, index]));
  const starts = Array.from({ length: frames }, (_, i) => byOffset.get(bytes.readUInt32LE(4 * i)));
  return starts.every((index) => index !== undefined) ? starts : null;
}

async function startsByContent(
  file: RandomAccessFile,
  fragments: readonly Fragment[],
): Promise<number[]> {
  const starts: number[] = [];
  for (const [index, { offset, length }] of fragments.entries()) {
    if (length < 2) continue;
    const head = await file.read(offset, 2);
    if (STREAM_STARTS.includes(head.readUInt16BE(0))) starts.push(index);
  }
  return starts;
}

function groupBy(fragments: readonly Fragment[], starts: readonly number[]): Fragment[][] {
  const groups = starts.map((from, i) => fragments.slice(from, starts[i + 1] ?? fragments.length));
  return groups.every((group) => group.length > 0) ? groups : [];
}
