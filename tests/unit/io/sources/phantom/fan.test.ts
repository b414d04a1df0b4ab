import { test } from 'tap';
import { Fan } from '../../../../../src/io/sources/phantom/fan.js';

test('millimetres and pixels are inverse to each other', async (t) => {
  const fan = new Fan(384, 288);
  for (const [x, y] of [
    [0, 0],
    [17.25, 200.5],
    [384, 288],
  ]) {
    t.ok(Math.abs(fan.xPx(fan.xMm(x)) - x) < 1e-9);
    t.ok(Math.abs(fan.yPx(fan.yMm(y)) - y) < 1e-9);
  }
});

test('the whole sector fits into the picture, whatever its shape', async (t) => {
  for (const [width, height] of [
    [480, 360],
    [200, 400],
    [400, 100],
  ]) {
    const fan = new Fan(width, height);
    const reach = fan.rangeMm * Math.sin(fan.halfAngle);
    t.ok(fan.xPx(-reach) >= 0 && fan.xPx(reach) <= width, `${width} × ${height} across`);
    t.ok(fan.yPx(fan.rangeMm) <= height, `${width} × ${height} down`);
  }
});

test('scan conversion of a constant is that constant inside the sector and black outside', async (t) => {
  const fan = new Fan(120, 90);
  const picture = fan.scanConvert(new Uint8Array(fan.ranges * fan.beams).fill(200));
  for (let y = 0; y < 90; y += 1) {
    for (let x = 0; x < 120; x += 1) {
      const expected = fan.contains(fan.xMm(x + 0.5), fan.yMm(y + 0.5)) ? 200 : 0;
      if (picture[y * 120 + x] !== expected) t.fail(`${picture[y * 120 + x]} at ${x}, ${y}`);
    }
  }
});

test('a bright ring of echoes lands at its range', async (t) => {
  const fan = new Fan(480, 360);
  const samples = new Uint8Array(fan.ranges * fan.beams);
  const r = 160;
  samples.fill(255, r * fan.beams, (r + 1) * fan.beams);
  const picture = fan.scanConvert(samples);
  const column = 240;
  let brightest = 0;
  for (let y = 0; y < 360; y += 1) {
    if (picture[y * 480 + column] > picture[brightest * 480 + column]) brightest = y;
  }
  const expected = fan.yPx(fan.probeRadiusMm + r * fan.stepMm);
  t.ok(Math.abs(brightest + 0.5 - expected) <= 1, `${brightest} beside ${expected}`);
});
