/**
 * What the phantom shows, and how it moves. Everything is stated in material coordinates (mm), where the heart rests at end
 * diastole; a `Pose` maps a point of the picture at one moment back to them. The maps preserve area, so that the area of
 * every structure is known in closed form.
 */
import type { Fan } from './fan.js';
import { seededRandom } from './random.js';

/** Values of the ground-truth label map. */
export const PHANTOM_LABELS = { background: 0, chamber: 1, wall: 2, cyst: 3 } as const;

export interface Ellipse {
  xMm: number;
  yMm: number;
  /** Semi-axes before rotation. */
  aMm: number;
  bMm: number;
  /** Rotation, rad. */
  angle: number;
}

export interface Anatomy {
  /** Lumen at end diastole; `harmonics` are the relative amplitudes of its 2nd and 3rd angular harmonic. */
  chamber: Ellipse & { harmonics: [number, number] };
  /** Outer border of the wall as a multiple of the lumen's radius, at end diastole. */
  wallRatio: number;
  cyst: Ellipse;
  /** A calcified arc that casts a shadow. */
  reflector: { xMm: number; yMm: number; halfWidthMm: number; thicknessMm: number };
  /** Depth and thickness of fascia, mm. */
  layers: { yMm: number; thicknessMm: number; waveMm: number; gain: number }[];
  /** Beats per second. */
  beatHz: number;
  /** Moment of the first end diastole, s. */
  beatStart: number;
  /** Linear contraction of the lumen at end systole: its area is (1 − contraction)² of the diastolic one. */
  contraction: number;
  /** Amplitude of breathing, mm, and its rate. */
  swayMm: { x: number; y: number };
  swayHz: number;
}

