/** Frames as they come → pictures that can be drawn, in order. */
import type { LiveFrame } from '../../src/client/index.ts';

export interface Picture {
  frame: LiveFrame;
  bitmap: ImageBitmap;
}

/** Decodes frames side by side; one that a newer one has overtaken is passed over. */
export class PictureDecoder {
  readonly #onPicture: (picture: Picture) => void;
  readonly #onPassedOver: (frame: LiveFrame) => void;
  #arrived = 0;
  #shown = 0;

  constructor(onPicture: (picture: Picture) => void, onPassedOver: (frame: LiveFrame) => void) {
    this.#onPicture = onPicture;
    this.#onPassedOver = onPassedOver;
  }

  async add(frame: LiveFrame): Promise<void> {
    this.#arrived += 1;
    const order = this.#arrived;
    const picture = frame.picture as Uint8Array<ArrayBuffer>;
    const bitmap = await createImageBitmap(
      frame.format === 'jpeg'
        ? new Blob([picture], { type: 'image/jpeg' })
        : grayImage(picture, frame.widthPx, frame.heightPx),
    );
    if (order < this.#shown) {
      bitmap.close();
      this.#onPassedOver(frame);
      return;
    }
    this.#shown = order;
    this.#onPicture({ frame, bitmap });
  }
}

function grayImage(gray: Uint8Array, width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | (gray[i] * 0x010101);
  return image;
}
