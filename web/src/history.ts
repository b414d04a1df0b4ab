/** Areas of each object over the last seconds. */
import type { FrameHeader } from './wire.ts';

export interface Sample {
  timeS: number;
  area: number;
}

const SPAN_S = 4;

export class AreaHistory {
  readonly #samples = new Map<number, Sample[]>();

  add({ captureNs, objects, revised }: FrameHeader): void {
    const timeS = Number(BigInt(captureNs) / 1000n) / 1e6;
    const present = new Set(objects.map(({ id }) => id));
    for (const id of this.#samples.keys()) if (!present.has(id)) this.#samples.delete(id);
    for (const { id, areaPx, areaMm2 } of objects) {
      const samples = this.#samples.get(id) ?? [];
      this.#samples.set(id, samples);
      // A click changed the frame shown last: its area replaces the one before.
      if (revised && samples.at(-1)?.timeS === timeS) samples.pop();
      samples.push({ timeS, area: areaMm2 ?? areaPx });
      while (samples[0].timeS < timeS - SPAN_S) samples.shift();
    }
  }

  of(id: number): readonly Sample[] {
    return this.#samples.get(id) ?? [];
  }
}

/** Points of an SVG polyline in a box of width × height, the newest sample at its right edge. */
export function sparkline(samples: readonly Sample[], width: number, height: number): string {
  if (samples.length < 2) return '';
  const areas = samples.map(({ area }) => area);
  const low = Math.min(...areas);
  const range = Math.max(Math.max(...areas) - low, 1e-9);
  const end = samples[samples.length - 1].timeS;
  return samples
    .map(({ timeS, area }) => {
      const x = width * (1 - (end - timeS) / SPAN_S);
      const y = height * (1 - (area - low) / range);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
