/** Exact numbers of bytes from a stream of chunks; the stream waits while nothing is asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** A buffer of its own of `length` bytes; null at the end. @throws Error when the stream ends within */
  async read(length: number): Promise<Buffer | null> {
    const target = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      if (this.#rest.length === 0) {
        const { value, done: ended } = await this.#chunks.next();
        if (ended) {
          if (done === 0) return null;
          throw new Error(`it ends after ${done} of ${length} bytes`);
        }
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, length - done);
      part.copy(target, done);
      done += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return target;
  }
}
