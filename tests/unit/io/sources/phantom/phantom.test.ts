import { test } from 'tap';
import {
  contractionAt,
  createAnatomy,
  Pose,
} from '../../../../../src/io/sources/phantom/anatomy.js';
import { Phantom, PHANTOM_LABELS } from '../../../../../src/io/sources/phantom/phantom.js';

const SMALL = { widthPx: 240, heightPx: 180 };

function countPx(labels: Uint8Array, label: number): number {
  return labels.reduce((sum, value) => sum + (value === label ? 1 : 0), 0);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function meanGray(data: Uint8Array, labels: Uint8Array, label: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < data.length; i += 1) {
    if (labels[i] !== label) continue;
    sum += data[i];
    count += 1;
  }
  return sum / count;
}

test('the same seed gives the same frames, in any order; another seed gives others', async (t) => {
  const first = new Phantom({ seed: 7, ...SMALL });
  const second = new Phantom({ seed: 7, ...SMALL });
  const a = first.frame(0).data;
  first.frame(5);
  t.ok(equal(second.frame(5).data, first.frame(5).data));
  t.ok(equal(second.frame(0).data, a));
  t.notOk(equal(new Phantom({ seed: 8, ...SMALL }).frame(0).data, a));
});

test('every frame has a buffer of its own, its size and its spacing', async (t) => {
  const phantom = new Phantom(SMALL);
  const one = phantom.frame(1);
  const copy = one.data.slice();
  const two = phantom.frame(2);
  t.not(one.data.buffer, two.data.buffer);
  t.ok(equal(one.data, copy));
  t.match(one, { widthPx: 240, heightPx: 180, channels: 1, id: 1, captureNs: 33333333n });
  t.equal(one.data.length, 240 * 180);
  t.same(one.spacingMm, phantom.spacingMm);
  t.equal(one.spacingMm?.x, one.spacingMm?.y);
});

test('a pixel is half as large when the picture is twice as large', async (t) => {
  const coarse = new Phantom({ widthPx: 240, heightPx: 180 }).spacingMm.x;
  const fine = new Phantom({ widthPx: 480, heightPx: 360 }).spacingMm.x;
  t.ok(Math.abs(coarse / fine - 2) < 0.06, `${coarse} mm and ${fine} mm`);
});

test('true areas agree with the closed form for many anatomies and moments', async (t) => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const phantom = new Phantom({ seed });
    const { x, y } = phantom.spacingMm;
    for (const index of [0, 9, 17]) {
      const labels = phantom.truth(index);
      const expected = phantom.areasMm2(index);
      for (const name of ['chamber', 'wall', 'cyst'] as const) {
        const measured = countPx(labels, PHANTOM_LABELS[name]) * x * y;
        const error = Math.abs(measured / expected[name] - 1);
        t.ok(error < 0.02, `seed ${seed}, frame ${index}: ${name} off by ${error}`);
      }
    }
  }
});

test('the chamber beats at about 1.2 Hz and shrinks by a third to a half of its area', async (t) => {
  const phantom = new Phantom({ seed: 2, ...SMALL });
  const areas = Array.from({ length: 90 }, (_, i) => phantom.areasMm2(i).chamber);
  const ratio = Math.min(...areas) / Math.max(...areas);
  t.ok(ratio > 0.5 && ratio < 0.7, `ratio ${ratio}`);
  const minima = areas.filter(
    (area, i) =>
      i > 0 &&
      i < 89 &&
      area <= areas[i - 1] &&
      area < areas[i + 1] &&
      area < 0.75 * Math.max(...areas),
  );
  t.ok(minima.length >= 3 && minima.length <= 4, `${minima.length} beats in 3 s`);
});

