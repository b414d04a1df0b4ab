import type { Frame, FrameSource, SourceInfo } from '../sdk/types.js';

/** Time between two frames of a clip that does not say, ns. */
const ASSUMED_STEP_NS = 40_000_000;

/**
 * All frames of a clip, at once, numbered from 0; then it stays open, so that a session on it stays too. The frames' times
 * are drawn together so that the whole clip spans no more than `seconds`.
 */
export class HeldSource implements FrameSource {
  readonly info: SourceInfo;
  /** The number of frames, when all were taken. */
  readonly delivered: Promise<number>;
  readonly #source: FrameSource;
  readonly #stepNs: number;
  #onDelivered: (frames: number) => void = () => undefined;
  #onClosed: () => void = () => undefined;
  readonly #closed = new Promise<void>((resolve) => (this.#onClosed = resolve));

  constructor(source: FrameSource, seconds: number) {
    const { frames, frameRateHz } = source.info;
    const ownNs = frameRateHz ? 1e9 / frameRateHz : ASSUMED_STEP_NS;
    this.#source = source;
    this.#stepNs = Math.min(ownNs, (seconds * 1e9) / (frames ?? seconds * 1000));
    this.info = { ...source.info, kind: 'annotation' };
    this.delivered = new Promise((resolve) => (this.#onDelivered = resolve));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    let id = 0;
    for await (const frame of this.#source) {
      yield { ...frame, id, captureNs: BigInt(Math.round(id * this.#stepNs)) };
      id += 1;
    }
    this.#onDelivered(id);
    await this.#closed;
  }

  async close(): Promise<void> {
    this.#onClosed();
    await this.#source.close();
  }
}
