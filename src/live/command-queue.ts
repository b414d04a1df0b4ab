import { SonotrackError } from '../runtime/errors.js';

interface Command {
  run(): Promise<void>;
  refuse(error: Error): void;
}

/** The user's commands: they wait for the session's loop, which carries them out one after the other. */
export class CommandQueue {
  readonly #waiting: Command[] = [];
  readonly #onCommand: () => void;
  readonly #onFailure: (error: unknown) => void;
  #isClosed = false;

  /** @param onFailure told of each error after whoever gave the command was told */
  constructor(onCommand: () => void, onFailure: (error: unknown) => void) {
    this.#onCommand = onCommand;
    this.#onFailure = onFailure;
  }

  /** Settles as the command does. @throws SonotrackError TRACKER_CLOSED once closed */
  enter<T>(action: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(closedError());
    return new Promise<T>((resolve, reject) => {
      const run = (): Promise<void> =>
        action().then(resolve, (error: unknown) => {
          reject(error as Error);
          this.#onFailure(error);
        });
      this.#waiting.push({ run, refuse: reject });
      this.#onCommand();
    });
  }

  /** Carries out the one that waits longest; undefined: none waits. */
  runNext(): Promise<void> | undefined {
    return this.#waiting.shift()?.run();
  }

  /** Refuses those that wait and those to come. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closedError());
  }
}

function closedError(): SonotrackError {
  return new SonotrackError('TRACKER_CLOSED', 'track', 'the session is closed');
}