test('the chamber and the cyst are darker than the wall, and a shadow lies behind the reflector', async (t) => {
  for (const seed of [1, 2, 3]) {
    const phantom = new Phantom({ seed });
    const { data } = phantom.frame(4);
    const labels = phantom.truth(4);
    const wall = meanGray(data, labels, PHANTOM_LABELS.wall);
    t.ok(meanGray(data, labels, PHANTOM_LABELS.chamber) < wall - 50);
    t.ok(meanGray(data, labels, PHANTOM_LABELS.cyst) < wall - 60);

    const { reflector } = createAnatomy(seed);
    const sample = (factor: number): number => {
      const mm = phantom.spacingMm.x;
      const x = Math.floor((reflector.xMm * factor) / mm + 240);
      // The top row of the sector is the side of the probe's face.
      const y = Math.floor((reflector.yMm * factor - 14 * Math.cos((37 * Math.PI) / 180)) / mm + 4);
      let sum = 0;
      for (let dy = -2; dy <= 2; dy += 1) {
        for (let dx = -2; dx <= 2; dx += 1) sum += data[(y + dy) * 480 + x + dx] / 25;
      }
      return sum;
    };
    t.ok(sample(1) > 170, `reflector ${sample(1)}`);
    t.ok(sample(1.6) < 60, `shadow ${sample(1.6)}`);
  }
});

test('speckle follows the tissue and decorrelates', async (t) => {
  const phantom = new Phantom({ seed: 4 });
  const correlation = (a: Uint8Array, b: Uint8Array): number => {
    // A patch of tissue far from the heart, beside the sector's axis.
    let [sa, sb, saa, sbb, sab, n] = [0, 0, 0, 0, 0, 0];
    for (let y = 280; y < 330; y += 1) {
      for (let x = 200; x < 280; x += 1, n += 1) {
        const [p, q] = [a[y * 480 + x], b[y * 480 + x]];
        sa += p;
        sb += q;
        saa += p * p;
        sbb += q * q;
        sab += p * q;
      }
    }
    return (
      (sab / n - (sa * sb) / n / n) /
      Math.sqrt((saa / n - (sa / n) ** 2) * (sbb / n - (sb / n) ** 2))
    );
  };
  const base = phantom.frame(0).data;
  t.ok(
    correlation(base, phantom.frame(1).data) > 0.6,
    `next: ${correlation(base, phantom.frame(1).data)}`,
  );
  t.ok(
    correlation(base, phantom.frame(89).data) < 0.35,
    `3 s on: ${correlation(base, phantom.frame(89).data)}`,
  );
});

test('motion preserves area: the map has a Jacobian determinant of 1 outside of the lumen', async (t) => {
  const anatomy = createAnatomy(5);
  const pose = new Pose(anatomy, 0.3);
  t.ok(pose.scale < 1);
  const h = 1e-4;
  const map = (x: number, y: number): [number, number] => {
    const out = new Float64Array(2);
    pose.locate(x, y, out);
    return [out[0], out[1]];
  };
  for (const [x, y] of [
    [anatomy.chamber.xMm + 40, anatomy.chamber.yMm],
    [anatomy.chamber.xMm - 26, anatomy.chamber.yMm + 20],
    [anatomy.cyst.xMm, anatomy.cyst.yMm],
  ]) {
    const [xx, yx] = map(x + h, y).map((v, i) => (v - map(x - h, y)[i]) / (2 * h));
    const [xy, yy] = map(x, y + h).map((v, i) => (v - map(x, y - h)[i]) / (2 * h));
    t.ok(Math.abs(xx * yy - xy * yx - 1) < 1e-4, `determinant ${xx * yy - xy * yx}`);
  }
});

test('contraction starts and ends at rest and peaks at end systole', async (t) => {
  t.equal(contractionAt(0), 0);
  t.equal(contractionAt(0.38), 1);
  t.ok(Math.abs(contractionAt(0.19) - 0.5) < 1e-12);
  t.equal(contractionAt(0.9), 0);
});

test('options out of range and unknown ones are refused by name', async (t) => {
  t.throws(() => new Phantom({ widthPx: 10 }), {
    name: 'RangeError',
    message: 'expected an integer from 64 to 2048 for `widthPx` but received 10 (number)',
  });
  t.throws(() => new Phantom({ seed: -1 }), { name: 'RangeError' });
  t.throws(() => new Phantom({ frameRateHz: Number.NaN }), { name: 'RangeError' });
  t.throws(() => new Phantom({ sed: 1 } as never), {
    name: 'TypeError',
    message: /did you mean `seed`/,
  });
  t.throws(() => new Phantom(SMALL).frame(-1), { name: 'RangeError' });
});
