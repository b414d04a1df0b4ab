/** How the anatomy scatters and attenuates, tabulated once on a grid of material coordinates. */
import { chamberRadius, cystRadius, type Anatomy } from './anatomy.js';
import type { Fan } from './fan.js';
import { fillGaussian, seededRandom } from './random.js';

/** Echo levels in dB relative to the receiver's middle gray, attenuation in dB/mm beyond what time-gain compensation makes up for. */
const LEVELS = {
  tissue: { gain: -2 },
  wall: { gain: 3.5, attenuation: 0.02 },
  pericardium: { specular: 9, attenuation: 0.1 },
  endocardium: { specular: 3 },
  blood: { gain: -29, attenuation: -0.07 },
  cyst: { gain: -40, attenuation: -0.42 },
  cystRim: { specular: 4 },
  reflector: { gain: 14, specular: 20, attenuation: 11 },
  /** Slow change of brightness within plain tissue and within the wall, standard deviation. */
  texture: { tissue: 4.4, wall: 2.4 },
};

const CELL_MM = 0.5;
/** Half-width and depth of the grid beyond the sector, mm: motion reads a little outside of it. */
const BORDER_MM = 14;
/** Values per cell: scattering amplitude, factor of the echo per range step, specular amplitude. */
const STRIDE = 3;

export function fromDecibel(decibel: number): number {
  return 10 ** (decibel / 20);
}

export class Tissue {
  /** [rows, columns, 3]: amplitude, transmission per range step, specular amplitude. */
  readonly cells: Float32Array;
  readonly columns: number;
  readonly rows: number;
  readonly leftMm: number;
  readonly cellsPerMm = 1 / CELL_MM;
  readonly blood: { amplitude: number; transmission: number };

  constructor(anatomy: Anatomy, fan: Fan, seed: number) {
    this.leftMm = -(fan.rangeMm * Math.sin(fan.halfAngle) + BORDER_MM);
    this.columns = Math.ceil((-2 * this.leftMm) / CELL_MM);
    this.rows = Math.ceil((fan.rangeMm + BORDER_MM) / CELL_MM);
    this.cells = new Float32Array(this.rows * this.columns * STRIDE);
    const transmission = (attenuation: number): number => fromDecibel(-attenuation * fan.stepMm);
    this.blood = {
      amplitude: fromDecibel(LEVELS.blood.gain),
      transmission: transmission(LEVELS.blood.attenuation),
    };
    const texture = smoothNoise(seed);
    for (let row = 0, cell = 0; row < this.rows; row += 1) {
      for (let column = 0; column < this.columns; column += 1, cell += STRIDE) {
        const xMm = this.leftMm + (column + 0.5) * CELL_MM;
        const yMm = (row + 0.5) * CELL_MM;
        if (Math.abs(xMm) > yMm * Math.tan(fan.halfAngle) + BORDER_MM) continue;
        const echo = echoAt(anatomy, xMm, yMm, texture);
        this.cells[cell] = fromDecibel(echo.gain);
        this.cells[cell + 1] = transmission(echo.attenuation);
        this.cells[cell + 2] = echo.specular;
      }
    }
  }
}

