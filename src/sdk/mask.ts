import { extentOf } from '../runtime/crop.js';
import { maskContours, maskRle } from '../runtime/mask-codec.js';
import type { EngineMask } from '../runtime/engine.js';
import { checkInteger, rangeError, typeError } from '../runtime/validate.js';
import type { Box, SpacingMm } from './types.js';

/** Longest side of a frame or a mask, px. */
export const MAX_SIDE_PX = 16384;

interface MaskParts {
  bitmap: Uint8Array;
  widthPx: number;
  heightPx: number;
  areaPx: number;
  box: Box | null;
  score: number;
  spacingMm: Readonly<SpacingMm> | null;
  candidates?: Mask[];
}

/**
 * One object's pixels on a frame. Immutable, and free of the device it came from: it stays valid after `close()`.
 * @example
 * const mask = Mask.fromBitmap(Uint8Array.of(0, 1, 1, 0), 2, 2);
 * mask.areaPx; // 2
 */
export class Mask {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Predicted IoU, 0–1; 1 for a mask made by `fromBitmap`. */
  readonly score: number;
  /** Number of foreground pixels. */
  readonly areaPx: number;
  /** Null when the frame's spacing is unknown. */
  readonly areaMm2: number | null;
  /** Half-open x0, y0, x1, y1 in px; null when the mask is empty. */
  readonly box: Box | null;
  /** Best first; only when `multimask` was asked for. */
  declare readonly candidates?: Mask[];
  readonly #bitmap: Uint8Array;

  /** Made by the SDK; use `Mask.fromBitmap`. The parts are taken over, not copied. */
  private constructor(parts: MaskParts) {
    this.widthPx = parts.widthPx;
    this.heightPx = parts.heightPx;
    this.score = parts.score;
    this.areaPx = parts.areaPx;
    this.areaMm2 = parts.spacingMm ? parts.areaPx * parts.spacingMm.x * parts.spacingMm.y : null;
    this.box = parts.box;
    if (parts.candidates) this.candidates = parts.candidates;
    this.#bitmap = parts.bitmap;
  }

  /**
   * A mask of a copy of `bitmap`, u8[heightPx, widthPx], where any non-zero is 1.
   * @throws TypeError when `bitmap` is no Uint8Array, RangeError when its length does not fit.
   */
  static fromBitmap(bitmap: Uint8Array, widthPx: number, heightPx: number): Mask {
    if (!(bitmap instanceof Uint8Array)) throw typeError('a Uint8Array', 'bitmap', bitmap);
    const w = checkInteger(widthPx, 'widthPx', [1, MAX_SIDE_PX]);
    const h = checkInteger(heightPx, 'heightPx', [1, MAX_SIDE_PX]);
    if (bitmap.length !== w * h) {
      throw rangeError(`${w * h} samples (${h} × ${w})`, 'bitmap', bitmap);
    }
    const copy = new Uint8Array(w * h);
    for (let i = 0; i < copy.length; i++) copy[i] = bitmap[i] ? 1 : 0;
    const found = extentOf(copy, w);
    return new Mask({
      bitmap: copy,
      widthPx: w,
      heightPx: h,
      areaPx: found?.areaPx ?? 0,
      box: found?.extent ?? null,
      score: 1,
      spacingMm: null,
    });
  }

  /** @internal An engine's mask on a frame; its bitmap is taken over. */
  static fromEngine(
    mask: EngineMask,
    frame: { widthPx: number; heightPx: number; spacingMm: Readonly<SpacingMm> | null },
    candidates?: EngineMask[],
  ): Mask {
    const { widthPx, heightPx, spacingMm } = frame;
    return new Mask({
      ...mask,
      widthPx,
      heightPx,
      spacingMm,
      candidates: candidates?.map((candidate) => Mask.fromEngine(candidate, frame)),
    });
  }

  /** @internal The bitmap itself, u8[heightPx, widthPx]; not to be written to. */
  static bitmapOf(mask: Mask): Uint8Array {
    return mask.#bitmap;
  }

  /** A fresh u8[heightPx, widthPx] of 0 and 1, row-major. */
  toBitmap(): Uint8Array {
    return this.#bitmap.slice();
  }

  /** COCO run lengths: column-major, runs of 0 and 1 in turn, beginning with 0 (whose first run may be 0 long). */
  rle(): { size: [h: number, w: number]; counts: number[] } {
    return {
      size: [this.heightPx, this.widthPx],
      counts: maskRle(this.#bitmap, this.widthPx, this.heightPx),
    };
  }

  /**
   * Closed contours x0, y0, x1, y1, … in px, the first point not repeated. They run along the edges between pixels and
   * list corners only, so that the polygons enclose exactly the mask's pixels: outer contours clockwise on the screen
   * (y down), holes the other way.
   */
  contours(): Float32Array[] {
    return maskContours(this.#bitmap, this.widthPx, this.heightPx);
  }
}
