/** Areas of each object over the last seconds, and what a beating one does. */
import type { LiveFrame } from '../../src/client/index.ts';

export interface Sample {
  timeS: number;
  area: number;
}

export const SPAN_S = 8;

export class AreaHistory {
  readonly #samples = new Map<number, Sample[]>();

  /** A frame of the running stream, or the one before with its objects changed; those looked at while frozen are no news. */
  add({ captureNs, objects, revised }: Pick<LiveFrame, 'captureNs' | 'objects' | 'revised'>): void {
    const timeS = Number(captureNs / 1000n) / 1e6;
    const present = new Set(objects.map(({ id }) => id));
    for (const id of this.#samples.keys()) if (!present.has(id)) this.#samples.delete(id);
    for (const { id, areaPx, areaMm2 } of objects) {
      const samples = this.#samples.get(id) ?? [];
      this.#samples.set(id, samples);
      const last = samples.at(-1);
      if (last && timeS < last.timeS) continue;
      // A prompt changed the frame shown last: its area replaces the one before.
      if (revised && last?.timeS === timeS) samples.pop();
      samples.push({ timeS, area: areaMm2 ?? areaPx });
      while (samples[0].timeS < timeS - SPAN_S) samples.shift();
    }
  }

  of(id: number): readonly Sample[] {
    return this.#samples.get(id) ?? [];
  }
}

export interface Beat {
  /** Means of the largest and the smallest area of each whole cycle. */
  max: number;
  min: number;
  /** (max − min) / max: the fractional area change. */
  change: number;
  cycles: number;
  perMinute: number;
}

/** Changes below this are noise of the outline. */
const LEAST_CHANGE = 0.08;
/** Fewer areas than this in a cycle miss its extremes, and may mistake its rate. */
const LEAST_PER_CYCLE = 6;
/** Shares of the range that the area must fall below and rise above within a cycle. */
const [LOW, HIGH] = [0.35, 0.65];

/** What an area that comes and goes does in whole cycles; null when it does not. */
export function beatOf(samples: readonly Sample[]): Beat | null {
  const areas = samples.map(({ area }) => area);
  const most = Math.max(...areas);
  const least = Math.min(...areas);
  if (samples.length < 8 || (most - least) / most < LEAST_CHANGE) return null;
  const level = (share: number): number => least + share * (most - least);
  // Begins of cycles: the area rises above HIGH after having been below LOW.
  const begins: number[] = [];
  let wasLow = false;
  areas.forEach((area, i) => {
    if (area < level(LOW)) wasLow = true;
    else if (area > level(HIGH) && wasLow) {
      begins.push(i);
      wasLow = false;
    }
  });
  const cycles = begins.length - 1;
  if (cycles < 1 || (begins[cycles] - begins[0]) / cycles < LEAST_PER_CYCLE) return null;
  let [max, min] = [0, 0];
  for (let c = 0; c < cycles; c++) {
    const cycle = areas.slice(begins[c], begins[c + 1]);
    max += Math.max(...cycle) / cycles;
    min += Math.min(...cycle) / cycles;
  }
  const seconds = samples[begins[cycles]].timeS - samples[begins[0]].timeS;
  return { max, min, change: (max - min) / max, cycles, perMinute: (60 * cycles) / seconds };
}
