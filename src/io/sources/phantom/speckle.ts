/**
 * Fully developed speckle: a field of random complex scatterers seen through the probe's point spread function, whose
 * magnitude (the envelope) is Rayleigh distributed in homogeneous tissue (Wagner, Smith, Sandrik and Lopez 1983).
 */
import type { Fan } from './fan.js';
import { fillGaussian } from './random.js';

export const SPECKLE_DEFAULTS = {
  /** Scatterers along each side of the (periodic) volume, a power of two. */
  side: 256,
  /** Distance of scatterers, mm. */
  cellMm: 0.4,
  /** Slices across the picture's plane; moving between two decorrelates the speckle. */
  slices: 8,
  /** Standard deviation of the pulse along the beam, mm. */
  axialMm: 0.42,
  /** Lateral standard deviation at the focus, mm, and its growth per mm away from it. */
  focusMm: 1.0,
  focusRangeMm: 85,
  spread: 0.013,
};

/** Complex scatterers of unit variance, [side, side, 2] a slice. */
export class ScattererVolume {
  readonly side = SPECKLE_DEFAULTS.side;
  readonly cellsPerMm = 1 / SPECKLE_DEFAULTS.cellMm;
  readonly #slices: Float32Array[] = [];

  constructor(random: () => number) {
    for (let i = 0; i < SPECKLE_DEFAULTS.slices; i += 1) {
      const slice = new Float32Array(this.side * this.side * 2);
      fillGaussian(slice, random);
      for (let j = 0; j < slice.length; j += 1) slice[j] *= Math.SQRT1_2;
      this.#slices.push(slice);
    }
  }

  /** The slice at elevation `z` (in slices, periodic): cos and sin weights keep the variance at 1 in between. */
  blend(z: number, out: Float32Array): void {
    const count = this.#slices.length;
    const floor = Math.floor(z);
    const lower = this.#slices[((floor % count) + count) % count];
    const upper = this.#slices[(((floor + 1) % count) + count) % count];
    const lowerWeight = Math.cos(((z - floor) * Math.PI) / 2);
    const upperWeight = Math.sin(((z - floor) * Math.PI) / 2);
    for (let i = 0; i < out.length; i += 1) {
      out[i] = lowerWeight * lower[i] + upperWeight * upper[i];
    }
  }
}

/** Widest lateral kernel to either side, beams; the field is padded by it. */
const PAD = 7;

/** Turns a field of scatterers on the polar grid into its envelope. */
export class EchoFormation {
  readonly #ranges: number;
  readonly #beams: number;
  /** Lateral kernel of each range: the centre, then one value per distance. */
  readonly #lateral: Float32Array[] = [];
  readonly #axial: Float32Array;
  readonly #paddedReal: Float32Array;
  readonly #paddedImaginary: Float32Array;
  readonly #real: Float32Array;
  readonly #imaginary: Float32Array;
  readonly #sumReal: Float32Array;
  readonly #sumImaginary: Float32Array;

  constructor(fan: Fan) {
    this.#ranges = fan.ranges;
    this.#beams = fan.beams;
    for (let r = 0; r < fan.ranges; r += 1) {
      const range = fan.probeRadiusMm + r * fan.stepMm;
      const defocus = (range - SPECKLE_DEFAULTS.focusRangeMm) * SPECKLE_DEFAULTS.spread;
      const sigmaMm = Math.hypot(SPECKLE_DEFAULTS.focusMm, defocus);
      this.#lateral.push(kernel(Math.min(sigmaMm / (range * fan.stepAngle), PAD / 2.2), PAD));
    }
    this.#axial = kernel(SPECKLE_DEFAULTS.axialMm / fan.stepMm, PAD);
    this.#paddedReal = new Float32Array(fan.ranges * this.stride);
    this.#paddedImaginary = new Float32Array(fan.ranges * this.stride);
    this.#real = new Float32Array(fan.ranges * fan.beams);
    this.#imaginary = new Float32Array(fan.ranges * fan.beams);
    this.#sumReal = new Float32Array(fan.beams);
    this.#sumImaginary = new Float32Array(fan.beams);
  }

  /** The field to fill: sample (range r, beam b) lies at r · stride + pad + b. */
  get field(): { real: Float32Array; imaginary: Float32Array } {
    return { real: this.#paddedReal, imaginary: this.#paddedImaginary };
  }

  get stride(): number {
    return this.#beams + 2 * PAD;
  }

  get pad(): number {
    return PAD;
  }

  /** field c64[ranges, beams] → envelope f32[ranges, beams]. */
  envelope(out: Float32Array): void {
    this.#filterLaterally(this.#paddedReal, this.#real);
    this.#filterLaterally(this.#paddedImaginary, this.#imaginary);
    const beams = this.#beams;
    const real = this.#sumReal;
    const imaginary = this.#sumImaginary;
    for (let r = 0; r < this.#ranges; r += 1) {
      real.fill(0);
      imaginary.fill(0);
      for (let tap = 1 - this.#axial.length; tap < this.#axial.length; tap += 1) {
        const row = r + tap;
        if (row < 0 || row >= this.#ranges) continue;
        const weight = this.#axial[Math.abs(tap)];
        for (let b = 0, i = row * beams; b < beams; b += 1, i += 1) {
          real[b] += weight * this.#real[i];
          imaginary[b] += weight * this.#imaginary[i];
        }
      }
      for (let b = 0, i = r * beams; b < beams; b += 1, i += 1) {
        out[i] = Math.sqrt(real[b] * real[b] + imaginary[b] * imaginary[b]);
      }
    }
  }

  #filterLaterally(padded: Float32Array, out: Float32Array): void {
    const beams = this.#beams;
    for (let r = 0; r < this.#ranges; r += 1) {
      const weights = this.#lateral[r];
      const start = r * this.stride + PAD;
      const target = r * beams;
      for (let b = 0; b < beams; b += 1) out[target + b] = weights[0] * padded[start + b];
      for (let tap = 1; tap < weights.length; tap += 1) {
        const weight = weights[tap];
        for (let b = 0, i = start; b < beams; b += 1, i += 1) {
          out[target + b] += weight * (padded[i - tap] + padded[i + tap]);
        }
      }
    }
  }
}

/** One side of a Gaussian of `sigma` samples, scaled to keep the power of white noise. */
function kernel(sigma: number, widest: number): Float32Array {
  const taps = Math.min(widest, Math.max(1, Math.ceil(2.2 * sigma)));
  const values = Float32Array.from({ length: taps + 1 }, (_, i) =>
    Math.exp((-i * i) / (2 * sigma * sigma)),
  );
  const power = values.reduce((sum, value, i) => sum + (i === 0 ? 1 : 2) * value * value, 0);
  return values.map((value) => value / Math.sqrt(power));
}
