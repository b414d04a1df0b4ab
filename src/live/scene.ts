/** Notices by itself that the picture has become another one: its geometry changed, or its content jumped. */
import type { Frame, FrameMeta } from '../sdk/types.js';
import { FanEstimator, type FanMask } from './fan.js';
import { sceneDifference, SceneCutDetector } from './scene-cut.js';

/** Spacing is told as text or f32 by some scanners: smaller changes are rounding. */
const SPACING_TOLERANCE = 1e-3;

export type Geometry = Pick<FrameMeta, 'widthPx' | 'heightPx' | 'spacingMm'>;

/** Frames of one geometry have masks that fit each other, in pixels and in mm. */
export function sameGeometry(a: Geometry, b: Geometry): boolean {
  if (a.widthPx !== b.widthPx || a.heightPx !== b.heightPx) return false;
  if (!a.spacingMm || !b.spacingMm) return a.spacingMm === b.spacingMm;
  const close = (p: number, q: number): boolean => Math.abs(p - q) <= SPACING_TOLERANCE * p;
  return close(a.spacingMm.x, b.spacingMm.x) && close(a.spacingMm.y, b.spacingMm.y);
}

/** In words, for messages. */
export function geometryText({ widthPx, heightPx, spacingMm }: Geometry): string {
  const spacing = spacingMm
    ? `${spacingMm.x.toPrecision(4)} × ${spacingMm.y.toPrecision(4)} mm a px`
    : 'uncalibrated';
  return `${widthPx} × ${heightPx} px (${spacing})`;
}

/** Geometries whose fan is remembered: a user switches between a few presets. */
const MOST_GEOMETRIES = 8;

interface Change {
  reason: 'geometry' | 'scene-cut';
  message: string;
}

/** The scene of a stream: its geometry, its cuts, and the fan of each geometry seen. */
export class Scene {
  #geometry: Geometry | null = null;
  readonly #cuts = new SceneCutDetector();
  #cutCount = 0;
  /** Least recently seen first. */
  readonly #fans: { geometry: Geometry; estimator: FanEstimator }[] = [];

  /** Takes every frame of the source, those too that are never tracked; gives the number of cuts so far. */
  observe(frame: Frame, geometry: Geometry): number {
    if (!this.#geometry || !sameGeometry(this.#geometry, geometry)) this.#enter(geometry);
    this.#fans.at(-1)?.estimator.add(frame);
    if (this.#cuts.isCut(frame)) this.#cutCount += 1;
    return this.#cutCount;
  }

  /** The fan of the present geometry; null where none can be told, undefined until enough frames were seen. */
  get fan(): FanMask | null | undefined {
    const estimator = this.#fans.at(-1)?.estimator;
    return estimator?.isSettled ? estimator.fan : undefined;
  }

  /** What makes `next` another scene than `before`; after a pause the pictures themselves are compared. */
  change(
    before: { meta: Geometry; pixels: Frame },
    next: { meta: Geometry; pixels: Frame },
    afterPause: boolean,
  ): Change | null {
    if (!sameGeometry(before.meta, next.meta)) {
      const message = `the geometry changed from ${geometryText(before.meta)} to ${geometryText(next.meta)}`;
      return { reason: 'geometry', message };
    }
    if (afterPause && sceneDifference(before.pixels, next.pixels) > this.#cuts.pauseThreshold) {
      return { reason: 'scene-cut', message: 'another scene came during the freeze' };
    }
    return null;
  }

  #enter(geometry: Geometry): void {
    this.#geometry = geometry;
    this.#cuts.reset();
    const at = this.#fans.findIndex((known) => sameGeometry(known.geometry, geometry));
    const known = at < 0 ? { geometry, estimator: new FanEstimator() } : this.#fans[at];
    if (at >= 0) this.#fans.splice(at, 1);
    this.#fans.push(known);
    if (this.#fans.length > MOST_GEOMETRIES) this.#fans.shift();
  }
}
