/** Still images: PNG, JPEG and TIFF (with several pages: a cine), recognised by their content. */
import sharp from 'sharp';
import type { Frame, SpacingMm } from '../../sdk/types.js';
import { damaged, reasonOf, unsupported } from './random-access.js';
import { describeKind, recognise } from './recognise.js';

export interface ImageHeader {
  path: string;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
  pages: number;
}

const READABLE = 'PNG, JPEG or TIFF';

/**
 * Size and kind of an image file, without decoding it.
 * @throws SonotrackError SOURCE_UNSUPPORTED for another kind of file, SOURCE_INVALID for a damaged one
 */
export async function readHeader(path: string): Promise<ImageHeader> {
  const kind = await recognise(path);
  if (kind?.format !== 'image' || kind.gzip) {
    throw unsupported(path, READABLE, describeKind(kind));
  }
  try {
    const { width, height, channels, hasAlpha, pages = 1 } = await sharp(path).metadata();
    const colours = channels - (hasAlpha ? 1 : 0);
    return { path, widthPx: width, heightPx: height, channels: colours === 1 ? 1 : 3, pages };
  } catch (cause) {
    throw damaged(path, reasonOf(cause), cause);
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
    throw damaged(header.path, reasonOf(cause), cause);
  }
}
