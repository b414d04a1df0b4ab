import { SonotrackError, type ErrorStage } from '../runtime/errors.js';

/** What a device shares with its images and trackers. */
export class DeviceState {
  #closed = false;
  #frames = 0;
  readonly #inFlight = new Set<Promise<unknown>>();

  /** The id of a frame that brings none. */
  readonly nextFrameId = (): number => this.#frames++;

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  /** Work of several calls to the engine, which must not be closed between them. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#inFlight.add(work);
    try {
      return await work;
    } finally {
      this.#inFlight.delete(work);
    }
  }

  /** Settles when the work in flight has. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#inFlight);
  }

  /** @throws SonotrackError DEVICE_CLOSED */
  assertOpen(stage: ErrorStage): void {
    if (this.#closed) throw new SonotrackError('DEVICE_CLOSED', stage, 'the device is closed');
  }
}
