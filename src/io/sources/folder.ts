/** A folder of images in natural order (frame2 before frame10), all of one size. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SonotrackError } from '../../runtime/errors.js';
import { readHeader, type ImageHeader } from './image.js';
import { recognise } from './recognise.js';

/** Compares names of files: frame2 before frame10. */
export const NATURAL_ORDER = new Intl.Collator('en', { numeric: true }).compare;

/**
 * Headers of the images directly in a folder; hidden files and files of other kinds are passed over.
 * @throws SonotrackError SOURCE_INVALID when there is none, or when their sizes differ
 */
export async function readFolder(path: string): Promise<ImageHeader[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort(NATURAL_ORDER);
  const headers: ImageHeader[] = [];
  for (const name of names) {
    const file = join(path, name);
    if ((await recognise(file))?.format !== 'image') continue;
    headers.push(await readHeader(file));
  }
  if (headers.length === 0) {
    throw new SonotrackError(
      'SOURCE_INVALID',
      'source',
      `expected PNG, JPEG or TIFF images in the folder \`${path}\` but received none (${names.length} other files)`,
    );
  }
  const [first] = headers;
  const other = headers.find(
    ({ widthPx, heightPx }) => widthPx !== first.widthPx || heightPx !== first.heightPx,
  );
  if (other) {
    throw new SonotrackError(
      'SOURCE_INVALID',
      'source',
      `expected frames of one size in \`${path}\` but received ${first.widthPx} × ${first.heightPx} px (${first.path}) ` +
        `and ${other.widthPx} × ${other.heightPx} px (${other.path})`,
    );
  }
  return headers;
}
