import { SonotrackError } from '../runtime/errors.js';
import type { SessionClock } from './clock.js';

/** Gives calls into the device a budget: nobody waits for a mask that would come too late to be shown. */
export class Watchdog {
  readonly #clock: SessionClock;
  readonly #budgetMs: number;
  #unsettled = 0;

  constructor(clock: SessionClock, budgetMs: number) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  /** A late call has not come back yet: the device would not begin another. */
  get isBlocked(): boolean {
    return this.#unsettled > 0;
  }

  /** Settles as the call does. @throws SonotrackError INFERENCE_LATE when it takes longer than so many budgets */
  async guard<T>(call: Promise<T>, budgets = 1): Promise<T> {
    const budgetMs = budgets * this.#budgetMs;
    let callOff = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      callOff = this.#clock.after(budgetMs, () => {
        this.#unsettled += 1;
        const back = (): void => void (this.#unsettled -= 1);
        call.then(back, back);
        const message = `inference did not answer within ${budgetMs} ms`;
        reject(new SonotrackError('INFERENCE_LATE', 'track', message));
      });
    });
    try {
      return await Promise.race([call, late]);
    } finally {
      callOff();
    }
  }
}
