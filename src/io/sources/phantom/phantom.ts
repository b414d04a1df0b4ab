/** A moving, synthetic ultrasound cine with known truth. */
import { checkInteger, checkNumber, checkObject } from '../../../runtime/validate.js';
import type { Frame, SpacingMm } from '../../../sdk/types.js';
import { analyticAreasMm2, createAnatomy, labelMap, Pose, type Anatomy } from './anatomy.js';
import { Fan } from './fan.js';
import { seededRandom } from './random.js';
import { EchoFormation, ScattererVolume } from './speckle.js';
import { fromDecibel, Tissue } from './tissue.js';

export { PHANTOM_LABELS } from './anatomy.js';

export interface PhantomOptions {
  /** Any unsigned 32-bit integer: anatomy, motion and speckle. Default: 1. */
  seed?: number;
  /** Default: 480 × 360, 64–2048 px. */
  widthPx?: number;
  heightPx?: number;
  /** Default: 30 Hz. */
  frameRateHz?: number;
}

export const PHANTOM_DEFAULTS: Required<PhantomOptions> = {
  seed: 1,
  widthPx: 480,
  heightPx: 360,
  frameRateHz: 30,
};

/** What the receiver adds and how the echo becomes gray. */
const RECEIVER = {
  /** Electronic noise near the probe and at full depth, dB relative to plain tissue: the gain amplifies it with depth. */
  noiseNear: -44,
  noiseFar: -33,
  /** Ring-down and reverberation at the probe's face, dB, and the depth over which they fade, mm. */
  ringDown: 9,
  ringDownMm: 2.2,
  /** Haze of multiple reflections behind the chest wall, dB, and the depth over which it falls by 20 dB, mm. */
  haze: -17,
  hazeMm: 42,
  /** Share of the depth, from the bottom, over which the gain runs out, and by how much, dB. */
  fadeFrom: 0.72,
  fade: -7,
  dynamicRangeDb: 56,
  /** Gray level of 0 dB. */
  midGray: 116,
};

/** Speckle moves out of the picture's plane: slices per s of drift, and slices within a beat; blood streams through it. */
const ELEVATION = { driftPerS: 0.35, beat: 0.5, bloodPerS: 19 };

const GRAY_PER_DECIBEL = 255 / RECEIVER.dynamicRangeDb;
const DECIBEL_PER_NEPER = 20 / Math.LN10;

/**
 * Frames and truth by index, each computed on its own: `frame(7)` is the same whether or not `frame(6)` was asked for.
 * The same options give the same frames on every machine up to the rounding of its mathematical library.
 *
 * @example
 * const phantom = new Phantom({ seed: 2 });
 * const { data, widthPx, heightPx } = phantom.frame(0);
 * const labels = phantom.truth(0); // 1 chamber, 2 wall, 3 cyst
 */
export class Phantom {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly frameRateHz: number;
  readonly spacingMm: SpacingMm;

  readonly #fan: Fan;
  readonly #anatomy: Anatomy;
  readonly #tissue: Tissue;
  readonly #volume: ScattererVolume;
  readonly #formation: EchoFormation;
  /** Factor per range that makes plain tissue equally bright at every depth. */
  readonly #rangeGain: Float32Array;
  readonly #noise: Float32Array;
  readonly #tissueSlice: Float32Array;
  readonly #bloodSlice: Float32Array;
  readonly #envelope: Float32Array;
  readonly #gray: Uint8Array;
  readonly #transmitted: Float32Array;