/** A plausible anatomy, drawn by `seed`: mirrored or not, with sizes, places and rates of its own. */
export function createAnatomy(seed: number): Anatomy {
  const random = seededRandom(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const side = random() < 0.5 ? -1 : 1;
  return {
    chamber: {
      xMm: side * between(2, 7),
      yMm: between(74, 80),
      aMm: between(17.5, 20.5),
      bMm: between(28, 32),
      angle: side * between(0.08, 0.28),
      harmonics: [between(-0.05, 0.05), between(-0.06, 0.06)],
    },
    wallRatio: between(1.36, 1.42),
    cyst: {
      xMm: side * between(45, 49),
      yMm: between(94, 101),
      aMm: between(8.5, 10.5),
      bMm: between(7, 8.5),
      angle: between(-0.5, 0.5),
    },
    reflector: {
      xMm: side * between(-31, -28.5),
      yMm: between(48, 51),
      halfWidthMm: between(4, 5),
      thicknessMm: 1.6,
    },
    layers: [
      { yMm: 17.5, thicknessMm: 0.9, waveMm: 0.4, gain: 5 },
      { yMm: between(21, 23), thicknessMm: 0.7, waveMm: 0.8, gain: 3.5 },
      { yMm: between(27, 30), thicknessMm: 1.1, waveMm: 1.2, gain: 4 },
    ],
    beatHz: between(1.1, 1.3),
    beatStart: between(0, 1),
    contraction: between(0.2, 0.25),
    swayMm: { x: between(0.5, 1), y: between(1, 1.8) },
    swayHz: between(0.2, 0.27),
  };
}

/** Share of the contraction reached at a phase (0–1) of the beat: systole, relaxation, then rest. */
export function contractionAt(phase: number): number {
  const systole = 0.38;
  const relaxed = 0.72;
  if (phase < systole) return Math.sin((Math.PI / 2) * (phase / systole)) ** 2;
  if (phase < relaxed)
    return Math.cos((Math.PI / 2) * ((phase - systole) / (relaxed - systole))) ** 2;
  return 0;
}

/** The anatomy at one moment. */
export class Pose {
  /** Size of the lumen relative to end diastole. */
  readonly scale: number;
  /** Phase of the beat, 0–1, 0 at end diastole. */
  readonly phase: number;
  readonly swayX: number;
  readonly swayY: number;

  readonly #cos: number;
  readonly #sin: number;
  readonly #material = new Float64Array(2);

  constructor(
    readonly anatomy: Anatomy,
    readonly timeS: number,
  ) {
    const beats = timeS * anatomy.beatHz + anatomy.beatStart;
    this.phase = beats - Math.floor(beats);
    const contracted = contractionAt(this.phase);
    this.scale = 1 - anatomy.contraction * contracted;
    const breath = 2 * Math.PI * anatomy.swayHz * timeS;
    this.swayX = anatomy.swayMm.x * Math.sin(breath);
    // The heart's base moves towards the probe in systole.
    this.swayY = anatomy.swayMm.y * Math.sin(breath + 1) - 1.5 * contracted;
    this.#cos = Math.cos(anatomy.chamber.angle);
    this.#sin = Math.sin(anatomy.chamber.angle);
  }

  /**
   * Maps a point of the picture (mm) to material coordinates, written to `out`; true when it lies in the lumen.
   * Outside of the lumen, ρ² + (1 − scale²) along each direction keeps areas: tissue follows the lumen's border, the wall
   * thickens as it is drawn in, and the motion fades with distance.
   */
  locate(xMm: number, yMm: number, out: Float64Array): boolean {
    const { chamber } = this.anatomy;
    const x = xMm - this.swayX - chamber.xMm;
    const y = yMm - this.swayY - chamber.yMm;
    const u = (this.#cos * x + this.#sin * y) / chamber.aMm;
    const v = (this.#cos * y - this.#sin * x) / chamber.bMm;
    const square = u * u + v * v + 1e-12;
    const border = outline(u, v, square, chamber.harmonics);
    const relative = square / (border * border);
    const inLumen = relative < this.scale * this.scale;
    const stretch = inLumen
      ? 1 / this.scale
      : Math.sqrt((relative + 1 - this.scale * this.scale) / relative);
    const p = u * stretch * chamber.aMm;
    const q = v * stretch * chamber.bMm;
    out[0] = chamber.xMm + this.#cos * p - this.#sin * q;
    out[1] = chamber.yMm + this.#sin * p + this.#cos * q;
    return inLumen;
  }

  /** The true label of a point of the picture (mm). */
  label(xMm: number, yMm: number): number {
    if (this.locate(xMm, yMm, this.#material)) return PHANTOM_LABELS.chamber;
    return materialLabel(this.anatomy, this.#material[0], this.#material[1]);
  }
}

/** Radius of the lumen's border in its own (elliptic) units: 1 + a₂ cos 2φ + a₃ cos 3φ, without calling atan2. */
function outline(u: number, v: number, square: number, [second, third]: [number, number]): number {
  const cosine = u / Math.sqrt(square);
  return 1 + second * ((u * u - v * v) / square) + third * cosine * (4 * cosine * cosine - 3);
}

/** Squared distance from the lumen's centre relative to its border at end diastole: < 1 inside. */
export function chamberRadius(anatomy: Anatomy, xMm: number, yMm: number): number {
  const { chamber } = anatomy;
  const x = xMm - chamber.xMm;
  const y = yMm - chamber.yMm;
  const u = (Math.cos(chamber.angle) * x + Math.sin(chamber.angle) * y) / chamber.aMm;
  const v = (Math.cos(chamber.angle) * y - Math.sin(chamber.angle) * x) / chamber.bMm;
  const square = u * u + v * v + 1e-12;
  return Math.sqrt(square) / outline(u, v, square, chamber.harmonics);
}

/** Distance from the cyst's centre relative to its border: < 1 inside. */
export function cystRadius({ cyst }: Anatomy, xMm: number, yMm: number): number {
  const x = xMm - cyst.xMm;
  const y = yMm - cyst.yMm;
  return Math.hypot(
    (Math.cos(cyst.angle) * x + Math.sin(cyst.angle) * y) / cyst.aMm,
    (Math.cos(cyst.angle) * y - Math.sin(cyst.angle) * x) / cyst.bMm,
  );
}

function materialLabel(anatomy: Anatomy, xMm: number, yMm: number): number {
  if (chamberRadius(anatomy, xMm, yMm) < anatomy.wallRatio) return PHANTOM_LABELS.wall;
  if (cystRadius(anatomy, xMm, yMm) < 1) return PHANTOM_LABELS.cyst;
  return PHANTOM_LABELS.background;
}

/** Areas in mm², in closed form, of the structures as they lie wholly within the sector. */
export function analyticAreasMm2(pose: Pose): { chamber: number; wall: number; cyst: number } {
  const { chamber, wallRatio, cyst } = pose.anatomy;
  const [second, third] = chamber.harmonics;
  // ½ ∫ (1 + a₂ cos 2φ + a₃ cos 3φ)² dφ = π (1 + (a₂² + a₃²) / 2)
  const diastolic =
    Math.PI * chamber.aMm * chamber.bMm * (1 + (second * second + third * third) / 2);
  return {
    chamber: diastolic * pose.scale * pose.scale,
    wall: diastolic * (wallRatio * wallRatio - 1),
    cyst: Math.PI * cyst.aMm * cyst.bMm,
  };
}

/** The true label map u8[heightPx, widthPx] of a pose, 0 outside of the sector. */
export function labelMap(fan: Fan, pose: Pose): Uint8Array {
  const labels = new Uint8Array(fan.widthPx * fan.heightPx);
  for (let y = 0; y < fan.heightPx; y += 1) {
    const yMm = fan.yMm(y + 0.5);
    for (let x = 0; x < fan.widthPx; x += 1) {
      const xMm = fan.xMm(x + 0.5);
      if (fan.contains(xMm, yMm)) labels[y * fan.widthPx + x] = pose.label(xMm, yMm);
    }
  }
  return labels;
}
