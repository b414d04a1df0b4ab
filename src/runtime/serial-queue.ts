/** Runs asynchronous jobs one after the other, in call order: an inference session answers one caller at a time. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Settles with the job's result; a job that fails does not stop those behind it. */
  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(job);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Settles when every job given so far has settled. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
