/** A frame with its masks drawn on it: a translucent fill and an opaque contour. */
import sharp from 'sharp';
import type { Frame, Mask } from '../../sdk/types.js';
import { objectColour } from '../palette.js';

/** Share of the fill's colour over the frame. */
const FILL_OPACITY = 0.32;

/**
 * Frame u8[h, w, c] and masks of its size → RGB u8[h, w, 3]. The contour is the outermost ring of pixels of the mask.
 * @throws RangeError when a mask has another size than the frame
 */
export function drawOverlay(
  frame: Frame,
  objects: readonly { id: number; mask: Mask }[],
): Uint8Array {
  const { widthPx: w, heightPx: h, channels, data } = frame;
  const rgb = new Uint8Array(w * h * 3);
  for (let i = 0; i < w * h; i += 1) {
    for (let c = 0; c < 3; c += 1) rgb[3 * i + c] = data[i * channels + (channels === 1 ? 0 : c)];
  }
  for (const { id, mask } of objects) {
    if (mask.widthPx !== w || mask.heightPx !== h) {
      throw new RangeError(
        `expected a mask of ${w} × ${h} px for \`mask\` but received ${mask.widthPx} × ${mask.heightPx} px (object)`,
      );
    }
    const colour = objectColour(id);
    const inside = mask.toBitmap();
    for (let y = 0, i = 0; y < h; y += 1) {
      for (let x = 0; x < w; x += 1, i += 1) {
        if (inside[i] === 0) continue;
        const edge =
          x === 0 ||
          y === 0 ||
          x === w - 1 ||
          y === h - 1 ||
          inside[i - 1] === 0 ||
          inside[i + 1] === 0 ||
          inside[i - w] === 0 ||
          inside[i + w] === 0;
        const opacity = edge ? 1 : FILL_OPACITY;
        for (let c = 0; c < 3; c += 1) {
          rgb[3 * i + c] = Math.round(rgb[3 * i + c] * (1 - opacity) + colour[c] * opacity);
        }
      }
    }
  }
  return rgb;
}

/** PNG of `drawOverlay`. */
export async function encodeOverlayPng(
  frame: Frame,
  objects: readonly { id: number; mask: Mask }[],
): Promise<Uint8Array> {
  return sharp(drawOverlay(frame, objects), {
    raw: { width: frame.widthPx, height: frame.heightPx, channels: 3 },
  })
    .png({ compressionLevel: 6 })
    .toBuffer();
}
