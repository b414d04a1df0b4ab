/** The truth of a recording: a label map for each of its frames. */
import { stat } from 'node:fs/promises';
import { readFolder } from '../io/sources/folder.js';
import type { IndexedSource } from '../io/sources/indexed.js';
import { openMetaImage } from '../io/sources/metaimage.js';
import { openNifti } from '../io/sources/nifti.js';
import { unsupported } from '../io/sources/random-access.js';
import { describeKind, recognise } from '../io/sources/recognise.js';
import { SonotrackError } from '../runtime/errors.js';
import type { SourceInfo } from '../sdk/types.js';
import { readLabelMap, type LabelMap } from './label-png.js';

export interface LabelSource {
  frames: number;
  widthPx: number;
  heightPx: number;
  /** The label map of a frame, counted from 0. @throws SonotrackError SOURCE_INVALID, SOURCE_UNSUPPORTED */
  mapAt(index: number): Promise<LabelMap>;
  close(): Promise<void>;
}

/** What a recording must have for its label maps to fit. */
export type Recording = Pick<SourceInfo, 'frames' | 'widthPx' | 'heightPx'>;

/**
 * Opens a folder of label PNGs, in natural order as a folder of frames, or a NIfTI or MetaImage label volume.
 * @throws SonotrackError SOURCE_NOT_FOUND, SOURCE_UNSUPPORTED, SOURCE_INVALID; that too when they do not fit `recording`
 */
export async function openLabels(path: string, recording: Recording): Promise<LabelSource> {
  const found = await stat(path).catch((cause: unknown) => {
    const message = `there is no file or folder at ${path}`;
    throw new SonotrackError('SOURCE_NOT_FOUND', 'source', message, { cause });
  });
  const labels = await (found.isDirectory() ? openFolder(path) : openFile(path));
  const { frames, widthPx, heightPx } = recording;
  if (labels.frames === frames && labels.widthPx === widthPx && labels.heightPx === heightPx) {
    return labels;
  }
  await labels.close();
  throw new SonotrackError(
    'SOURCE_INVALID',
    'source',
    `expected a label map of ${widthPx} × ${heightPx} px for each of ${frames} frames in \`${path}\` ` +
      `but received ${labels.frames} of ${labels.widthPx} × ${labels.heightPx} px`,
  );
}

async function openFolder(path: string): Promise<LabelSource> {
  const headers = await readFolder(path);
  const [{ widthPx, heightPx }] = headers;
  return {
    frames: headers.length,
    widthPx,
    heightPx,
    mapAt: (index) => readLabelMap(headers[index].path),
    close: () => Promise.resolve(),
  };
}

async function openFile(path: string): Promise<LabelSource> {
  const kind = await recognise(path);
  const settings = {
    realtime: false,
    loop: false,
    frameRateHz: null,
    spacingMm: null,
    labels: true,
  };
  if (kind?.format === 'nifti') return ofVolume(await openNifti(path, kind.gzip, settings));
  if (kind?.format === 'metaimage' && !kind.gzip) {
    return ofVolume(await openMetaImage(path, settings));
  }
  throw unsupported(path, 'a folder of label PNGs, NIfTI or MetaImage', describeKind(kind));
}

function ofVolume(volume: IndexedSource): LabelSource {
  const { widthPx, heightPx, frames } = volume.info;
  return {
    frames: frames ?? 0,
    widthPx,
    heightPx,
    async mapAt(index) {
      const { data } = await volume.frameAt(index);
      return { labels: data, widthPx, heightPx };
    },
    close: () => volume.close(),
  };
}
