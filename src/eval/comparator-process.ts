/** The other side of `Comparator`: answers its questions from a model (docs/reference/comparator.md). */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Mask } from '../sdk/mask.js';
import type { Box, Point } from '../sdk/types.js';

/** A picture of the protocol: rows of 8-bit samples. */
export interface ComparatorPicture {
  data: Uint8Array;
  widthPx: number;
  heightPx: number;
  channels: 1 | 3;
}

export interface ComparatorPrompts {
  points: Point[];
  box: Box | null;
  /** Run lengths of the answer that the last click corrects. */
  previous: { counts: number[] } | null;
}

export interface ComparatorModel<Image> {
  setImage(picture: ComparatorPicture): Promise<Image>;
  /** Gives 0/1, heightPx × widthPx. */
  predict(image: Image, prompts: ComparatorPrompts): Promise<Uint8Array>;
}

type Question =
  | ({ type: 'image'; image: number; data: string } & Omit<ComparatorPicture, 'data'>)
  | ({ type: 'predict'; image: number } & ComparatorPrompts)
  | { type: 'close'; image: number };

/** Answers line by line until `input` ends; a failure is told as `{"error": …}`, and the next question is taken. */
export async function answerComparator<Image>(
  model: ComparatorModel<Image>,
  input: Readable,
  output: Writable,
): Promise<void> {
  const images = new Map<number, { image: Image; widthPx: number; heightPx: number }>();
  const answer = async (question: Question): Promise<object> => {
    if (question.type === 'image') {
      const { widthPx, heightPx, channels } = question;
      const data = new Uint8Array(Buffer.from(question.data, 'base64'));
      const image = await model.setImage({ data, widthPx, heightPx, channels });
      images.set(question.image, { image, widthPx, heightPx });
      return {};
    }
    if (question.type === 'close') {
      images.delete(question.image);
      return {};
    }
    const known = images.get(question.image);
    if (!known) throw new Error(`image ${question.image} was not given`);
    const { points, box, previous } = question;
    const bitmap = await model.predict(known.image, { points, box, previous });
    return Mask.fromBitmap(bitmap, known.widthPx, known.heightPx).rle();
  };
  for await (const line of createInterface({ input })) {
    const reply = await Promise.resolve()
      .then(() => answer(JSON.parse(line) as Question))
      .catch((error: unknown) => ({
        error: error instanceof Error ? error.message : String(error),
      }));
    output.write(`${JSON.stringify(reply)}\n`);
  }
}
