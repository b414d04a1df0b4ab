/**
 * A bounded queue on disk, read by several readers, each at its own pace. Every value gets the next number; what a reader
 * has acknowledged is gone. Beyond the size limit the oldest values are merged, then dropped; every value dropped before a
 * reader acknowledged it counts as that reader's loss, exactly, also across restarts. A process may be killed at any
 * moment: what `append` has settled is there afterwards (after a power cut, what the system had written back).
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SerialQueue } from '../runtime/serial-queue.js';
import { checkInteger, checkObject } from '../runtime/validate.js';
import { takeLock } from './lock.js';
import { JournalSegment, type JournalEntry } from './journal-segment.js';

export type { JournalEntry } from './journal-segment.js';

export interface JournalOptions<T> {
  /** Created where missing. One process at a time. */
  dir: string;
  /** Names of the readers; a new one begins with what is appended from then on. */
  readers: readonly string[];
  /** Oldest first, two or more; the result stands for all of them. */
  merge: (values: readonly T[]) => T;
  /** On disk, 4 KiB–1 TiB. Default: 16 MiB. */
  maxBytes?: number;
  /** Age from which a value is dropped, 1 s–10 years. Default: a week. */
  maxAgeMs?: number;
  /** Most values merged into one, 2–100,000. Default: 60. */
  mergeAtMost?: number;
  nowMs?: () => number;
}

export const JOURNAL_DEFAULTS = {
  maxBytes: 16 * 2 ** 20,
  maxAgeMs: 7 * 24 * 3600_000,
  mergeAtMost: 60,
  nowMs: Date.now,
};

/** A file holds at most this share of the limit, and at most so many bytes: what is read or dropped at once. */
const SEGMENTS = 8;
const LARGEST_SEGMENT = 256 * 2 ** 10;
const STATE_FILE = 'state.json';
/** Acknowledgements between two writes of the state; after a kill so many values at most come twice. */
const ACKS_PER_WRITE = 64;

interface Reader {
  /** All up to this number are acknowledged or lost. */
  acked: number;
  /** All up to this number were given out since the start or the last rewind. */
  position: number;
  /** Highest number ever given out: such values are not merged, since they may have arrived. */
  seen: number;
  lost: number;
}

/** Content of state.json. */
interface State {
  version: 1;
  readers: Record<string, { acked: number; lost: number }>;
}

export class Journal<T> {
  /** Writes that failed; the values are kept in memory instead. */
  writeErrors = 0;

  readonly #settings: Required<JournalOptions<T>>;
  readonly #unlock: () => Promise<void>;
  readonly #jobs = new SerialQueue();
  readonly #readers = new Map<string, Reader>();
  #segments: JournalSegment<T>[] = [];
  #next = 1;
  #unsavedAcks = 0;
  #closed = false;

  private constructor(settings: Required<JournalOptions<T>>, unlock: () => Promise<void>) {
    this.#settings = settings;
    this.#unlock = unlock;
  }

  /**
   * Opens the journal of a folder.
   * @throws TypeError, RangeError for a wrong option; Error when another process has it open; the
   *   system's error when the folder cannot be made or read
   */
  static async open<T>(options: JournalOptions<T>): Promise<Journal<T>> {
    checkObject(options, 'options', ['dir', 'readers', 'merge', ...Object.keys(JOURNAL_DEFAULTS)]);
    const settings = { ...JOURNAL_DEFAULTS, ...options };
    checkInteger(settings.maxBytes, 'maxBytes', [4096, 2 ** 40]);
    checkInteger(settings.maxAgeMs, 'maxAgeMs', [1000, 10 * 366 * 24 * 3600_000]);
    checkInteger(settings.mergeAtMost, 'mergeAtMost', [2, 100_000]);
    await mkdir(settings.dir, { recursive: true });
    const journal = new Journal(settings, await takeLock(settings.dir));
    try {
      await journal.#load();
    } catch (error) {
      await journal.#unlock();
      throw error;
    }
    return journal;
  }