  /** @throws TypeError for an unknown option, RangeError when one is out of its range. */
  constructor(options: PhantomOptions = {}) {
    checkObject(options, 'options', Object.keys(PHANTOM_DEFAULTS));
    const { seed, widthPx, heightPx, frameRateHz } = { ...PHANTOM_DEFAULTS, ...options };
    checkInteger(seed, 'seed', [0, 0xffffffff]);
    checkInteger(widthPx, 'widthPx', [64, 2048]);
    checkInteger(heightPx, 'heightPx', [64, 2048]);
    checkNumber(frameRateHz, 'frameRateHz', [1, 240]);
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.frameRateHz = frameRateHz;

    const fan = new Fan(widthPx, heightPx);
    this.#fan = fan;
    this.spacingMm = { x: fan.spacingMm, y: fan.spacingMm };
    this.#anatomy = createAnatomy(seed);
    this.#tissue = new Tissue(this.#anatomy, fan, seed);
    this.#volume = new ScattererVolume(seededRandom(seed ^ 0x0ec40));
    this.#formation = new EchoFormation(fan);
    const samples = fan.ranges * fan.beams;
    this.#tissueSlice = new Float32Array(this.#volume.side ** 2 * 2);
    this.#bloodSlice = new Float32Array(this.#tissueSlice.length);
    this.#envelope = new Float32Array(samples);
    this.#gray = new Uint8Array(samples);
    this.#transmitted = new Float32Array(fan.beams);
    this.#noise = new Float32Array(fan.ranges);
    for (let r = 0; r < fan.ranges; r += 1) {
      const depth = r / (fan.ranges - 1);
      const electronic =
        RECEIVER.noiseNear + (RECEIVER.noiseFar - RECEIVER.noiseNear) * depth ** 1.5;
      const ring = RECEIVER.ringDown - (20 * r * fan.stepMm) / RECEIVER.ringDownMm;
      const haze = RECEIVER.haze - (20 * r * fan.stepMm) / RECEIVER.hazeMm;
      this.#noise[r] = fromDecibel(electronic) + fromDecibel(ring) + fromDecibel(haze);
    }
    this.#rangeGain = this.#calibrate();
  }

  /** Time of a frame's capture, ns from the first frame. */
  captureNs(index: number): bigint {
    return BigInt(Math.round((index * 1e9) / this.frameRateHz));
  }

  /** Frame `index` ≥ 0: gray, with its spacing, in a buffer of its own. */
  frame(index: number): Frame {
    checkInteger(index, 'index', [0, Number.MAX_SAFE_INTEGER]);
    this.#scatter(this.#pose(index), index);
    this.#formation.envelope(this.#envelope);
    this.#compress();
    return {
      data: this.#fan.scanConvert(this.#gray),
      widthPx: this.widthPx,
      heightPx: this.heightPx,
      channels: 1,
      spacingMm: { ...this.spacingMm },
      id: index,
      captureNs: this.captureNs(index),
    };
  }

