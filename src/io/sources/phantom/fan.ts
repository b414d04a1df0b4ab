/**
 * The sector of a curved probe: a polar grid of echo samples (range r × beam b) and its conversion to the picture.
 * Lengths are mm from the virtual apex (x to the right, y down); angles are rad from the vertical.
 */

export const FAN_DEFAULTS = {
  /** Radius of the probe's face, mm. */
  probeRadiusMm: 14,
  /** Range of the deepest echo from the virtual apex, mm. */
  rangeMm: 150,
  /** Half of the opening angle, rad. */
  halfAngle: (37 * Math.PI) / 180,
  /** Echo samples along a beam. */
  ranges: 320,
  /** Beams. */
  beams: 176,
  /** Black margin around the sector, px. */
  marginPx: 4,
};

/** Fixed-point weights of the scan conversion: 8 bits, so that four products of u8 samples stay integers. */
const WEIGHT = 256;

export class Fan {
  readonly ranges = FAN_DEFAULTS.ranges;
  readonly beams = FAN_DEFAULTS.beams;
  readonly probeRadiusMm = FAN_DEFAULTS.probeRadiusMm;
  readonly rangeMm = FAN_DEFAULTS.rangeMm;
  readonly halfAngle = FAN_DEFAULTS.halfAngle;
  readonly stepMm: number;
  readonly stepAngle: number;
  /** Side of a (square) pixel, mm. */
  readonly spacingMm: number;
  /** Position of each echo sample, mm: [ranges × beams], beams fastest. */
  readonly sampleX: Float32Array;
  readonly sampleY: Float32Array;

  readonly #topMm: number;
  readonly #pixels: Uint32Array;
  readonly #corners: Uint32Array;
  readonly #weights: Uint16Array;

  constructor(
    readonly widthPx: number,
    readonly heightPx: number,
  ) {
    this.stepMm = (this.rangeMm - this.probeRadiusMm) / (this.ranges - 1);
    this.stepAngle = (2 * this.halfAngle) / (this.beams - 1);
    this.#topMm = this.probeRadiusMm * Math.cos(this.halfAngle);
    const margins = 2 * FAN_DEFAULTS.marginPx;
    this.spacingMm = Math.max(
      (2 * this.rangeMm * Math.sin(this.halfAngle)) / (widthPx - margins),
      (this.rangeMm - this.#topMm) / (heightPx - margins),
    );

    this.sampleX = new Float32Array(this.ranges * this.beams);
    this.sampleY = new Float32Array(this.ranges * this.beams);
    for (let r = 0, sample = 0; r < this.ranges; r += 1) {
      const radius = this.probeRadiusMm + r * this.stepMm;
      for (let b = 0; b < this.beams; b += 1, sample += 1) {
        const angle = b * this.stepAngle - this.halfAngle;
        this.sampleX[sample] = radius * Math.sin(angle);
        this.sampleY[sample] = radius * Math.cos(angle);
      }
    }

    // Scan conversion reads the four samples around a pixel; what it reads never changes, so it is tabulated once.
    const pixels: number[] = [];
    const corners: number[] = [];
    const weights: number[] = [];
    for (let y = 0; y < heightPx; y += 1) {
      for (let x = 0; x < widthPx; x += 1) {
        const xMm = this.xMm(x + 0.5);
        const yMm = this.yMm(y + 0.5);
        if (!this.contains(xMm, yMm)) continue;
        const range = (Math.hypot(xMm, yMm) - this.probeRadiusMm) / this.stepMm;
        const beam = (Math.atan2(xMm, yMm) + this.halfAngle) / this.stepAngle;
        const r = Math.min(Math.floor(range), this.ranges - 2);
        const b = Math.min(Math.floor(beam), this.beams - 2);
        const down = Math.round((range - r) * WEIGHT);
        const right = Math.round((beam - b) * WEIGHT);
        pixels.push(y * widthPx + x);
        corners.push(r * this.beams + b);
        weights.push(down, right);
      }
    }
    this.#pixels = Uint32Array.from(pixels);
    this.#corners = Uint32Array.from(corners);
    this.#weights = Uint16Array.from(weights);
  }

  /** Millimetres of a picture coordinate (px, pixel centres at +0.5). */
  xMm(xPx: number): number {
    return (xPx - this.widthPx / 2) * this.spacingMm;
  }

  yMm(yPx: number): number {
    return (yPx - FAN_DEFAULTS.marginPx) * this.spacingMm + this.#topMm;
  }

  /** The inverse of `xMm` and `yMm`. */
  xPx(xMm: number): number {
    return xMm / this.spacingMm + this.widthPx / 2;
  }

  yPx(yMm: number): number {
    return (yMm - this.#topMm) / this.spacingMm + FAN_DEFAULTS.marginPx;
  }

  /** Whether a point (mm) lies within the sector. */
  contains(xMm: number, yMm: number): boolean {
    const radius = Math.hypot(xMm, yMm);
    return (
      radius >= this.probeRadiusMm &&
      radius <= this.rangeMm &&
      Math.abs(Math.atan2(xMm, yMm)) <= this.halfAngle
    );
  }

  /** Gray samples u8[ranges, beams] → picture u8[heightPx, widthPx], black outside of the sector. */
  scanConvert(samples: Uint8Array): Uint8Array {
    const picture = new Uint8Array(this.widthPx * this.heightPx);
    const { beams } = this;
    const pixels = this.#pixels;
    const corners = this.#corners;
    const weights = this.#weights;
    for (let i = 0; i < pixels.length; i += 1) {
      const corner = corners[i];
      const down = weights[2 * i];
      const right = weights[2 * i + 1];
      const upper = samples[corner] * (WEIGHT - right) + samples[corner + 1] * right;
      const lower =
        samples[corner + beams] * (WEIGHT - right) + samples[corner + beams + 1] * right;
      picture[pixels[i]] = (upper * (WEIGHT - down) + lower * down + 32768) >> 16;
    }
    return picture;
  }
}
