/** Annotated clips on disk: `frames/ID.png` beside `masks/ID.png`, label maps whose values 1, 2, … are objects. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NATURAL_ORDER } from '../io/sources/folder.js';
import { decodeImage, readHeader } from '../io/sources/image.js';
import { IndexedSource } from '../io/sources/indexed.js';
import { SOURCE_DEFAULTS } from '../io/sources/index.js';
import type { Frame, FrameSource, SourceInfo } from '../sdk/types.js';
import { expectSize } from './dataset.js';
import { readLabelMap, type LabelMap } from './label-png.js';

export interface Clip {
  /** The folder above; clips of one folder make a set. */
  set: string;
  name: string;
  path: string;
  /** File names in natural order, the same under frames/ and masks/. */
  files: string[];
  /** Names of the labels; empty where nothing says. */
  labels: Record<string, string>;
}

/** The clip in a folder, those in its folders, and those one folder further down, in order of their names. */
export async function findClips(root: string): Promise<Clip[]> {
  const own = await readClip(root);
  if (own) return [own];
  const found: Clip[] = [];
  for (const folder of await foldersOf(root)) {
    const clip = await readClip(folder);
    if (clip) found.push(clip);
    else {
      for (const inner of await foldersOf(folder)) {
        const deeper = await readClip(inner);
        if (deeper) found.push(deeper);
      }
    }
  }
  return found;
}

async function foldersOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith('.'));
  return names.map(({ name }) => join(path, name)).sort();
}

async function readClip(path: string): Promise<Clip | null> {
  const list = async (folder: string): Promise<string[]> =>
    (await readdir(join(path, folder)).catch(() => [])).filter((file) => file.endsWith('.png'));
  const masks = new Set(await list('masks'));
  const files = (await list('frames')).filter((file) => masks.has(file)).sort(NATURAL_ORDER);
  if (files.length < 2) return null;
  return {
    set: basename(dirname(path)),
    name: basename(path),
    path,
    files,
    labels: await labelNames(path),
  };
}

interface Meta {
  objects?: Record<string, string>;
  clips?: Record<string, unknown>;
}

/** Of the clip's own meta.json, else of the one beside it, unless that lists clips and this is none of them. */
async function labelNames(path: string): Promise<Record<string, string>> {
  const read = async (file: string): Promise<Meta> =>
    JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Meta;
  const own = await read(join(path, 'meta.json'));
  if (own.objects) return own.objects;
  const shared = await read(join(dirname(path), 'meta.json'));
  const listed = !shared.clips || basename(path) in shared.clips;
  return listed ? (shared.objects ?? {}) : {};
}

/** The frames of a clip as a source. @throws SonotrackError SOURCE_INVALID when they differ in size, or one is damaged */
export async function openClip({ path, files }: Clip): Promise<FrameSource> {
  const headers = await Promise.all(files.map((file) => readHeader(join(path, 'frames', file))));
  const [{ widthPx, heightPx }] = headers;
  for (const header of headers) expectSize(header, { widthPx, heightPx }, header.path);
  const channels = headers.some((header) => header.channels === 3) ? 3 : 1;
  const info: SourceInfo = {
    kind: 'clip',
    frames: files.length,
    widthPx,
    heightPx,
    channels,
    frameRateHz: null,
    spacingMm: null,
    regions: [],
    modality: null,
  };
  const read = (index: number): Promise<Frame> => decodeImage(headers[index], 0, channels, null);
  return new IndexedSource(info, read, SOURCE_DEFAULTS);
}

/** The truth of a clip's frames, counted from 0; they have the size of `source`. */
export const labelsOf =
  ({ path, files }: Clip, { info }: FrameSource) =>
  async (index: number): Promise<LabelMap> => {
    const file = join(path, 'masks', files[index]);
    const map = await readLabelMap(file);
    expectSize(map, info, file);
    return map;
  };
