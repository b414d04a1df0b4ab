import type { EngineImage, EngineMask } from '../runtime/engine.js';
import { SonotrackError } from '../runtime/errors.js';
import { foundedIou } from '../runtime/overlap.js';
import { checkPrompts } from './check.js';
import type { DeviceState } from './device-state.js';
import { Mask } from './mask.js';
import type { FrameMeta, Prompts, Timings } from './types.js';

/**
 * An encoded frame, made by `device.setImage`. Ask it as often as the user clicks: only the decoder runs.
 * Several may be alive at once; each holds its embedding until `close()`.
 */
export class Image {
  /** The frame that the masks belong to. */
  readonly frame: FrameMeta;
  /** Of `setImage`. */
  readonly timings: Timings;
  readonly #image: EngineImage;
  readonly #device: DeviceState;
  readonly #scoreDoubt: number;
  #closed = false;

  /** @internal Use `device.setImage`. */
  constructor(image: EngineImage, frame: FrameMeta, device: DeviceState, scoreDoubt: number) {
    this.#image = image;
    this.#device = device;
    this.#scoreDoubt = scoreDoubt;
    this.frame = frame;
    this.timings = image.timings;
  }

  /**
   * The mask that answers the prompts. `points` are all clicks so far, in the order given.
   * @throws TypeError, RangeError for bad prompts; SonotrackError IMAGE_CLOSED, DEVICE_CLOSED, INFERENCE_FAILED.
   * @example
   * const mask = await image.predict({ points: [{ x: 120.5, y: 80.5, label: 1 }] });
   */
  async predict(prompts: Prompts): Promise<Mask> {
    const given = checkPrompts(prompts, this.frame, false);
    this.#device.assertOpen('predict');
    if (this.#closed) throw new SonotrackError('IMAGE_CLOSED', 'predict', 'the image is closed');
    const { mask, candidates } = await this.#device.during(this.#image.predict(given));
    const founded = (m: EngineMask): EngineMask => ({
      ...m,
      score: foundedIou(m.score, this.#scoreDoubt),
    });
    return Mask.fromEngine(
      founded(mask),
      this.frame,
      given.multimask ? candidates.map(founded) : undefined,
    );
  }

  /** Frees the embedding; predictions in flight still settle. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#image.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
