/** Calls to a tracker, in the order in which they are made; one of several steps holds those behind it back. */
export class CallOrder {
  /** The call last made, settled either way. */
  #last: Promise<unknown> = Promise.resolve();
  #held: Promise<unknown> | null = null;

  /** Hands a call to the engine, which keeps the order: at once, unless steps are under way. */
  run<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#held ? this.#held.then(call) : call();
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Runs `steps` when all calls before have settled; those made from now on wait until it has. */
  steps<T>(steps: () => Promise<T>): Promise<T> {
    const result = this.#last.then(steps);
    const settled = result
      .catch(() => undefined)
      .then(() => {
        if (this.#held === settled) this.#held = null;
      });
    this.#held = this.#last = settled;
    return result;
  }
}
