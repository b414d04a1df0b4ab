/**
 * Models of the SAM family in the ONNX layout that its authors' and their successors' export scripts share: an encoder
 * (image → `image_embeddings`) and a decoder (`image_embeddings`, `point_coords`, `point_labels`, `mask_input`,
 * `has_mask_input`, `orig_im_size` → `masks`, `iou_predictions`, `low_res_masks`), in FP32.
 */
import { Tensor } from 'onnxruntime-node';
import { SonotrackError } from '../errors.js';
import { GraphSession } from './session.js';

/** Pixels as the models were trained on (Kirillov 2023, as its code has them): RGB, 0–255. */
const MEAN = [123.675, 116.28, 103.53];
const STD = [58.395, 57.12, 57.375];
/** Longest side that a picture is scaled to, where the encoder does not say. */
const SIDE_PX = 1024;
/** Of the mask that a decoder takes back. */
const LOW_RES_PX = 256;
/** Labels of prompts beside 0 and 1: the corners of a box, and padding where there is none. */
const [BOX_START, BOX_END, PADDING] = [2, 3, -1];

/** RGB picture, heightPx × widthPx × 3, 0–255. */
export interface SamPicture {
  data: Uint8Array;
  widthPx: number;
  heightPx: number;
}

/** Resizes a picture; given by who calls, since this layer reads no images. */
export type Resize = (
  picture: SamPicture,
  widthPx: number,
  heightPx: number,
) => Promise<Uint8Array>;

export interface SamPrompts {
  /** Frame px, pixel centres at +0.5. */
  points: readonly { x: number; y: number; label: 0 | 1 }[];
  box: readonly [number, number, number, number] | null;
  /** `lowRes` of the answer that is corrected. */
  lowRes: Float32Array | null;
}

export interface SamAnswer {
  /** 0/1, heightPx × widthPx. */
  bitmap: Uint8Array;
  /** For the next click. */
  lowRes: Float32Array;
}

export interface SamImage {
  predict(prompts: SamPrompts): Promise<SamAnswer>;
}

export class SamOnnx {
  readonly #encoder: GraphSession;
  readonly #decoder: GraphSession;
  /** The encoder takes f32[1, 3, side, side], normalised and padded; else f32[h, w, 3] and does both itself. */
  readonly #isPlanar: boolean;
  readonly #sidePx: number;

  private constructor(encoder: GraphSession, decoder: GraphSession) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    const dimensions = encoder.dimensions(encoder.inputNames[0]);
    this.#isPlanar = dimensions.length === 4;
    const side = this.#isPlanar ? dimensions[2] : SIDE_PX;
    this.#sidePx = typeof side === 'number' && side > 0 ? side : SIDE_PX;
  }

  /** @throws SonotrackError MODEL_LOAD_FAILED */
  static async open(encoderFile: string, decoderFile: string, threads: number): Promise<SamOnnx> {
    const options = { provider: 'cpu', threads } as const;
    const encoder = await GraphSession.open(encoderFile, options, {
      inputs: [],
      outputs: ['image_embeddings'],
    });
    const rank = encoder.dimensions(encoder.inputNames[0]).length;
    if (rank !== 3 && rank !== 4) {
      const message = `${encoderFile}: expected an image of 3 or 4 axes as input, it has ${rank}`;
      throw new SonotrackError('MODEL_LOAD_FAILED', 'models', message);
    }
    const decoder = await GraphSession.open(decoderFile, options, {
      inputs: [
        'image_embeddings',
        'point_coords',
        'point_labels',
        'mask_input',
        'has_mask_input',
        'orig_im_size',
      ],
      outputs: ['masks', 'iou_predictions', 'low_res_masks'],
    });
    return new SamOnnx(encoder, decoder);
  }

  /** @throws SonotrackError INFERENCE_FAILED */
  async setImage(picture: SamPicture, resize: Resize): Promise<SamImage> {
    const { widthPx, heightPx } = picture;
    const scale = this.#sidePx / Math.max(widthPx, heightPx);
    const size = { w: Math.floor(widthPx * scale + 0.5), h: Math.floor(heightPx * scale + 0.5) };
    const pixels = await resize(picture, size.w, size.h);
    const input = this.#isPlanar
      ? planar(pixels, size, this.#sidePx)
      : new Tensor('float32', Float32Array.from(pixels), [size.h, size.w, 3]);
    const encoded = await this.#encoder.run({ [this.#encoder.inputNames[0]]: input }, 'encode');
    const embeddings = encoded.image_embeddings;
    return {
      predict: async ({ points, box, lowRes }) => {
        // As the authors' predictor scales them: whole pixels count from their corner, each axis by its own rounded size.
        const to = (column: number, row: number): number[] => [
          (column * size.w) / widthPx,
          (row * size.h) / heightPx,
        ];
        const coords = points.flatMap(({ x, y }) => to(x - 0.5, y - 0.5));
        const labels: number[] = points.map(({ label }) => label);
        if (box) {
          coords.push(...to(box[0], box[1]), ...to(box[2] - 1, box[3] - 1));
          labels.push(BOX_START, BOX_END);
        } else {
          coords.push(0, 0);
          labels.push(PADDING);
        }
        const mask = lowRes ?? new Float32Array(LOW_RES_PX * LOW_RES_PX);
        const answer = await this.#decoder.run(
          {
            image_embeddings: embeddings,
            point_coords: new Tensor('float32', Float32Array.from(coords), [1, labels.length, 2]),
            point_labels: new Tensor('float32', Float32Array.from(labels), [1, labels.length]),
            mask_input: new Tensor('float32', mask, [1, 1, LOW_RES_PX, LOW_RES_PX]),
            has_mask_input: new Tensor('float32', [lowRes ? 1 : 0], [1]),
            orig_im_size: new Tensor('float32', [heightPx, widthPx], [2]),
          },
          'predict',
        );
        const scores = answer.iou_predictions.data as Float32Array;
        const best = chosenMask(scores, labels.length);
        const slice = (data: unknown, size: number): Float32Array =>
          (data as Float32Array).slice(best * size, (best + 1) * size);
        const logits = slice(answer.masks.data, widthPx * heightPx);
        return {
          bitmap: Uint8Array.from(logits, (v) => Number(v > 0)),
          lowRes: slice(answer.low_res_masks.data, LOW_RES_PX * LOW_RES_PX),
        };
      },
    };
  }
}

/** RGB rows → f32[1, 3, side, side], normalised; what the picture does not fill is 0. */
function planar(pixels: Uint8Array, size: { w: number; h: number }, sidePx: number): Tensor {
  const data = new Float32Array(3 * sidePx * sidePx);
  for (let y = 0; y < size.h; y += 1) {
    for (let x = 0; x < size.w; x += 1) {
      for (let c = 0; c < 3; c += 1) {
        const value = pixels[3 * (y * size.w + x) + c];
        data[(c * sidePx + y) * sidePx + x] = (value - MEAN[c]) / STD[c];
      }
    }
  }
  return new Tensor('float32', data, [1, 3, sidePx, sidePx]);
}

/**
 * The best of several masks by their predicted IoU. Of four, the first is meant for prompts that are not ambiguous: it is
 * taken from three prompts on, and never before, as the authors' exported decoder chooses (padding counts).
 */
export function chosenMask(scores: Float32Array, prompts: number): number {
  const weighted = Array.from(scores, (score, i) =>
    scores.length === 4 && i === 0 ? score + (prompts - 2.5) * 1000 : score,
  );
  return weighted.indexOf(Math.max(...weighted));
}
