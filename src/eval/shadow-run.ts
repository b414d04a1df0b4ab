/** A candidate bundle beside the one in use, on a stored cine: do they agree, and is the candidate as fast? */
import { SonotrackError } from '../runtime/errors.js';
import type { Device } from '../sdk/device.js';
import { dice } from '../sdk/dice.js';
import { follow, type Operator } from '../sdk/follow.js';
import type { FrameSource } from '../sdk/types.js';
import { mean, median } from './figures.js';

export interface ShadowRun {
  /** Tracked, the one that was clicked on included. */
  frames: number;
  /** DSC between the masks of both, 0–1, over all objects and frames. */
  agreement: { mean: number; lowest: number };
  /** Median time of `track`, ms; both take turns on each frame. */
  trackMs: { current: number; candidate: number };
}

/** What a candidate must keep to. */
export interface ShadowBounds {
  /** Least mean agreement, 0–1. */
  leastAgreement: number;
  /** Most of the candidate's median time over the current one's. */
  mostSlower: number;
}

export const SHADOW_BOUNDS: ShadowBounds = { leastAgreement: 0.9, mostSlower: 1.25 };

/**
 * Both devices track what `operator` marks. `open` is called twice, for each device reads the cine by itself; it must end.
 * @throws what the sources, the devices and the operator throw
 */
export async function shadowRun(
  current: Device,
  candidate: Device,
  open: () => Promise<FrameSource>,
  operator: Operator,
): Promise<ShadowRun> {
  const sources = await Promise.all([open(), open()]);
  const agreements: number[] = [];
  const times: Record<'current' | 'candidate', number[]> = { current: [], candidate: [] };
  let frames = 0;
  try {
    const theirs = follow(current, sources[0], operator);
    const ours = follow(candidate, sources[1], operator);
    for (;;) {
      // whoever comes second on a frame may find warmer caches
      const isOurTurn = frames % 2 === 1;
      const first = await (isOurTurn ? ours : theirs).next();
      const second = await (isOurTurn ? theirs : ours).next();
      if (first.done || second.done) break;
      const [a, b] = isOurTurn ? [second.value, first.value] : [first.value, second.value];
      frames += 1;
      for (const { id, mask } of a.objects) {
        const other = b.objects.find((object) => object.id === id);
        agreements.push(other ? dice(mask, other.mask) : 0);
      }
      if (a.trackMs !== null) times.current.push(a.trackMs);
      if (b.trackMs !== null) times.candidate.push(b.trackMs);
    }
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
  return {
    frames,
    agreement: { mean: mean(agreements), lowest: Math.min(...agreements) },
    trackMs: { current: median(times.current), candidate: median(times.candidate) },
  };
}

/** @throws SonotrackError MODEL_REJECTED when the candidate differs too much or is too slow */
export function judgeShadowRun(
  { agreement, trackMs }: ShadowRun,
  { leastAgreement, mostSlower }: ShadowBounds = SHADOW_BOUNDS,
): void {
  const slower = trackMs.candidate / trackMs.current;
  const reasons = [
    agreement.mean < leastAgreement &&
      `its masks agree to a DSC of ${agreement.mean.toFixed(3)} with the bundle in use, expected ≥ ${leastAgreement}`,
    slower > mostSlower &&
      `it takes ${slower.toFixed(2)} times as long to track a frame, expected ≤ ${mostSlower}`,
  ].filter((reason) => reason !== false);
  if (reasons.length === 0) return;
  throw new SonotrackError(
    'MODEL_REJECTED',
    'models',
    `the bundle is refused: ${reasons.join('; ')}`,
  );
}
