/** A SAM-family model as a comparator. */
import sharp from 'sharp';
import { SamOnnx, type Resize, type SamImage } from '../runtime/fallback/sam.js';
import { Mask } from '../sdk/mask.js';
import type { ComparatorModel } from './comparator-process.js';

interface Held {
  image: SamImage;
  widthPx: number;
  heightPx: number;
  /** The last answer, which the next click may correct. */
  last: { counts: string; lowRes: Float32Array } | null;
}

/** Bilinear, as the authors' preprocessing. */
const resize: Resize = async ({ data, widthPx, heightPx }, width, height) => {
  const image = sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  const options = { fit: 'fill', kernel: 'linear' } as const;
  return new Uint8Array(await image.resize(width, height, options).raw().toBuffer());
};

/**
 * @param encoder file of the encoder
 * @param decoder file of the decoder
 * @throws SonotrackError MODEL_LOAD_FAILED
 */
export async function openSamComparator(
  encoder: string,
  decoder: string,
  threads: number,
): Promise<ComparatorModel<Held>> {
  const model = await SamOnnx.open(encoder, decoder, threads);
  return {
    async setImage({ data, widthPx, heightPx, channels }) {
      const rgb =
        channels === 3
          ? data
          : Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]);
      const image = await model.setImage({ data: rgb, widthPx, heightPx }, resize);
      return { image, widthPx, heightPx, last: null };
    },
    async predict(held, { points, box, previous }) {
      // What the model takes back are its own logits: a mask that it did not give itself cannot be given to it.
      const { last } = held;
      const lowRes =
        last && previous && String(previous.counts) === last.counts ? last.lowRes : null;
      const answer = await held.image.predict({ points, box, lowRes });
      const { counts } = Mask.fromBitmap(answer.bitmap, held.widthPx, held.heightPx).rle();
      held.last = { counts: String(counts), lowRes: answer.lowRes };
      return answer.bitmap;
    },
  };
}
