/** Data sets on disk: `images/ID.png` beside `masks/ID.png`, a label map whose values 1, 2, … are objects. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeImage, readHeader } from '../io/sources/image.js';
import { SonotrackError } from '../runtime/errors.js';
import type { Frame } from '../sdk/types.js';
import { objectsOf, type LabelledObject } from './label-objects.js';
import { readLabelMap } from './label-png.js';

export interface DataSet {
  name: string;
  path: string;
  /** File names in order, the same under images/ and masks/. */
  files: string[];
  /** Names of the labels, from meta.json; empty when it does not say. */
  labels: Record<string, string>;
}

export interface Example {
  id: string;
  frame: Frame;
  objects: LabelledObject[];
}

/** The data set in a folder, or those in its sub-folders, in order of their names; none where there is none. */
export async function findDataSets(root: string): Promise<DataSet[]> {
  const own = await readDataSet(root);
  if (own) return [own];
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => !entry.isFile()).map(({ name }) => name); // links too
  const found = await Promise.all(folders.sort().map((name) => readDataSet(join(root, name))));
  return found.filter((set) => set !== null);
}

async function readDataSet(path: string): Promise<DataSet | null> {
  const list = async (folder: string): Promise<string[]> =>
    (await readdir(join(path, folder)).catch(() => [])).filter((file) => file.endsWith('.png'));
  const masks = new Set(await list('masks'));
  const files = (await list('images')).filter((file) => masks.has(file)).sort();
  if (!files.length) return null;
  return { name: basename(path), path, files, labels: await labelNames(join(path, 'meta.json')) };
}

async function labelNames(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const { objects } = JSON.parse(text) as { objects?: Record<string, string> };
  return objects ?? {};
}

/**
 * One image with its objects.
 * @throws SonotrackError SOURCE_INVALID when a file is damaged, or its label map no such map or of another size
 */
export async function readExample({ path }: DataSet, file: string): Promise<Example> {
  const header = await readHeader(join(path, 'images', file));
  const frame = await decodeImage(header, 0, header.channels, null);
  const mapFile = join(path, 'masks', file);
  const labels = await readLabelMap(mapFile);
  expectSize(labels, frame, mapFile);
  return { id: basename(file, '.png'), frame, objects: objectsOf(labels) };
}

interface Size {
  widthPx: number;
  heightPx: number;
}

/** @throws SonotrackError SOURCE_INVALID */
export function expectSize({ widthPx, heightPx }: Size, wanted: Size, file: string): void {
  if (widthPx === wanted.widthPx && heightPx === wanted.heightPx) return;
  throw new SonotrackError(
    'SOURCE_INVALID',
    'source',
    `expected ${wanted.widthPx} × ${wanted.heightPx} px for \`${file}\` but received ${widthPx} × ${heightPx} px`,
  );
}
