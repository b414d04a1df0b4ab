/** One file of a journal: a JSON value a line, in ascending order of numbers; named by the first. */
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface JournalEntry<T> {
  /** Number of the value; of a merged one that of the last value in it. */
  sequence: number;
  /** How many values it stands for: sequence − values + 1 to sequence. */
  values: number;
  /** When it was appended, ms since 1970. */
  atMs: number;
  value: T;
}

const DIGITS = 16;

export class JournalSegment<T> {
  bytes = 0;
  count = 0;
  newestMs = 0;
  /** Whether its values were merged. */
  merged = false;
  /** Made by this process and open for more. */
  writable = false;
  readonly first: number;
  last: number;

  readonly #path: string;
  /** Kept while the file is written to, or where writing failed. */
  #cache: JournalEntry<T>[] | null = null;
  #whole = true;

  private constructor(path: string, first: number) {
    this.#path = path;
    this.first = first;
    this.last = first - 1;
  }

  static create<T>(dir: string, first: number): JournalSegment<T> {
    const name = `${String(first).padStart(DIGITS, '0')}.log`;
    const segment = new JournalSegment<T>(join(dir, name), first);
    segment.writable = true;
    segment.#cache = [];
    return segment;
  }

  /** A file of an earlier process; null when its name is not one of a journal. */
  static async load<T>(path: string): Promise<JournalSegment<T> | null> {
    const first = Number.parseInt(basename(path, '.log'), 10);
    if (!Number.isSafeInteger(first)) return null;
    const segment = new JournalSegment<T>(path, first);
    const entries = await segment.entries();
    segment.#take(entries);
    segment.bytes = (await readFile(path)).length;
    segment.merged = entries.some(({ values }) => values > 1);
    return segment;
  }

  /** False when it could not be written and is in memory only. */
  async append(entry: JournalEntry<T>): Promise<boolean> {
    const line = `${JSON.stringify(entry)}\n`;
    const written = await appendFile(this.#path, line).then(
      () => true,
      () => false,
    );
    this.#cache?.push(entry);
    this.#whole &&= written;
    this.bytes += Buffer.byteLength(line);
    this.count += 1;
    this.last = entry.sequence;
    this.newestMs = entry.atMs;
    return written;
  }

  /** In ascending order. A line that was cut off or damaged is passed over. */
  async entries(): Promise<readonly JournalEntry<T>[]> {
    if (this.#cache) return this.#cache;
    const lines = (await readFile(this.#path, 'utf8').catch(() => '')).split('\n');
    return lines.flatMap((line) => {
      try {
        const entry = JSON.parse(line) as JournalEntry<T>;
        return Number.isSafeInteger(entry.sequence) && entry.values >= 1 ? [entry] : [];
      } catch {
        return [];
      }
    });
  }

  /** Puts merged values in place of its own; false when that could not be written and is in memory only. */
  async replace(entries: JournalEntry<T>[]): Promise<boolean> {
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    this.#take(entries);
    this.bytes = Buffer.byteLength(text);
    this.merged = true;
    this.#cache = null;
    try {
      await writeFile(`${this.#path}.partial`, text);
      await rename(`${this.#path}.partial`, this.#path);
      return true;
    } catch {
      this.#cache = entries;
      return false;
    }
  }

  /** No more is appended; frees the memory where the file has it all. */
  async close(): Promise<void> {
    this.writable = false;
    if (this.#whole) this.#cache = null;
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  #take(entries: readonly JournalEntry<T>[]): void {
    const newest = entries.at(-1);
    this.count = entries.length;
    if (newest) [this.last, this.newestMs] = [newest.sequence, newest.atMs];
  }
}
