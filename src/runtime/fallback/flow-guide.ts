/** What flow tells the propagation of a frame, on the mask grid. */
import { fillBackground } from './channels.js';
import { AnchoredFlow } from './flow/anchored-flow.js';
import { halveFlow, halveImage, Warp } from './flow/warp.js';

/** Of the frame before (source 0) and of each reference; all 0 where a source is not there. */
export interface Guide {
  /** f32[C, K+1, M, M]: the masks of each source, carried to the frame. */
  carried: Float32Array;
  /** f32[C, 2, M, M]: how well the source matches (−1 to 1), and the variance of its flow, px² of the frame. */
  evidence: Float32Array;
  /** f32[C]: 1 where the source is there. */
  known: Float32Array;
}

/** A channel in use, and the reference that its object is anchored to. */
export interface Anchored {
  slot: number;
  anchor: number;
}

/** Holds scratch alone; the mask grid has half the side of the frames that flow follows. */
export class FlowGuide {
  readonly #channels: number;
  readonly #side: number;
  readonly #warp: Warp;
  readonly #gridFlow: Float32Array;

  constructor(channels: number, maskSide: number) {
    this.#channels = channels;
    this.#side = maskSide;
    this.#warp = new Warp(maskSide, maskSide);
    this.#gridFlow = new Float32Array(2 * maskSide ** 2);
  }

  /** Of the frame that `flow` followed last; `masks` f32[K+1, M, M] of each source that it knows. */
  of(
    flow: AnchoredFlow,
    masks: readonly (Float32Array | undefined)[],
    objects: readonly Anchored[],
  ): Guide {
    const cells = this.#side ** 2;
    const guide: Guide = {
      carried: new Float32Array(AnchoredFlow.SOURCES * this.#channels * cells),
      evidence: new Float32Array(AnchoredFlow.SOURCES * 2 * cells),
      known: new Float32Array(AnchoredFlow.SOURCES),
    };
    const { known, evidence } = guide;
    for (let source = 0; source < known.length; source++) {
      if (!flow.known(source)) continue;
      known[source] = 1;
      const [match, variance] = [2 * source, 2 * source + 1].map((plane) =>
        evidence.subarray(plane * cells, (plane + 1) * cells),
      );
      halveImage(flow.match(source), this.#side, this.#side, match);
      halveImage(flow.variance(source), this.#side, this.#side, variance);
    }
    this.#carry(flow, masks, objects, guide.carried);
    return guide;
  }

  /** From the frame before all objects, from a reference those that are anchored to it; the others as their own anchor has them. */
  #carry(
    flow: AnchoredFlow,
    masks: readonly (Float32Array | undefined)[],
    objects: readonly Anchored[],
    carried: Float32Array,
  ): void {
    const cells = this.#side ** 2;
    const plane = (source: number, slot: number): Float32Array => {
      const first = (source * this.#channels + slot) * cells;
      return carried.subarray(first, first + cells);
    };
    masks.forEach((held, source) => {
      if (!held) return;
      halveFlow(flow.flow(source), this.#side, this.#side, this.#gridFlow);
      this.#warp.setFlow(this.#gridFlow);
      for (const { slot, anchor } of objects) {
        if (source > 0 && anchor + 1 !== source) continue;
        this.#warp.carry(held.subarray(slot * cells, (slot + 1) * cells), plane(source, slot));
      }
    });
    // All are copied before any is scaled, so that every reference shares an overlap alike.
    masks.forEach((held, source) => {
      if (!held || source === 0) return;
      for (const { slot, anchor } of objects) {
        if (anchor + 1 !== source) plane(source, slot).set(plane(anchor + 1, slot));
      }
    });
    masks.forEach((held, source) => {
      if (!held) return;
      const first = source * this.#channels * cells;
      fillBackground(carried.subarray(first, first + this.#channels * cells), cells);
    });
  }
}