/** Gain in dB, attenuation in dB/mm and specular amplitude (linear) of a material point. */
function echoAt(
  anatomy: Anatomy,
  xMm: number,
  yMm: number,
  texture: (xMm: number, yMm: number) => number,
): { gain: number; attenuation: number; specular: number } {
  const chamber = chamberRadius(anatomy, xMm, yMm);
  const cyst = cystRadius(anatomy, xMm, yMm);
  const { reflector, wallRatio } = anatomy;
  if (cyst < 1) return { ...LEVELS.cyst, specular: 0 };

  const echo = { gain: 0, attenuation: 0, specular: 0 };
  if (chamber < wallRatio) {
    // Fibres run along the wall: the texture is stretched by sampling it in the wall's own coordinates.
    echo.gain = LEVELS.wall.gain + LEVELS.texture.wall * texture(xMm * 2, yMm * 2);
    echo.attenuation = LEVELS.wall.attenuation;
    const edge = ridge(chamber, 1.03, 0.03);
    if (edge > 0.01) {
      const facing = incidence((x, y) => chamberRadius(anatomy, x, y), xMm, yMm);
      echo.specular += edge * facing * fromDecibel(LEVELS.endocardium.specular);
    }
  } else {
    echo.gain = LEVELS.tissue.gain + LEVELS.texture.tissue * texture(xMm, yMm);
    for (const layer of anatomy.layers) {
      const depth = Math.hypot(xMm, yMm) + layer.waveMm * Math.sin(xMm * 0.13 + layer.yMm);
      echo.specular += 0.8 * ridge(depth, layer.yMm, layer.thicknessMm) * fromDecibel(layer.gain);
    }
  }
  const sheath = ridge(chamber, wallRatio + 0.01, 0.035);
  if (sheath > 0.01) {
    const facing = incidence((x, y) => chamberRadius(anatomy, x, y), xMm, yMm);
    echo.specular += sheath * facing * fromDecibel(LEVELS.pericardium.specular);
    echo.attenuation += sheath * LEVELS.pericardium.attenuation;
  }
  const rim = ridge(cyst, 1.05, 0.06);
  if (rim > 0.01) {
    const facing = incidence((x, y) => cystRadius(anatomy, x, y), xMm, yMm);
    echo.specular += rim * facing ** 2 * fromDecibel(LEVELS.cystRim.specular);
  }
  // No border is smooth at the scale of the wavelength: it glints in places and is broken in others.
  echo.specular *= Math.max(0.12, 0.6 + 0.45 * texture(xMm * 4 + 50, yMm * 3 + 50));
  const along = (xMm - reflector.xMm) / reflector.halfWidthMm;
  if (Math.abs(along) < 1) {
    const across = yMm - reflector.yMm - 1.2 * along * along;
    const bone = ridge(across, 0, reflector.thicknessMm) * Math.sqrt(1 - along * along);
    echo.gain = Math.max(echo.gain, bone * LEVELS.reflector.gain);
    echo.specular += bone * fromDecibel(LEVELS.reflector.specular);
    echo.attenuation += bone * LEVELS.reflector.attenuation;
  }
  return echo;
}

/** A smooth bump of height 1 at `centre` that has faded at a distance of about 2.5 `width`. */
function ridge(value: number, centre: number, width: number): number {
  const distance = (value - centre) / width;
  return distance * distance > 9 ? 0 : Math.exp(-distance * distance);
}

/** |cos| between the beam and the normal of the level line of `field`: a border seen edge-on returns nothing. */
function incidence(field: (x: number, y: number) => number, xMm: number, yMm: number): number {
  const h = 0.2;
  const gx = field(xMm + h, yMm) - field(xMm - h, yMm);
  const gy = field(xMm, yMm + h) - field(xMm, yMm - h);
  const length = Math.hypot(gx, gy) * Math.hypot(xMm, yMm);
  return length === 0 ? 0 : Math.abs((gx * xMm + gy * yMm) / length) ** 1.5;
}

/** Noise of unit variance that varies over about 6 mm and 18 mm, wider than deep, as strands of muscle and fat are. */
function smoothNoise(seed: number): (xMm: number, yMm: number) => number {
  const side = 64;
  const lattice = new Float32Array(side * side);
  fillGaussian(lattice, seededRandom(seed ^ 0x5eed));
  const sample = (x: number, y: number): number => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const smooth = (t: number): number => t * t * (3 - 2 * t);
    const right = smooth(x - column);
    const down = smooth(y - row);
    const at = (r: number, c: number): number =>
      lattice[(r & (side - 1)) * side + (c & (side - 1))];
    return (
      (at(row, column) * (1 - right) + at(row, column + 1) * right) * (1 - down) +
      (at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right) * down
    );
  };
  return (xMm, yMm) => 1.1 * sample(xMm / 9, yMm / 5) + 0.9 * sample(xMm / 24 + 17, yMm / 15 + 31);
}