  /** True label map u8[heightPx, widthPx] of frame `index`: see `PHANTOM_LABELS`. */
  truth(index: number): Uint8Array {
    checkInteger(index, 'index', [0, Number.MAX_SAFE_INTEGER]);
    return labelMap(this.#fan, this.#pose(index));
  }

  /** Areas of the structures on frame `index` in closed form, mm². */
  areasMm2(index: number): { chamber: number; wall: number; cyst: number } {
    return analyticAreasMm2(this.#pose(index));
  }

  #pose(index: number): Pose {
    return new Pose(this.#anatomy, index / this.frameRateHz);
  }

  /** Scatterers of a pose, weighted by what they return and by what of the pulse reaches them → the complex field. */
  #scatter(pose: Pose, index: number): void {
    const fan = this.#fan;
    const tissue = this.#tissue;
    const { side, cellsPerMm } = this.#volume;
    const { real, imaginary } = this.#formation.field;
    const { stride, pad } = this.#formation;
    const wrap = side - 1;
    const beat = ELEVATION.beat * Math.sin(Math.PI * pose.phase) ** 2;
    this.#volume.blend(ELEVATION.driftPerS * pose.timeS + beat, this.#tissueSlice);
    this.#volume.blend(ELEVATION.bloodPerS * pose.timeS, this.#bloodSlice);

    const material = new Float64Array(2);
    const transmitted = this.#transmitted.fill(1);
    // Any slice serves as electronic noise when it is read from another place for every frame.
    const noiseSlice = this.#bloodSlice;
    const noiseOffset = Math.imul(index + 1, 0x9e3779b1) >>> 0;
    const noiseWrap = side * side - 1;

    for (let r = 0; r < fan.ranges; r += 1) {
      const noise = this.#noise[r];
      for (let b = 0; b < fan.beams; b += 1) {
        const sample = r * fan.beams + b;
        const inLumen = pose.locate(fan.sampleX[sample], fan.sampleY[sample], material);
        let amplitude = tissue.blood.amplitude;
        let transmission = tissue.blood.transmission;
        let specular = 0;
        if (!inLumen) {
          const column = Math.floor((material[0] - tissue.leftMm) * tissue.cellsPerMm);
          const row = Math.floor(material[1] * tissue.cellsPerMm);
          const cell =
            3 *
            (Math.min(Math.max(row, 0), tissue.rows - 1) * tissue.columns +
              Math.min(Math.max(column, 0), tissue.columns - 1));
          amplitude = tissue.cells[cell];
          transmission = tissue.cells[cell + 1];
          specular = tissue.cells[cell + 2];
        }
        const slice = inLumen ? this.#bloodSlice : this.#tissueSlice;

        const x = (material[0] + 1000) * cellsPerMm;
        const y = (material[1] + 1000) * cellsPerMm;
        const column = x | 0;
        const row = y | 0;
        const right = x - column;
        const down = y - row;
        const upper = (row & wrap) * side;
        const lower = ((row + 1) & wrap) * side;
        const near = column & wrap;
        const far = (column + 1) & wrap;
        const w00 = (1 - right) * (1 - down);
        const w01 = right * (1 - down);
        const w10 = (1 - right) * down;
        const w11 = right * down;
        const unit = 1 / Math.sqrt(w00 * w00 + w01 * w01 + w10 * w10 + w11 * w11);
        const a = (upper + near) * 2;
        const c = (upper + far) * 2;
        const d = (lower + near) * 2;
        const e = (lower + far) * 2;

        const scale = amplitude * transmitted[b] * unit;
        const seen = (noiseOffset + sample) & noiseWrap;
        const at = r * stride + pad + b;
        real[at] =
          scale * (w00 * slice[a] + w01 * slice[c] + w10 * slice[d] + w11 * slice[e]) +
          specular * transmitted[b] +
          noise * noiseSlice[2 * seen];
        imaginary[at] =
          scale *
            (w00 * slice[a + 1] + w01 * slice[c + 1] + w10 * slice[d + 1] + w11 * slice[e + 1]) +
          noise * noiseSlice[2 * seen + 1];
        transmitted[b] *= transmission;
      }
    }
  }

  /** Envelope f32 → gray u8 over the dynamic range. */
  #compress(): void {
    const { ranges, beams } = this.#fan;
    const slope = GRAY_PER_DECIBEL * DECIBEL_PER_NEPER;
    for (let r = 0, i = 0; r < ranges; r += 1) {
      const offset = RECEIVER.midGray + 0.5 + slope * Math.log(this.#rangeGain[r]);
      for (let b = 0; b < beams; b += 1, i += 1) {
        const gray = offset + slope * Math.log(this.#envelope[i] + 1e-9);
        this.#gray[i] = gray < 0 ? 0 : gray > 255 ? 255 : gray;
      }
    }
  }

  /** Measures plain tissue through the point spread function, as a scanner's own time-gain calibration does. */
  #calibrate(): Float32Array {
    const { ranges, beams } = this.#fan;
    const { real, imaginary } = this.#formation.field;
    const { stride, pad } = this.#formation;
    // Near the probe neighbouring beams share scatterers, farther away they do not: the volume is read as a frame reads it.
    this.#volume.blend(0, this.#tissueSlice);
    const { side, cellsPerMm } = this.#volume;
    for (let r = 0; r < ranges; r += 1) {
      for (let b = 0; b < beams; b += 1) {
        const sample = r * beams + b;
        const column = Math.round((this.#fan.sampleX[sample] + 1000) * cellsPerMm) & (side - 1);
        const row = Math.round((this.#fan.sampleY[sample] + 1000) * cellsPerMm) & (side - 1);
        real[r * stride + pad + b] = this.#tissueSlice[2 * (row * side + column)];
        imaginary[r * stride + pad + b] = this.#tissueSlice[2 * (row * side + column) + 1];
      }
    }
    this.#formation.envelope(this.#envelope);
    const power = new Float64Array(ranges);
    for (let r = 0, i = 0; r < ranges; r += 1) {
      for (let b = 0; b < beams; b += 1, i += 1) power[r] += this.#envelope[i] ** 2 / beams;
    }
    const gain = new Float32Array(ranges);
    for (let r = 0; r < ranges; r += 1) {
      const from = Math.max(0, r - 12);
      const to = Math.min(ranges, r + 13);
      const mean = power.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
      const faded = Math.max(0, r / (ranges - 1) - RECEIVER.fadeFrom) / (1 - RECEIVER.fadeFrom);
      gain[r] = fromDecibel(RECEIVER.fade * faded) / Math.sqrt(mean);
    }
    return gain;
  }
}
