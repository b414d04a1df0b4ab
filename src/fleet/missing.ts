/** Which numbers of a sequence have not arrived: ranges that later arrivals fill. */

/** Ranges kept; beyond that the oldest are no longer expected to be filled. */
const MOST_RANGES = 100;

export class Missing {
  /** Highest number that arrived; null before the first, from which on numbers are expected. */
  last: number | null = null;
  /** Numbers that arrived a second time. */
  again = 0;
  #arrived = 0;
  #gone = 0;
  #ranges: [first: number, last: number][] = [];

  /** Numbers that have not arrived so far. */
  get count(): number {
    return this.#ranges.reduce((sum, [first, last]) => sum + last - first + 1, this.#gone);
  }

  /** Numbers that have arrived. */
  get arrived(): number {
    return this.#arrived;
  }

  /** The numbers from `first` to `last` arrived. Gives how many of them had not before. */
  add(first: number, last: number): number {
    const before = this.#arrived;
    const expected = this.last === null ? first : this.last + 1;
    if (last >= expected) {
      if (first > expected) this.#ranges.push([expected, first - 1]);
      this.last = last;
      this.#arrived += last - Math.max(first, expected) + 1;
    }
    const old = Math.min(last, expected - 1);
    if (first <= old) this.#fill(first, old);
    if (this.#ranges.length > MOST_RANGES) {
      const [dropped] = this.#ranges.splice(0, 1);
      this.#gone += dropped[1] - dropped[0] + 1;
    }
    return this.#arrived - before;
  }

  #fill(first: number, last: number): void {
    let filled = 0;
    const ranges: [number, number][] = [];
    for (const [from, to] of this.#ranges) {
      const [low, high] = [Math.max(from, first), Math.min(to, last)];
      if (low > high) {
        ranges.push([from, to]);
        continue;
      }
      filled += high - low + 1;
      if (from < low) ranges.push([from, low - 1]);
      if (high < to) ranges.push([high + 1, to]);
    }
    this.#ranges = ranges;
    this.#arrived += filled;
    this.again += last - first + 1 - filled;
  }
}
