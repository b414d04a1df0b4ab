import { join } from 'node:path';
import { test } from 'tap';
import { HealthMonitor } from '../../../src/telemetry/health.js';

const LADDER = [{ aboveC: 70 }, { aboveC: 80 }];

test('the hottest zone counts, and tells the step of the ladder', async (t) => {
  const zones = t.testdir({
    thermal_zone0: { temp: '41000\n' },
    thermal_zone1: { temp: '71500\n' },
    thermal_zone2: { temp: '\n' },
    cooling_device0: { temp: '99000\n' },
  });
  const monitor = new HealthMonitor(LADDER, zones);
  await monitor.refresh();
  const { temperatureC, thermalStep, memoryMb } = monitor.read();
  t.equal(temperatureC, 71.5);
  t.equal(thermalStep, 1);
  t.ok(memoryMb > 10 && memoryMb < 10_000);
});

test('a system without thermal zones has no temperature, and no step', async (t) => {
  const monitor = new HealthMonitor(LADDER, join(t.testdir(), 'none'));
  await monitor.refresh();
  t.match(monitor.read(), { temperatureC: null, thermalStep: 0 });
});
