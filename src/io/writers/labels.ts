/** Masks as pictures: one object as black and white, several as a label map. */
import sharp from 'sharp';
import type { Mask } from '../../sdk/types.js';

export interface LabelledMask {
  /** 1–255: the gray level of the object in a label map. */
  id: number;
  mask: Mask;
}

/** Object ids u8[heightPx, widthPx], 0 background; where masks overlap the later one stands. */
export function labelMap(
  objects: readonly LabelledMask[],
  widthPx: number,
  heightPx: number,
): Uint8Array {
  const labels = new Uint8Array(widthPx * heightPx);
  for (const { id, mask } of objects) {
    if (!Number.isInteger(id) || id < 1 || id > 255) {
      throw new RangeError(
        `expected an integer of 1–255 for \`id\` but received ${id} (${typeof id})`,
      );
    }
    if (mask.widthPx !== widthPx || mask.heightPx !== heightPx) {
      throw new RangeError(
        `expected a mask of ${widthPx} × ${heightPx} px for \`mask\` but received ${mask.widthPx} × ${mask.heightPx} px (object)`,
      );
    }
    const bitmap = mask.toBitmap();
    for (let i = 0; i < bitmap.length; i += 1) if (bitmap[i] !== 0) labels[i] = id;
  }
  return labels;
}

/** PNG of a label map, 8-bit gray, the ids as gray levels. */
export async function encodeLabelPng(
  objects: readonly LabelledMask[],
  widthPx: number,
  heightPx: number,
): Promise<Uint8Array> {
  return encodeGrayPng(labelMap(objects, widthPx, heightPx), widthPx, heightPx);
}

/** PNG of one mask, 8-bit gray: 255 inside, 0 outside. */
export async function encodeMaskPng(mask: Mask): Promise<Uint8Array> {
  const white = mask.toBitmap().map((value: number) => (value === 0 ? 0 : 255));
  return encodeGrayPng(white, mask.widthPx, mask.heightPx);
}

async function encodeGrayPng(data: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 6 })
    .toBuffer();
}
