/** The page's own arithmetic: what it decodes and draws. */
import { test } from 'tap';
import { loadWebModule } from '../../support/web.js';

interface Outline {
  trace(bitmap: Uint8Array, width: number, height: number): number[][];
}
interface Sample {
  timeS: number;
  area: number;
}
interface History {
  AreaHistory: new () => { add(frame: object): void; of(id: number): Sample[] };
  beatOf(samples: Sample[]): {
    max: number;
    min: number;
    change: number;
    cycles: number;
    perMinute: number;
  } | null;
}
interface Format {
  formatArea(area: number, isCalibrated: boolean): string;
  quantile(values: number[], q: number): number | null;
}

test('outlines run along the edges between pixels, holes apart', async (t) => {
  const { trace } = await loadWebModule<Outline>('outline.ts');
  t.same(trace(Uint8Array.of(0, 0, 0, 0), 2, 2), []);
  const [pixel, ...none] = trace(Uint8Array.of(1), 1, 1);
  t.equal(none.length, 0);
  t.same(pixel, [1, 0, 1, 1, 0, 1, 0, 0]);
  // A ring of 3 × 3 around an empty pixel.
  const ring = trace(Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1), 3, 3);
  t.same(
    ring.map((polygon) => Math.abs(area(polygon))),
    [9, 1],
  );
  t.ok(area(ring[0]) * area(ring[1]) < 0, 'the hole runs the other way');
});

test('the enclosed area of random bitmaps is their number of pixels', async (t) => {
  const { trace } = await loadWebModule<Outline>('outline.ts');
  let state = 7;
  for (let round = 0; round < 50; round += 1) {
    const bitmap = Uint8Array.from({ length: 30 }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 20) & 1;
    });
    const enclosed = trace(bitmap, 6, 5).reduce((sum, polygon) => sum + area(polygon), 0);
    t.equal(
      enclosed,
      bitmap.reduce((a, b) => a + b, 0),
    );
  }
});

test('the curve of areas keeps eight seconds and forgets objects that are gone', async (t) => {
  const { AreaHistory } = await loadWebModule<History>('history.ts');
  const history = new AreaHistory();
  const frame = (timeS: number, areaPx: number, revised = false): object => ({
    captureNs: BigInt(timeS * 1e9),
    revised,
    objects: [{ id: 1, areaPx, areaMm2: null }],
  });
  history.add(frame(1, 10));
  history.add(frame(3, 20));
  history.add(frame(3, 30, true));
  history.add(frame(2, 99, true));
  t.same(history.of(1), [
    { timeS: 1, area: 10 },
    { timeS: 3, area: 30 },
  ]);
  history.add(frame(10, 5));
  t.same(
    history.of(1).map(({ timeS }) => timeS),
    [3, 10],
  );
  history.add({ captureNs: 11_000_000_000n, revised: false, objects: [] });
  t.same(history.of(1), []);
});

test('a beat is told with its extremes and its rate; drift and noise are none', async (t) => {
  const { beatOf } = await loadWebModule<History>('history.ts');
  const series = (area: (timeS: number) => number): Sample[] =>
    Array.from({ length: 160 }, (_, i) => ({ timeS: i / 20, area: area(i / 20) }));
  // 1.25 beats a second between 100 and 60.
  const beat = beatOf(series((s) => 80 + 20 * Math.cos(2 * Math.PI * 1.25 * s)));
  if (!beat) throw new Error('no beat was found');
  t.ok(Math.abs(beat.max - 100) < 1 && Math.abs(beat.min - 60) < 1, JSON.stringify(beat));
  t.ok(Math.abs(beat.change - 0.4) < 0.01);
  t.ok(Math.abs(beat.perMinute - 75) < 1);
  t.ok(beat.cycles >= 8, `${beat.cycles} cycles`);
  t.equal(beatOf(series((s) => 100 - 4 * s)), null);
  t.equal(beatOf(series((s) => 100 + 2 * Math.sin(40 * s))), null);
  const sparse = Array.from({ length: 24 }, (_, i) => ({
    timeS: i / 3,
    area: 80 + 20 * Math.cos(2 * Math.PI * 1.25 * (i / 3)),
  }));
  t.equal(beatOf(sparse), null, 'too few areas in a cycle to tell its extremes');
  t.equal(beatOf([]), null);
});

test('areas and quantiles are written as they are read', async (t) => {
  const { formatArea, quantile } = await loadWebModule<Format>('format.ts');
  t.equal(formatArea(12.34, true), '12.3 mm²');
  t.equal(formatArea(123.4, true), '123 mm²');
  t.equal(formatArea(1834, true), '18.3 cm²');
  t.equal(formatArea(1834.2, false), '1,834 px');
  t.equal(quantile([3, 1, 2], 0.5), 2);
  t.equal(quantile([], 0.5), null);
});

/** Signed area of a closed polygon x0, y0, x1, y1, …; clockwise on the screen is positive. */
function area(polygon: number[]): number {
  let twice = 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const [x0, y0] = [polygon[i], polygon[i + 1]];
    const [x1, y1] = [polygon[(i + 2) % polygon.length], polygon[(i + 3) % polygon.length]];
    twice += x0 * y1 - x1 * y0;
  }
  return twice / 2;
}
