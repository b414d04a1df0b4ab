/** Still images: PNG, JPEG and TIFF (with several pages: a cine), recognised by their content. */
import { open } from 'node:fs/promises';
import sharp from 'sharp';
import { SonotrackError } from '../../runtime/errors.js';
import type { Frame, SpacingMm } from '../../sdk/types.js';

export interface ImageHeader {
  path: string;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
  pages: number;
}

const SIGNATURES: { name: string; readable: boolean; offset: number; bytes: number[] }[] = [
  {
    name: 'PNG',
    readable: true,
    offset: 0,
    bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  },
  { name: 'JPEG', readable: true, offset: 0, bytes: [0xff, 0xd8, 0xff] },
  { name: 'TIFF', readable: true, offset: 0, bytes: [0x49, 0x49, 0x2a, 0x00] },
  { name: 'TIFF', readable: true, offset: 0, bytes: [0x4d, 0x4d, 0x00, 0x2a] },
  { name: 'DICOM', readable: false, offset: 128, bytes: [0x44, 0x49, 0x43, 0x4d] },
  { name: 'MP4', readable: false, offset: 4, bytes: [0x66, 0x74, 0x79, 0x70] },
  { name: 'AVI or WebP', readable: false, offset: 0, bytes: [0x52, 0x49, 0x46, 0x46] },
  { name: 'GIF', readable: false, offset: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  { name: 'BMP', readable: false, offset: 0, bytes: [0x42, 0x4d] },
  { name: 'gzip', readable: false, offset: 0, bytes: [0x1f, 0x8b] },
];

const READABLE = 'PNG, JPEG or TIFF';

/** What a file is by its first bytes: null when unknown. */
export async function recognise(path: string): Promise<{ name: string; readable: boolean } | null> {
  const file = await open(path, 'r');
  try {
    const head = new Uint8Array(132);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const found = SIGNATURES.find(
      ({ offset, bytes }) =>
        offset + bytes.length <= bytesRead && bytes.every((byte, i) => head[offset + i] === byte),
    );
    return found ? { name: found.name, readable: found.readable } : null;
  } finally {
    await file.close();
  }
}

/**
 * Size and kind of an image file, without decoding it.
 * @throws SonotrackError SOURCE_UNSUPPORTED for another kind of file, SOURCE_INVALID for a damaged one
 */
export async function readHeader(path: string): Promise<ImageHeader> {
  const kind = await recognise(path);
  if (!kind?.readable) {
    throw new SonotrackError(
      'SOURCE_UNSUPPORTED',
      'source',
      `expected ${READABLE} for \`${path}\` but received ${kind ? `a ${kind.name} file` : 'a file of an unknown kind'}`,
    );
  }
  try {
    const { width, height, channels, hasAlpha, pages = 1 } = await sharp(path).metadata();
    const colours = channels - (hasAlpha ? 1 : 0);
    return { path, widthPx: width, heightPx: height, channels: colours === 1 ? 1 : 3, pages };
  } catch (cause) {
    throw damaged(path, cause);
  }
}

/**
 * Decodes a page to gray (1 channel) or RGB (3 channels), 8 bits a sample; more than 8 bits are scaled by the stored depth.
 * @throws SonotrackError SOURCE_INVALID when the file is damaged
 */
export async function decodeImage(
  header: ImageHeader,
  page: number,
  channels: 1 | 3,
  spacingMm: SpacingMm | null,
): Promise<Frame> {
  try {
    const { data, info } = await sharp(header.path, { page, failOn: 'truncated' })
      .removeAlpha()
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return {
      // A buffer of its own: sharp may hand out a view into a pool.
      data: new Uint8Array(data),
      widthPx: info.width,
      heightPx: info.height,
      channels,
      spacingMm,
    };
  } catch (cause) {
    throw damaged(header.path, cause);
  }
}

function damaged(path: string, cause: unknown): SonotrackError {
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new SonotrackError(
    'SOURCE_INVALID',
    'source',
    `cannot read the image ${path}: ${reason}`,
    {
      cause,
    },
  );
}
