import type { LiveResult } from '../live/types.js';
import type { TelemetryWindow } from './window.js';

/** What a window says of its results: qualities, objects, interventions. `take` ends the window. */
export class ResultStatistics {
  #least = Infinity;
  #sum = 0;
  #count = 0;
  #interventions = 0;
  #objects: TelemetryWindow['objects'] = { count: 0, ask: 0, lost: 0, areaMm2: null };

  add({ objects, revised }: LiveResult): void {
    if (revised) this.#interventions += 1;
    let [ask, lost, areaMm2] = [0, 0, null as number | null];
    for (const { quality, status, mask } of objects) {
      this.#least = Math.min(this.#least, quality);
      this.#sum += quality;
      this.#count += 1;
      if (status === 'ask') ask += 1;
      if (status === 'lost') lost += 1;
      if (mask.areaMm2 !== null) areaMm2 = (areaMm2 ?? 0) + mask.areaMm2;
    }
    this.#objects = { count: objects.length, ask, lost, areaMm2 };
  }

  take(): Pick<TelemetryWindow, 'quality' | 'objects' | 'interventions'> {
    const [min, count, interventions] = [this.#least, this.#count, this.#interventions];
    const quality = count === 0 ? null : { min, mean: this.#sum / count, count };
    [this.#least, this.#sum, this.#count, this.#interventions] = [Infinity, 0, 0, 0];
    return { quality, objects: this.#objects, interventions };
  }
}
