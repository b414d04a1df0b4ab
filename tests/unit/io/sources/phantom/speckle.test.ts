import { test } from 'tap';
import { Fan } from '../../../../../src/io/sources/phantom/fan.js';
import { seededRandom } from '../../../../../src/io/sources/phantom/random.js';
import { EchoFormation, ScattererVolume } from '../../../../../src/io/sources/phantom/speckle.js';

/** Envelope of homogeneous tissue, [ranges, beams], averaged over nothing: one realisation per seed. */
function homogeneous(seed: number): { envelope: Float32Array; fan: Fan } {
  const fan = new Fan(480, 360);
  const formation = new EchoFormation(fan);
  const volume = new ScattererVolume(seededRandom(seed));
  const slice = new Float32Array(volume.side ** 2 * 2);
  volume.blend(seed, slice);
  const { real, imaginary } = formation.field;
  let next = 0;
  for (let r = 0; r < fan.ranges; r += 1) {
    for (let b = 0; b < fan.beams; b += 1) {
      real[r * formation.stride + formation.pad + b] = slice[next];
      imaginary[r * formation.stride + formation.pad + b] = slice[next + 1];
      next = (next + 2) % slice.length;
    }
  }
  const envelope = new Float32Array(fan.ranges * fan.beams);
  formation.envelope(envelope);
  return { envelope, fan };
}

test('the envelope of homogeneous tissue is Rayleigh distributed: mean over standard deviation is 1.91', async (t) => {
  const ratios: number[] = [];
  for (let seed = 1; seed <= 4; seed += 1) {
    const { envelope, fan } = homogeneous(seed);
    let sum = 0;
    let squares = 0;
    let count = 0;
    // Away from the sector's edges, where the point spread function sees all of its scatterers.
    for (let r = 20; r < fan.ranges - 20; r += 1) {
      for (let b = 12; b < fan.beams - 12; b += 1) {
        const value = envelope[r * fan.beams + b];
        sum += value;
        squares += value * value;
        count += 1;
      }
    }
    const mean = sum / count;
    ratios.push(mean / Math.sqrt(squares / count - mean * mean));
  }
  const ratio = ratios.reduce((a, b) => a + b) / ratios.length;
  t.ok(Math.abs(ratio - 1.913) < 0.04, `ratio ${ratio}`);
});

test('the point spread function keeps the power of the scatterers', async (t) => {
  const { envelope, fan } = homogeneous(9);
  let squares = 0;
  let count = 0;
  for (let r = 20; r < fan.ranges - 20; r += 1) {
    for (let b = 12; b < fan.beams - 12; b += 1, count += 1) {
      squares += envelope[r * fan.beams + b] ** 2;
    }
  }
  t.ok(Math.abs(squares / count - 1) < 0.06, `power ${squares / count}`);
});

test('a single scatterer spreads more across the beams far from the focus than at it', async (t) => {
  const fan = new Fan(480, 360);
  const width = (range: number): number => {
    const formation = new EchoFormation(fan);
    const r = Math.round((range - fan.probeRadiusMm) / fan.stepMm);
    const beam = 88;
    formation.field.real[r * formation.stride + formation.pad + beam] = 1;
    const envelope = new Float32Array(fan.ranges * fan.beams);
    formation.envelope(envelope);
    const peak = envelope[r * fan.beams + beam];
    let beams = 0;
    for (let b = 0; b < fan.beams; b += 1) if (envelope[r * fan.beams + b] > peak / 2) beams += 1;
    return beams * fan.stepAngle * range;
  };
  t.ok(width(145) > width(85), `${width(145)} mm at 145 mm, ${width(85)} mm at the focus`);
});

test('a slice between two keeps unit variance and resembles both', async (t) => {
  const volume = new ScattererVolume(seededRandom(3));
  const slices = [0, 0.5, 1].map((z) => {
    const out = new Float32Array(volume.side ** 2 * 2);
    volume.blend(z, out);
    return out;
  });
  const product = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, i) => sum + value * b[i], 0) / a.length;
  const [first, between, second] = slices;
  t.ok(Math.abs(product(between, between) - 0.5) < 0.01, 'half in each of the two parts');
  t.ok(Math.abs(2 * product(first, between) - Math.SQRT1_2) < 0.02);
  t.ok(Math.abs(2 * product(second, between) - Math.SQRT1_2) < 0.02);
  t.ok(Math.abs(product(first, second)) < 0.01, 'two slices are independent');
});
