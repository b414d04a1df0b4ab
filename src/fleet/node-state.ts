/** What the host knows of one node, from its messages in the order of their sequence numbers (§5.4.2). */
import type { MetricValue } from '../telemetry/sparkplug/payload.js';
import { Missing } from './missing.js';
import type { Update } from './receiver.js';

const SEQUENCE = 256;
/** Farther ahead than this is taken for behind: a message of before. */
const AHEAD = SEQUENCE / 2;
/** Messages that wait for one before them. */
const MOST_WAITING = 64;
/** Windows over which the share of dropped frames is told. */
const DROP_WINDOWS = 30;

/** Told of a message in its order, with all values that are so at its time. */
export type Apply = (update: Update, values: ReadonlyMap<string, MetricValue>) => void;

export type Outcome =
  /** Applied, in order. */
  | 'applied'
  /** It waits for one before it. */
  | 'waiting'
  /** Of before a birth, or there already. */
  | 'stale'
  /** The node must be born again: its birth was not heard, or too many messages are missing. */
  | 'rebirth';

export class NodeState {
  readonly key: string;
  online = false;
  /** Since when it has been so, ms since 1970 on the host's clock. */
  sinceMs = 0;
  /** Metrics of the node and of its devices, by name; names do not clash in a sonotrack node. */
  readonly values = new Map<string, MetricValue>();
  readonly devices = new Set<string>();
  /** Time of the latest window, ms since 1970 on the device's clock; null before the first. */
  windowMs: number | null = null;
  /** When it arrived, on the host's clock; 0 before the first. */
  heardMs = 0;
  readonly windows = new Missing();
  /** Messages that came after one they precede; and gaps that ended in a rebirth. */
  reordered = 0;
  gaps = 0;

  readonly group: string;
  readonly node: string;
  #bdSeq: MetricValue = null;
  #bornMs = -Infinity;
  #expected: number | null = null;
  /** Of the history that follows a birth; its changes are told one by one too. */
  readonly #past = new Map<string, MetricValue>();
  readonly #waiting = new Map<number, Update>();
  #waitingSinceMs: number | null = null;
  #frames: { received: number; dropped: number }[] = [];

  constructor(group: string, node: string) {
    [this.group, this.node] = [group, node];
    this.key = `${group}/${node}`;
  }

  /** When the oldest gap was noticed; null: there is none. */
  get waitingSinceMs(): number | null {
    return this.#waitingSinceMs;
  }

  /** Frames dropped of those received in the latest windows, 0–1; null without frames. */
  get dropShare(): number | null {
    const [first, last] = [this.#frames[0], this.#frames[this.#frames.length - 1]];
    if (!first || last.received <= first.received) return null;
    return (last.dropped - first.dropped) / (last.received - first.received);
  }

  /** @param apply told of every message that is applied, in order */
  receive(update: Update, nowMs: number, apply: Apply): Outcome {
    if (update.type === 'NBIRTH') return this.#birth(update, nowMs, apply);
    if (update.type === 'NDEATH') return this.#death(update, nowMs, apply);
    if (this.#expected === null || !this.online) return 'rebirth';
    if (update.seq === null || update.sentMs < this.#bornMs) return 'stale';
    const ahead = (update.seq - this.#expected + SEQUENCE) % SEQUENCE;
    if (ahead >= AHEAD) return 'stale';
    if (ahead > 0) {
      this.#waiting.set(update.seq, update);
      this.#waitingSinceMs ??= nowMs;
      this.reordered += 1;
      if (this.#waiting.size <= MOST_WAITING) return 'waiting';
      this.giveUp(nowMs, apply);
      return 'rebirth';
    }
    if (update.unknown > 0) return 'rebirth';
    this.#apply(update, nowMs, apply);
    this.#drain(nowMs, apply);
    return 'applied';
  }

  /**
   * The message that others wait for will not come: those are applied without it, and the node must be born again, since
   * what the missing one changed is not known.
   */
  giveUp(nowMs: number, apply: Apply): void {
    this.gaps += 1;
    const expected = this.#expected ?? 0;
    const ahead = (seq: number): number => (seq - expected + SEQUENCE) % SEQUENCE;
    for (const seq of [...this.#waiting.keys()].sort((a, b) => ahead(a) - ahead(b))) {
      const update = this.#waiting.get(seq);
      if (!update || update.unknown > 0) continue;
      this.#expected = seq;
      this.#apply(update, nowMs, apply);
    }
    this.#waiting.clear();
    this.#waitingSinceMs = null;
  }

  #birth(update: Update, nowMs: number, apply: Apply): Outcome {
    if (update.sentMs < this.#bornMs) return 'stale';
    if (!this.online) this.sinceMs = nowMs;
    this.online = true;
    this.#bornMs = update.sentMs;
    this.#bdSeq = update.values.bdSeq ?? null;
    this.values.clear();
    this.#past.clear();
    this.devices.clear();
    this.#expected = update.seq ?? 0;
    for (const [seq, { sentMs }] of this.#waiting) {
      if (sentMs < update.sentMs) this.#waiting.delete(seq);
    }
    this.#apply(update, nowMs, apply);
    this.#drain(nowMs, apply);
    return 'applied';
  }

  /** A will of an earlier connection does not end the present one (§5.4.3). */
  #death(update: Update, nowMs: number, apply: Apply): Outcome {
    if (!this.online || update.values.bdSeq !== this.#bdSeq) return 'stale';
    this.online = false;
    this.sinceMs = nowMs;
    this.devices.clear();
    this.#waiting.clear();
    this.#waitingSinceMs = null;
    this.#expected = null;
    apply(update, this.values);
    return 'applied';
  }

  #drain(nowMs: number, apply: Apply): void {
    for (let next = this.#next(); next; next = this.#next()) this.#apply(next, nowMs, apply);
    if (this.#waiting.size === 0) this.#waitingSinceMs = null;
  }

  #next(): Update | undefined {
    if (this.#expected === null) return undefined;
    const update = this.#waiting.get(this.#expected);
    this.#waiting.delete(this.#expected);
    return update;
  }

  #apply(update: Update, nowMs: number, apply: Apply): void {
    const { type, device, values, historical, atMs } = update;
    this.#expected = ((this.#expected ?? 0) + 1) % SEQUENCE;
    if (type === 'DBIRTH' && device !== null) this.devices.add(device);
    if (type === 'DDEATH' && device !== null) this.devices.delete(device);
    const now = historical ? this.#past : this.values;
    for (const name of Object.keys(values)) now.set(name, values[name]);
    const sequence = values['Window/Sequence'];
    if (typeof sequence === 'number' && type === 'DDATA') {
      const merged = now.get('Window/Merged');
      this.windows.add(sequence - (typeof merged === 'number' ? merged : 1) + 1, sequence);
      if (!historical) this.#noteWindow(atMs, nowMs);
    }
    apply(update, now);
  }

  #noteWindow(atMs: number, nowMs: number): void {
    this.windowMs = atMs;
    this.heardMs = nowMs;
    const [received, dropped] = [
      this.values.get('Frames/Received'),
      this.values.get('Frames/Dropped'),
    ];
    if (typeof received !== 'number' || typeof dropped !== 'number') return;
    // Counters that went back are those of a new session.
    const before = this.#frames.at(-1);
    if (before && received < before.received) this.#frames = [];
    this.#frames.push({ received, dropped });
    if (this.#frames.length > DROP_WINDOWS) this.#frames.shift();
  }
}
