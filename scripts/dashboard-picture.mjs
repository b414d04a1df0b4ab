/**
 * Makes docs/images/dashboard.png: the device's dashboard in headless Chromium, on the phantom with two structures followed,
 * one correction and one freeze. Run it after `npm run build`: node scripts/dashboard-picture.mjs [FOLDER]. Needs Chromium.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Phantom, PHANTOM_LABELS } from 'sonotrack';
import { centreOf, launchBrowser } from './picture-tools.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = process.argv[2] ?? join(root, 'docs', 'images');
const SIZE = { width: 1280, height: 1080 };
const [SEED, ATTEMPTS, SPAN_MS] = [2, 10, 60_000];

const phantom = new Phantom({ seed: SEED });

const serve = spawn(
  process.execPath,
  [
    join(root, 'dist', 'cli', 'main.js'),
    ...['serve', '--port', '0', '--budget', '60000', '--source', `phantom:?seed=${SEED}`],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [ready] = await once(createInterface({ input: serve.stdout }), 'line');
const url = ready.split(' ')[1];

async function post(path, body = {}) {
  const response = await fetch(`${url}/api/session${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { ok: response.ok, ...(await response.json()) };
}

/** On a busy machine a prompt may come too late for its frame, and is made again. */
async function prompt(label, objectId) {
  const point = { ...centreOf(phantom, label), label: 1 };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const latest = await fetch(`${url}/api/session/result`);
    if (!latest.ok) continue;
    const { frameId } = await latest.json();
    const outcome = await post('/prompts', { frameId, point, objectId });
    if (outcome.ok) return outcome.objectId;
  }
  throw new Error(`expected a mask after ${ATTEMPTS} prompts`);
}

const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: SIZE });
  page.setDefaultTimeout(120_000);
  await page.goto(`${url}/dashboard`);
  await page.getByText('live', { exact: true }).first().waitFor();
  await page.waitForTimeout(SPAN_MS / 6);
  await page.getByRole('button', { name: '1', exact: true }).click();
  const chamber = await prompt(PHANTOM_LABELS.chamber, null);
  await page.waitForTimeout(SPAN_MS / 3);
  await prompt(PHANTOM_LABELS.cyst, null);
  await page.waitForTimeout(SPAN_MS / 4);
  await prompt(PHANTOM_LABELS.chamber, chamber);
  await post('/freeze');
  await page.waitForTimeout(3000);
  await post('/live');
  await page.waitForTimeout(SPAN_MS / 6);
  await page.screenshot({ path: join(target, 'dashboard.png') });
  console.log(`written to ${join(target, 'dashboard.png')}`);
} finally {
  await browser.close();
  serve.kill('SIGTERM');
}
