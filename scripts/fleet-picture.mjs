/**
 * Makes docs/images/fleet.png and docs/images/fleet-device.png: the fleet page in headless Chromium on simulated devices.
 * Run it after `npm run build`: node scripts/fleet-picture.mjs [FOLDER]. Needs Chromium and no broker: it brings one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startBroker } from '../dist/telemetry/embedded-broker.js';
import { launchBrowser } from './picture-tools.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = process.argv[2] ?? join(root, 'docs', 'images');
const SIZE = { width: 1280, height: 800 };
const MEASURE_MS = 70_000;

const dir = mkdtempSync(join(tmpdir(), 'sonotrack-picture-'));
const broker = await startBroker(0);
const cli = (...args) =>
  spawn(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
const fleet = cli(
  'fleet',
  '--quiet',
  '--mqtt',
  broker.url,
  '--port',
  '0',
  '--history',
  join(dir, 'fleet.db'),
);
const [ready] = await once(createInterface({ input: fleet.stdout }), 'line');
const faults = ['slow:0.05', 'model:0.04', 'hot:0.04'].flatMap((fault) => ['--fault', fault]);
const simulator = cli(
  'simulate',
  '--mqtt',
  broker.url,
  '--devices',
  '50',
  '--prefix',
  'bay-',
  ...faults,
);
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: SIZE });
  // Long enough for a minute of history.
  await page.waitForTimeout(MEASURE_MS);
  await page.goto(ready.split(' ')[1]);
  await page.locator('tbody tr').nth(20).waitFor();
  await page.getByRole('button', { name: /p95/ }).click();
  await page.screenshot({ path: join(target, 'fleet.png') });
  await page.locator('tbody tr').first().getByRole('link').click();
  await page.locator('.stages tbody tr').first().waitFor();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(target, 'fleet-device.png') });
  console.log(`written to ${target}`);
} finally {
  await browser.close();
  simulator.kill();
  await once(simulator, 'exit');
  fleet.kill();
  await once(fleet, 'exit');
  await broker.close();
  rmSync(dir, { recursive: true, force: true });
}
