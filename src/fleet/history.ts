/** What the host keeps of windows: one row a node and minute, on SQLite or PostgreSQL. */
import type { MetricValue } from '../telemetry/sparkplug/payload.js';

/** Of the windows that ended within a minute; ms, 0–1, °C, MB. Null where no window told. */
export interface Minute {
  node: string;
  /** Its begin, ms since 1970. */
  minuteMs: number;
  windows: number;
  /** Sum, of which `windows` makes the mean, Hz. */
  fpsSum: number;
  /** Greatest of the windows' own. */
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  /** Least of the windows' own. */
  quality: number | null;
  /** Greatest, and the counter's last value. */
  temperatureC: number | null;
  memoryMb: number | null;
  dropped: number | null;
}

/** Where minutes are kept. A minute that is there already is added to. */
export interface HistoryStore {
  /** For messages, without secrets. */
  readonly name: string;
  add(minutes: readonly Minute[]): Promise<void>;
  /** In ascending time; from inclusive, to exclusive. */
  query(node: string, fromMs: number, toMs: number): Promise<Minute[]>;
  /** Forgets what is older. */
  prune(beforeMs: number): Promise<void>;
  close(): Promise<void>;
}

export const MINUTE_MS = 60_000;
const FLUSH_MS = 5000;
const PRUNE_MS = 3600_000;

export class History {
  /** Writes that failed; their minutes are written again with the next ones. */
  errors = 0;
  readonly #store: HistoryStore;
  readonly #keepMs: number;
  #open = new Map<string, Minute>();
  #flushing: Promise<void> = Promise.resolve();
  #prunedMs = 0;
  readonly #timer: NodeJS.Timeout;

  /** @param keepDays what is older is forgotten */
  constructor(store: HistoryStore, keepDays: number) {
    this.#store = store;
    this.#keepMs = keepDays * 24 * 3600_000;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
  }

  get name(): string {
    return this.#store.name;
  }

  add(node: string, atMs: number, values: ReadonlyMap<string, MetricValue>): void {
    const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
    const key = `${minuteMs} ${node}`;
    const number = (name: string): number | null => {
      const value = values.get(name);
      return typeof value === 'number' ? value : null;
    };
    const window: Minute = {
      node,
      minuteMs,
      windows: 1,
      fpsSum: number('Frames/Rate') ?? 0,
      p50Ms: number('Latency/total/P50'),
      p95Ms: number('Latency/total/P95'),
      p99Ms: number('Latency/total/P99'),
      quality: number('Quality/Min'),
      temperatureC: number('Health/Temperature'),
      memoryMb: number('Health/Memory'),
      dropped: number('Frames/Dropped'),
    };
    const before = this.#open.get(key);
    this.#open.set(key, before ? joined(before, window) : window);
  }

  /** Everything so far is in the store; a failure is counted, and tried again. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async query(node: string, fromMs: number, toMs: number): Promise<Minute[]> {
    await this.flush();
    return this.#store.query(node, fromMs, toMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    await this.#store.close();
  }

  async #write(): Promise<void> {
    const minutes = [...this.#open.values()];
    if (minutes.length === 0) return;
    const written = this.#open;
    this.#open = new Map();
    try {
      await this.#store.add(minutes);
      const nowMs = Date.now();
      if (nowMs - this.#prunedMs > PRUNE_MS) {
        this.#prunedMs = nowMs;
        await this.#store.prune(nowMs - this.#keepMs);
      }
    } catch {
      this.errors += 1;
      for (const [key, minute] of written) {
        const since = this.#open.get(key);
        this.#open.set(key, since ? joined(minute, since) : minute);
      }
    }
  }
}

/** Two parts of one minute. */
export function joined(a: Minute, b: Minute): Minute {
  const pick = (x: number | null, y: number | null, of: (...values: number[]) => number) =>
    x === null ? y : y === null ? x : of(x, y);
  return {
    ...a,
    windows: a.windows + b.windows,
    fpsSum: a.fpsSum + b.fpsSum,
    p50Ms: pick(a.p50Ms, b.p50Ms, Math.max),
    p95Ms: pick(a.p95Ms, b.p95Ms, Math.max),
    p99Ms: pick(a.p99Ms, b.p99Ms, Math.max),
    quality: pick(a.quality, b.quality, Math.min),
    temperatureC: pick(a.temperatureC, b.temperatureC, Math.max),
    memoryMb: pick(a.memoryMb, b.memoryMb, Math.max),
    dropped: pick(a.dropped, b.dropped, Math.max),
  };
}
