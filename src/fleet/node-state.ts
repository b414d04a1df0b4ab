/** What the host knows of one node, from its messages in the order of their sequence numbers (§5.4.2). */
import type { MetricValue } from '../telemetry/sparkplug/payload.js';
import { Missing } from './missing.js';
import type { Update } from './receiver.js';

const SEQUENCE = 256;
/** Farther ahead than this is taken for behind: a message of before. */
const AHEAD = SEQUENCE / 2;
/** Messages that wait for one before them: as many as can be told from those behind. */
const MOST_WAITING = AHEAD - 1;
/** Data of a dead node are late until then; beyond, it lives on and its birth was not heard. */
const AFTERLIFE_MS = 5000;
/** Windows over which the share of dropped frames is told. */
const DROP_WINDOWS = 30;

/** Told of a message in its order, with all values that are so at its time. */
export type Apply = (update: Update, values: ReadonlyMap<string, MetricValue>) => void;

export type Outcome =
  /** Applied, in order. */
  | 'applied'
  /** It waits for one before it. */
  | 'waiting'
  /** No longer waited for: its window counts, and changes nothing of the present. */
  | 'late'
  /** There already, or of no use any more. */
  | 'stale'
  /** The node must be born again: its birth was not heard, or too many messages are missing. */
  | 'rebirth';

interface Held {
  update: Update;
  arrivedMs: number;
}

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
  /** Times of the present birth and the one before it, by the device's clock: data tell which of them they follow. */
  #bornMs: number | null = null;
  #formerMs: number | null = null;
  #expected = 0;
  /** Of the history that follows a birth; its changes are told one by one too. */
  readonly #past = new Map<string, MetricValue>();
  /** By sequence number, in the order of arrival. */
  readonly #waiting = new Map<number, Held>();
  /** Data of a birth that another receiver has yet to pass on. */
  #early: Held[] = [];
  #frames: { received: number; dropped: number }[] = [];

  constructor(group: string, node: string) {
    [this.group, this.node] = [group, node];
    this.key = `${group}/${node}`;
  }

  /** When the oldest message that waits arrived; null: none waits. */
  get waitingSinceMs(): number | null {
    const [held = this.#early[0]] = this.#waiting.values();
    return held?.arrivedMs ?? null;
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
    if (update.seq === null) return 'stale';
    if (update.unknown > 0 || update.bornMs === null) return 'rebirth';
    if (update.bornMs === this.#formerMs) return this.#late(update, apply);
    if (update.bornMs !== this.#bornMs) {
      this.#early.push({ update, arrivedMs: nowMs });
      return this.#waits(this.#early.length, nowMs, apply);
    }
    if (!this.online) {
      return nowMs - this.sinceMs > AFTERLIFE_MS ? 'rebirth' : this.#late(update, apply);
    }
    const ahead = this.#ahead(update.seq);
    if (ahead >= AHEAD) return this.#late(update, apply);
    if (ahead > 0) {
      this.reordered += 1;
      this.#waiting.set(update.seq, { update, arrivedMs: nowMs });
      return this.#waits(this.#waiting.size, nowMs, apply);
    }
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
    this.#applyWaiting(nowMs, apply);
    for (const { update } of this.#early) this.#late(update, apply);
    this.#early = [];
  }

  #waits(count: number, nowMs: number, apply: Apply): Outcome {
    if (count <= MOST_WAITING) return 'waiting';
    this.giveUp(nowMs, apply);
    return 'rebirth';
  }

  /** Births come by one receiver and so in order, whatever the device's clock says. */
  #birth(update: Update, nowMs: number, apply: Apply): Outcome {
    this.#applyWaiting(nowMs, apply);
    if (!this.online) this.sinceMs = nowMs;
    this.online = true;
    this.#formerMs = this.#bornMs;
    this.#bornMs = update.sentMs;
    this.#bdSeq = update.values.bdSeq ?? null;
    this.values.clear();
    this.#past.clear();
    this.devices.clear();
    this.#expected = update.seq ?? 0;
    this.#apply(update, nowMs, apply);
    const early = this.#early;
    this.#early = [];
    for (const held of early) {
      const { seq, bornMs } = held.update;
      if (bornMs === this.#bornMs && seq !== null) this.#waiting.set(seq, held);
      else this.#late(held.update, apply);
    }
    this.#drain(nowMs, apply);
    return 'applied';
  }

  /** A will of an earlier connection does not end the present one (§5.4.3). */
  #death(update: Update, nowMs: number, apply: Apply): Outcome {
    if (!this.online || update.values.bdSeq !== this.#bdSeq) return 'stale';
    this.#applyWaiting(nowMs, apply);
    this.online = false;
    this.sinceMs = nowMs;
    this.devices.clear();
    apply(update, this.values);
    return 'applied';
  }

  /** A window that comes after it was given up, or after a birth or death that followed it. */
  #late(update: Update, apply: Apply): Outcome {
    const values = new Map([...this.values, ...Object.entries(update.values)]);
    const windows = windowsOf(update, values);
    if (!windows || this.windows.add(...windows) === 0) return 'stale';
    apply(update, values);
    return 'late';
  }

  #ahead(seq: number): number {
    return (seq - this.#expected + SEQUENCE) % SEQUENCE;
  }

  /** Whatever is missing before them. */
  #applyWaiting(nowMs: number, apply: Apply): void {
    const waiting = [...this.#waiting].sort(([a], [b]) => this.#ahead(a) - this.#ahead(b));
    this.#waiting.clear();
    for (const [seq, { update }] of waiting) {
      this.#expected = seq;
      this.#apply(update, nowMs, apply);
    }
  }

  #drain(nowMs: number, apply: Apply): void {
    for (let next = this.#next(); next; next = this.#next()) this.#apply(next, nowMs, apply);
  }

  #next(): Update | undefined {
    const held = this.#waiting.get(this.#expected);
    this.#waiting.delete(this.#expected);
    return held?.update;
  }

  #apply(update: Update, nowMs: number, apply: Apply): void {
    const { type, device, values, historical, atMs } = update;
    this.#expected = (this.#expected + 1) % SEQUENCE;
    if (type === 'DBIRTH' && device !== null) this.devices.add(device);
    if (type === 'DDEATH' && device !== null) this.devices.delete(device);
    const now = historical ? this.#past : this.values;
    for (const name of Object.keys(values)) now.set(name, values[name]);
    const windows = windowsOf(update, now);
    if (windows) {
      this.windows.add(...windows);
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

/** The first and the last number of the windows that a message tells; null where it tells none. */
function windowsOf(
  { type, values }: Update,
  now: ReadonlyMap<string, MetricValue>,
): [first: number, last: number] | null {
  const last = values['Window/Sequence'];
  if (typeof last !== 'number' || type !== 'DDATA') return null;
  const merged = now.get('Window/Merged');
  return [last - (typeof merged === 'number' ? merged : 1) + 1, last];
}
