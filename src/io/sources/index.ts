/** `openSource`: frames from anywhere behind one interface. */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SonotrackError } from '../../runtime/errors.js';
import { checkBoolean, checkNumber, checkObject, checkString } from '../../runtime/validate.js';
import type { FrameSource, SourceInfo, SpacingMm } from '../../sdk/types.js';
import { openDicom } from './dicom/dicom.js';
import { readFolder } from './folder.js';
import { decodeImage, readHeader, type ImageHeader } from './image.js';
import { IndexedSource } from './indexed.js';
import type { Playback } from './playback.js';
import { openMetaImage } from './metaimage.js';
import { openNifti } from './nifti.js';
import { Phantom } from './phantom/phantom.js';
import { openOpenIgtLink } from './openigtlink/openigtlink.js';
import { parsePhantomUri } from './phantom/uri.js';
import { unsupported } from './random-access.js';
import { describeKind, recognise } from './recognise.js';
import { openVideo } from './video.js';

export { Phantom, PHANTOM_LABELS, type PhantomOptions } from './phantom/phantom.js';

export interface SourceOptions {
  /** Deliver at the frame rate (25 Hz where the source has none) instead of as fast as asked. Default: false. */
  realtime?: boolean;
  /** Start again at the end; `info.frames` is then null. Default: false. */
  loop?: boolean;
  /** Frames per second of a folder or a file that does not say, 0.1–1000 Hz. Default: unknown (null). */
  frameRateHz?: number | null;
  /** Pixel spacing of a folder or a file that does not say. Default: unknown (null). */
  spacingMm?: SpacingMm | null;
  /**
   * DICOM: set what lies outside of all ultrasound regions to 0, where names and dates are burnt in; an error where the file
   * names no region. Default: false.
   */
  blankOutsideRegions?: boolean;
}

export const SOURCE_DEFAULTS: Required<SourceOptions> = {
  realtime: false,
  loop: false,
  frameRateHz: null,
  spacingMm: null,
  blankOutsideRegions: false,
};

/**
 * Opens a file by its content, a folder of images in natural order, or the built-in phantom
 * (`phantom:?seed=2&frames=100&fps=30&width=480&height=360`; `frames=0` never ends). Files: images (PNG, JPEG, TIFF),
 * DICOM, NIfTI and MetaImage of two to four axes, whose slices are frames, and videos (with ffmpeg on the PATH). An
 * `openigtlink://HOST:PORT` server sends pictures until it ends.
 *
 * Every frame has a buffer of its own, gray (1 channel) or RGB (3); alpha is dropped. `close()` ends the iteration.
 *
 * @throws TypeError, RangeError for a wrong option; SonotrackError SOURCE_NOT_FOUND, SOURCE_UNSUPPORTED, SOURCE_INVALID
 * @example
 * const source = await openSource('phantom:?frames=3');
 * for await (const frame of source) console.log(frame.id, frame.widthPx, frame.heightPx);
 * await source.close();
 */
export async function openSource(uri: string, options: SourceOptions = {}): Promise<FrameSource> {
  checkString(uri, 'uri');
  checkObject(options, 'options', Object.keys(SOURCE_DEFAULTS));
  const settings = { ...SOURCE_DEFAULTS, ...options };
  checkBoolean(settings.realtime, 'realtime');
  checkBoolean(settings.loop, 'loop');
  checkBoolean(settings.blankOutsideRegions, 'blankOutsideRegions');
  if (settings.frameRateHz !== null) checkNumber(settings.frameRateHz, 'frameRateHz', [0.1, 1000]);
  if (settings.spacingMm !== null) {
    checkObject(settings.spacingMm, 'spacingMm', ['x', 'y']);
    checkNumber(settings.spacingMm.x, 'spacingMm.x', [1e-4, 1000]);
    checkNumber(settings.spacingMm.y, 'spacingMm.y', [1e-4, 1000]);
  }
  if (uri.startsWith('phantom:')) return openPhantom(uri, settings);
  if (uri.startsWith('openigtlink:')) return openOpenIgtLink(uri, settings);
  const path = uri.startsWith('file:') ? fileURLToPath(uri) : uri;
  const found = await stat(path).catch((cause: unknown) => {
    throw new SonotrackError(
      'SOURCE_NOT_FOUND',
      'source',
      `there is no file or folder at ${path}`,
      {
        cause,
      },
    );
  });
  if (found.isDirectory()) return openImages('image-folder', await readFolder(path), settings);
  return openFile(path, settings);
}

const READABLE = 'PNG, JPEG, TIFF, DICOM, NIfTI, MetaImage or a video';

async function openFile(path: string, settings: Required<SourceOptions>): Promise<FrameSource> {
  const kind = await recognise(path);
  if (kind?.format === 'nifti') return openNifti(path, kind.gzip, settings);
  if (kind && !kind.gzip) {
    if (kind.format === 'image') return openImages('image', [await readHeader(path)], settings);
    if (kind.format === 'dicom') return openDicom(path, settings);
    if (kind.format === 'video') return openVideo(path, settings);
    if (kind.format === 'metaimage') return openMetaImage(path, settings);
  }
  throw unsupported(path, READABLE, describeKind(kind));
}

function openPhantom(uri: string, playback: Playback): FrameSource {
  const { frames, ...options } = parsePhantomUri(uri, playback.loop);
  const phantom = new Phantom(options);
  const info: SourceInfo = {
    kind: 'phantom',
    frames,
    widthPx: phantom.widthPx,
    heightPx: phantom.heightPx,
    channels: 1,
    frameRateHz: phantom.frameRateHz,
    spacingMm: phantom.spacingMm,
    regions: [
      {
        box: [0, 0, phantom.widthPx, phantom.heightPx],
        kind: '2d',
        spacingMm: phantom.spacingMm,
      },
    ],
    modality: 'US',
  };
  return new IndexedSource(info, (index) => phantom.frame(index), playback);
}

function openImages(
  kind: string,
  headers: ImageHeader[],
  settings: Required<SourceOptions>,
): FrameSource {
  const pages = headers.flatMap((header) =>
    Array.from({ length: header.pages }, (_, page) => ({ header, page })),
  );
  const channels = headers.some((header) => header.channels === 3) ? 3 : 1;
  const { spacingMm, frameRateHz } = settings;
  const { widthPx, heightPx } = headers[0];
  const info: SourceInfo = {
    kind,
    frames: pages.length,
    widthPx,
    heightPx,
    channels,
    frameRateHz,
    spacingMm,
    regions: [],
    modality: null,
  };
  const read = async (index: number) => {
    const { header, page } = pages[index];
    return decodeImage(header, page, channels, spacingMm);
  };
  return new IndexedSource(info, read, settings);
}
