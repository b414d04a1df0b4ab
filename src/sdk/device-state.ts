import { SonotrackError, type ErrorStage } from '../runtime/errors.js';

/** What a device shares with its images and trackers. */
export class DeviceState {
  #closed = false;
  #frames = 0;

  /** The id of a frame that brings none. */
  readonly nextFrameId = (): number => this.#frames++;

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  /** @throws SonotrackError DEVICE_CLOSED */
  assertOpen(stage: ErrorStage): void {
    if (this.#closed) throw new SonotrackError('DEVICE_CLOSED', stage, 'the device is closed');
  }
}
