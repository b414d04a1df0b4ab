/** The clips of a folder: files that hold frames, and folders of images. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { NATURAL_ORDER } from '../io/sources/folder.js';
import { recognise } from '../io/sources/recognise.js';
import { SonotrackError } from '../runtime/errors.js';

export interface ClipFile {
  /** The entry's name without a suffix, made unique: also that of its folder of masks. */
  name: string;
  /** For `openSource`. */
  uri: string;
  /** Names of the frames' files without suffixes, where each frame is a file; null: frames are numbered. */
  frameNames: string[] | null;
}

/**
 * In natural order. A folder is a clip when it, or its `frames/`, holds images; other folders and files are passed over.
 * @param apart a folder that is none of them, for instance that of the masks
 * @throws SonotrackError SOURCE_NOT_FOUND when there is no such folder, SOURCE_INVALID when it has no clip
 */
export async function findClipFiles(folder: string, apart: string): Promise<ClipFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new SonotrackError('SOURCE_NOT_FOUND', 'source', `there is no folder ${folder}`, {
      cause,
    });
  });
  const names = entries.map(({ name }) => name).filter((name) => !name.startsWith('.'));
  const found: ClipFile[] = [];
  for (const entry of names.sort(NATURAL_ORDER)) {
    const path = join(folder, entry);
    if (resolve(path) === resolve(apart)) continue;
    const clip = (await stat(path)).isDirectory() ? await ofFolder(path) : await ofFile(path);
    if (clip) found.push({ ...clip, name: uniqueName(entry, found) });
  }
  if (found.length > 0) return found;
  throw new SonotrackError(
    'SOURCE_INVALID',
    'source',
    `expected clips (folders of images, DICOM, NIfTI, MetaImage or video files) in \`${folder}\` but found none`,
  );
}

type Found = Omit<ClipFile, 'name'>;

async function ofFolder(path: string): Promise<Found | null> {
  for (const folder of [join(path, 'frames'), path]) {
    const frameNames = await imagesOf(folder);
    if (frameNames.length > 0) return { uri: folder, frameNames };
  }
  return null;
}

async function ofFile(path: string): Promise<Found | null> {
  const kind = await recognise(path).catch(() => null);
  if (!kind || (kind.gzip && kind.format !== 'nifti')) return null;
  return { uri: path, frameNames: null };
}

/** Without their suffixes, in the order in which a source gives them. */
async function imagesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const images: string[] = [];
  for (const name of names.filter((n) => !n.startsWith('.')).sort(NATURAL_ORDER)) {
    const kind = await recognise(join(folder, name)).catch(() => null);
    if (kind?.format === 'image') images.push(basename(name, extname(name)));
  }
  return images;
}

function uniqueName(entry: string, found: readonly ClipFile[]): string {
  const name = basename(entry, extname(entry));
  return found.some((clip) => clip.name === name) ? entry : name;
}
