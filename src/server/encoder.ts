/** Results of the session → messages for viewers, each picture format encoded once, whoever many want it. */
import sharp from 'sharp';
import type { LiveResult } from '../live/types.js';
import { encodeServerMessage } from '../wire/codec.js';
import type { LiveObject, PictureFormat } from '../wire/messages.js';

/**
 * Quality of the pictures; speckle hides the rest. Codes fitted to each picture would take more time than all else of the
 * encoding, from the cores that track, for hardly fewer bytes.
 */
const JPEG = { quality: 85, chromaSubsampling: '4:2:0', optimiseCoding: false };
/** Rec. 601, as scanners and DICOM have it. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** The objects of each result, encoded once for all formats. */
const encodedObjects = new WeakMap<LiveResult, LiveObject[]>();

export function objectsOf(result: LiveResult): LiveObject[] {
  const known = encodedObjects.get(result);
  if (known) return known;
  const objects = result.objects.map(({ id, mask, quality, status }) => ({
    id,
    status,
    quality,
    areaPx: mask.areaPx,
    areaMm2: mask.areaMm2,
    box: mask.box,
    rle: mask.rle().counts,
  }));
  encodedObjects.set(result, objects);
  return objects;
}

/** A result as one message of the stream. */
export async function encodeResult(result: LiveResult, format: PictureFormat): Promise<Uint8Array> {
  const { frame, timings, revised } = result;
  const { id, captureNs, widthPx, heightPx, spacingMm } = frame;
  const picture = await encodePicture(result, format);
  return encodeServerMessage({
    type: 'frame',
    frame: {
      id,
      captureNs,
      widthPx,
      heightPx,
      spacingMm,
      format,
      picture,
      revised,
      timings,
      objects: objectsOf(result),
    },
  });
}

async function encodePicture({ pixels }: LiveResult, format: PictureFormat): Promise<Uint8Array> {
  const { data, widthPx: width, heightPx: height, channels } = pixels;
  if (format === 'none') return new Uint8Array();
  if (format === 'gray8') return channels === 1 ? data : luma(data, channels);
  const picture = sharp(data, { raw: { width, height, channels } }).removeAlpha();
  // Unasked, gray is encoded as colour, with two planes of nothing.
  return (channels === 1 ? picture.toColourspace('b-w') : picture).jpeg(JPEG).toBuffer();
}

function luma(data: Uint8Array, channels: number): Uint8Array {
  const gray = new Uint8Array(data.length / channels);
  for (let i = 0, at = 0; i < gray.length; i += 1, at += channels) {
    gray[i] = LUMA[0] * data[at] + LUMA[1] * data[at + 1] + LUMA[2] * data[at + 2] + 0.5;
  }
  return gray;
}

/** Encodes one result at a time in one format; a newer one replaces the one that waits. */
export class FrameEncoder {
  readonly #format: PictureFormat;
  readonly #onMessage: (message: Uint8Array) => void;
  readonly #onDrop: () => void;
  #isBusy = false;
  #next: LiveResult | null = null;

  constructor(format: PictureFormat, onMessage: (message: Uint8Array) => void, onDrop: () => void) {
    this.#format = format;
    this.#onMessage = onMessage;
    this.#onDrop = onDrop;
  }

  offer(result: LiveResult): void {
    if (this.#isBusy) {
      if (this.#next) this.#onDrop();
      this.#next = result;
      return;
    }
    void this.#encode(result);
  }

  async #encode(first: LiveResult): Promise<void> {
    this.#isBusy = true;
    for (let result: LiveResult | null = first; result; result = this.#takeNext()) {
      try {
        this.#onMessage(await encodeResult(result, this.#format));
      } catch {
        this.#onDrop();
      }
    }
    this.#isBusy = false;
  }

  #takeNext(): LiveResult | null {
    const next = this.#next;
    this.#next = null;
    return next;
  }
}
