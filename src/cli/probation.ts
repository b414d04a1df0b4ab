/** New models on trial in operation: on so many tracked frames they prove themselves, or fail by faults, time or quality. */
import { mean, median } from '../eval/figures.js';
import type { LiveResult, Publisher, SessionNotice } from '../live/types.js';

export const PROBATION = {
  /** Tracked frames; a minute at 30 Hz. */
  frames: 1800,
  /** Fewer frames of the models before are no measure for those on trial. */
  leastFrames: 100,
  /** With so many faults a trial ends at once. */
  faults: 3,
  /** Most of the median time of `track`, over that of the models before. */
  mostSlower: 1.5,
  /** Most that the mean quality may lie below that of the models before. */
  qualityLoss: 0.1,
} as const;

interface Figures {
  trackMs: number;
  quality: number;
}

export interface ProbationOptions {
  /** Whether the models that run now are on trial. */
  isOnTrial: boolean;
  onProven(): void;
  onFailed(reason: string): void;
}

/** Watches a session as one of its publishers. */
export class Probation implements Publisher {
  readonly name = 'probation';
  readonly #options: ProbationOptions;
  #isOnTrial: boolean;
  #faults = 0;
  #trackMs: number[] = [];
  #qualities: number[] = [];
  /** Of the frames before those that are being gathered, with the same models. */
  #latest: Figures | null = null;
  /** Of the models before, in this process. */
  #before: Figures | null = null;

  constructor(options: ProbationOptions) {
    this.#options = options;
    this.#isOnTrial = options.isOnTrial;
  }

  /** Other models run from now on. */
  restart(): void {
    const isEnough = this.#trackMs.length >= PROBATION.leastFrames;
    this.#before = isEnough ? this.#gathered() : this.#latest;
    this.#latest = null;
    this.#isOnTrial = true;
    this.#clear();
  }

  onNotice({ kind, message }: SessionNotice): void {
    if (kind !== 'fault' || !this.#isOnTrial) return;
    this.#faults += 1;
    if (this.#faults >= PROBATION.faults)
      this.#fail(`${this.#faults} faults, the last: ${message}`);
  }

  onResult({ objects, timings, revised }: LiveResult): void {
    if (!timings || revised || objects.length === 0) return;
    this.#trackMs.push(timings.totalMs);
    this.#qualities.push(mean(objects.map(({ quality }) => quality)));
    if (this.#trackMs.length < PROBATION.frames) return;
    this.#latest = this.#gathered();
    this.#clear();
    if (this.#isOnTrial) this.#judge(this.#latest);
  }

  #judge(now: Figures): void {
    const { mostSlower, qualityLoss } = PROBATION;
    const before = this.#before;
    if (before && now.trackMs > mostSlower * before.trackMs) {
      this.#fail(`a frame takes ${ms(now)}, with the models before ${ms(before)}`);
    } else if (before && now.quality < before.quality - qualityLoss) {
      const [a, b] = [now, before].map(({ quality }) => quality.toFixed(2));
      this.#fail(`the mean quality is ${a}, with the models before ${b}`);
    } else {
      this.#isOnTrial = false;
      this.#options.onProven();
    }
  }

  #fail(reason: string): void {
    this.#isOnTrial = false;
    this.#options.onFailed(reason);
  }

  #gathered(): Figures {
    return { trackMs: median(this.#trackMs), quality: mean(this.#qualities) };
  }

  #clear(): void {
    this.#faults = 0;
    this.#trackMs = [];
    this.#qualities = [];
  }
}

const ms = ({ trackMs }: Figures): string => `${trackMs.toFixed(1)} ms`;