  /** Number of the last value; 0 before the first. */
  get last(): number {
    return this.#next - 1;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Values that the reader has yet to acknowledge. */
  depth(reader: string): number {
    return this.last - this.#reader(reader).acked;
  }

  /** Values that were dropped before the reader had acknowledged them. */
  lost(reader: string): number {
    return this.#reader(reader).lost;
  }

  /** Resolves to the value's number once it is on disk (or in memory only, where that failed). */
  append(value: T): Promise<number> {
    return this.#jobs.run(async () => {
      if (this.#closed) throw new Error('the journal is closed');
      const entry = { sequence: this.#next, values: 1, atMs: this.#settings.nowMs(), value };
      const segment = await this.#active();
      if (!(await segment.append(entry))) this.writeErrors += 1;
      this.#next += 1;
      await this.#shrink();
      return entry.sequence;
    });
  }

  /** The next values in order, at most `count`; empty when there are none. */
  read(reader: string, count: number): Promise<JournalEntry<T>[]> {
    return this.#jobs.run(async () => {
      const state = this.#reader(reader);
      const found: JournalEntry<T>[] = [];
      for (const segment of this.#segments) {
        if (segment.last <= state.position || found.length >= count) continue;
        const entries = await segment.entries();
        found.push(...entries.filter(({ sequence }) => sequence > state.position));
      }
      const given = found.slice(0, count);
      // What a damaged file no longer holds is passed over, and counted.
      for (const { sequence, values } of given) {
        const first = sequence - values + 1;
        if (first > state.position + 1) state.lost += first - state.position - 1;
        state.position = sequence;
      }
      state.seen = Math.max(state.seen, state.position);
      return given;
    });
  }

  /** The reader is done with everything up to this number. */
  ack(reader: string, sequence: number): Promise<void> {
    return this.#jobs.run(async () => {
      const state = this.#reader(reader);
      state.acked = Math.max(state.acked, Math.min(sequence, this.last));
      state.position = Math.max(state.position, state.acked);
      this.#unsavedAcks += 1;
      if (this.#unsavedAcks >= ACKS_PER_WRITE) await this.#save();
      await this.#removeAcked();
    });
  }

  /** What was given out and not acknowledged will be given out again. */
  rewind(reader: string): Promise<void> {
    return this.#jobs.run(async () => {
      const state = this.#reader(reader);
      state.position = state.acked;
    });
  }

  /** Settles when every call so far has. */
  idle(): Promise<void> {
    return this.#jobs.idle();
  }

  /** Settles when the state is on disk. Idempotent. */
  close(): Promise<void> {
    return this.#jobs.run(async () => {
      if (this.#closed) return;
      this.#closed = true;
      await this.#save();
      for (const segment of this.#segments) await segment.close();
      await this.#unlock();
    });
  }

  async #load(): Promise<void> {
    const { dir, readers } = this.#settings;
    for (const name of (await readdir(dir)).sort()) {
      if (name.endsWith('.partial')) await rm(join(dir, name), { force: true });
      if (!name.endsWith('.log')) continue;
      const segment = await JournalSegment.load<T>(join(dir, name));
      const before = this.#segments.at(-1)?.last ?? 0;
      // Killed between merging a file into the one before and removing it: its values are there already.
      if (segment && segment.count > 0 && segment.last > before) this.#segments.push(segment);
      else await rm(join(dir, name), { force: true });
    }
    const saved = await this.#savedState();
    const known = Object.values(saved.readers).map(({ acked }) => acked);
    this.#next = Math.max(0, this.#segments.at(-1)?.last ?? 0, ...known) + 1;
    for (const name of readers) {
      const { acked, lost } = saved.readers[name] ?? { acked: this.last, lost: 0 };
      this.#readers.set(name, { acked, position: acked, seen: acked, lost });
    }
    await this.#save();
    await this.#shrink();
  }

  async #savedState(): Promise<State> {
    try {
      const state = JSON.parse(await readFile(join(this.#settings.dir, STATE_FILE), 'utf8'));
      if (state.version === 1) return state as State;
    } catch {
      // none yet, or damaged: readers begin at the end
    }
    return { version: 1, readers: {} };
  }

  async #save(): Promise<void> {
    this.#unsavedAcks = 0;
    const readers: State['readers'] = {};
    for (const [name, { acked, lost }] of this.#readers) readers[name] = { acked, lost };
    const file = join(this.#settings.dir, STATE_FILE);
    const state: State = { version: 1, readers };
    try {
      await writeFile(`${file}.partial`, JSON.stringify(state));
      await rename(`${file}.partial`, file);
    } catch {
      this.writeErrors += 1;
    }
  }

  /** The file that is written to, a new one where the last is full. */
  async #active(): Promise<JournalSegment<T>> {
    const active = this.#segments.at(-1);
    const { dir, maxBytes } = this.#settings;
    const full = Math.min(LARGEST_SEGMENT, maxBytes / SEGMENTS);
    if (active?.writable && active.bytes < full) return active;
    await active?.close();
    const segment = JournalSegment.create<T>(dir, this.#next);
    this.#segments.push(segment);
    return segment;
  }

  async #removeAcked(): Promise<void> {
    const done = Math.min(...[...this.#readers.values()].map(({ acked }) => acked));
    // The last file stays: it holds the number of the last value.
    while (this.#segments.length > 1 && this.#segments[0].last <= done) {
      await this.#segments.shift()?.remove();
    }
  }

  /** Brings the journal within its limits: merges the oldest values first, then drops. */
  async #shrink(): Promise<void> {
    const { maxBytes, maxAgeMs, nowMs } = this.#settings;
    await this.#removeAcked();
    while (this.#segments.length > 1 && this.#segments[0].newestMs < nowMs() - maxAgeMs) {
      if (!(await this.#dropOldest())) return;
    }
    while (this.bytes > maxBytes && this.#segments.length > 1) {
      if (!(await this.#mergeOldest()) && !(await this.#dropOldest())) return;
    }
  }

  /** False while values of the oldest file are on their way: they may arrive, and would count as lost all the same. */
  async #dropOldest(): Promise<boolean> {
    const [oldest] = this.#segments;
    const readers = [...this.#readers.values()];
    if (readers.some((r) => r.position > r.acked && r.acked < oldest.last)) return false;
    for (const reader of this.#readers.values()) {
      reader.lost += Math.max(0, oldest.last - Math.max(reader.acked, oldest.first - 1));
      reader.acked = Math.max(reader.acked, oldest.last);
      reader.position = Math.max(reader.position, reader.acked);
    }
    // First the state: killed in between, the file is found acknowledged and no value is counted twice.
    await this.#save();
    this.#segments.shift();
    await oldest.remove();
    return true;
  }

  /** Merges the values of the oldest file that was not merged yet; false when there is none to gain by. */
  async #mergeOldest(): Promise<boolean> {
    const at = this.#segments.findIndex(({ merged }) => !merged);
    if (at < 0 || at === this.#segments.length - 1) return false;
    const segment = this.#segments[at];
    const entries = this.#mergeRuns(await segment.entries());
    const before = this.#segments[at - 1];
    const room = Math.min(LARGEST_SEGMENT, this.#settings.maxBytes / SEGMENTS);
    if (before && before.bytes < room / 2) {
      if (!(await before.replace([...(await before.entries()), ...entries]))) this.writeErrors += 1;
      this.#segments.splice(at, 1);
      await segment.remove();
    } else if (!(await segment.replace(entries))) this.writeErrors += 1;
    return true;
  }

  /** Runs end where a reader stands: what one of them has seen never becomes part of something new. */
  #mergeRuns(entries: readonly JournalEntry<T>[]): JournalEntry<T>[] {
    const { merge, mergeAtMost } = this.#settings;
    const readers = [...this.#readers.values()];
    const done = Math.min(...readers.map(({ acked }) => acked));
    const seen = Math.max(...readers.map(({ seen: highest }) => highest));
    const result: JournalEntry<T>[] = [];
    let run: JournalEntry<T>[] = [];
    const endRun = (): void => {
      const last = run.at(-1);
      if (!last) return;
      const values = run.reduce((sum, entry) => sum + entry.values, 0);
      const value = run.length === 1 ? last.value : merge(run.map((entry) => entry.value));
      result.push({ ...last, values, value });
      run = [];
    };
    for (const entry of entries) {
      if (entry.sequence <= done) continue;
      const values = run.reduce((sum, { values: count }) => sum + count, entry.values);
      if (values > mergeAtMost || entry.sequence <= seen) endRun();
      run.push(entry);
      if (entry.sequence <= seen) endRun();
    }
    endRun();
    return result;
  }

  #reader(name: string): Reader {
    const reader = this.#readers.get(name);
    if (!reader) throw new RangeError(`there is no reader \`${name}\``);
    return reader;
  }
}
