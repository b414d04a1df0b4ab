/** The device's dashboard in a real browser, on a session whose frames the test feeds. */
import { createSecretKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { test } from 'tap';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { launchBrowser, noBrowser } from '../../support/browser.js';
import { lowContrast } from '../../support/contrast.js';
import { serveFake } from '../../support/live-server.js';

const pageDir = join(packageRoot(), 'dist', 'web');
const noPage = existsSync(join(pageDir, 'dashboard.html'))
  ? false
  : 'the page has not been built: npm run build:web';
const secret = createSecretKey(Buffer.alloc(32, 7));
const auth = { key: secret, algorithms: ['HS256'] };

test(
  'latency, drops, quality, interventions, heat, versions and events, as they come',
  { skip: noBrowser || noPage, timeout: 120_000 },
  async (t) => {
    let temperatureC = 61;
    const { server, session, next } = await serveFake(t, {
      pageDir,
      auth,
      health: () => ({ memoryMb: 321, temperatureC, thermalStep: temperatureC > 80 ? 1 : 0 }),
    });
    const feeding = setInterval(next, 50);
    t.teardown(() => clearInterval(feeding));
    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 1180 } });
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));

    await page.goto(`${server.url}/dashboard`);
    await page.getByText('a token is needed').waitFor();
    const token = await new SignJWT({ role: 'view' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('5m')
      .sign(secret);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Open' }).click();
    const fact = (name: string) =>
      page.locator('dl > div', { has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) });
    await fact('memory').getByText('321 MB').waitFor();
    t.match(await fact('temperature').textContent(), /61 °C/);
    t.match(await fact('provider').textContent(), /fake|cpu/i);
    for (const name of ['profile', 'models', 'SonoSAMLite', 'DeAOT', 'sonotrack']) {
      t.match(await fact(name).locator('dd').textContent(), /[a-z0-9]/i, name);
    }

    const frameId = session.status.cine?.lastId ?? 0;
    await session.click({ frameId, x: 16, y: 12, label: 1, objectId: null });
    const events = page.locator('.events');
    await events.getByText('object 1 is followed').waitFor();
    await fact('quality')
      .getByText(/^[01]\.\d\d$/)
      .waitFor();
    await fact('interventions').getByText('1', { exact: true }).waitFor();
    temperatureC = 85;
    await events.getByText('thermal step 0 → 1').waitFor();
    await fact('thermal step').getByText('1', { exact: true }).waitFor();
    await session.freeze();
    await events.getByText('live → frozen').waitFor();

    const latency = page.getByRole('img', { name: /^Latency by stage, p95/ });
    const drawn = (): Promise<string> =>
      latency
        .locator('canvas')
        .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
    const before = await drawn();
    t.equal(await page.locator('figure canvas').count(), 7);
    await page.getByRole('button', { name: 'max' }).click();
    await page.getByRole('img', { name: /^Latency by stage, max/ }).waitFor();
    const picture = process.env.SONOTRACK_TEST_PICTURES;
    if (picture) await page.screenshot({ path: join(picture, 'dashboard.png') });
    t.not(before.length, 0);
    t.same(await lowContrast(page), [], 'texts have the contrast of WCAG AA');

    // From here to the live view and back, with the token that was given.
    await page.getByRole('link', { name: 'Live view' }).click();
    await page.locator('.layout[data-connected="true"]').waitFor();
    await page.getByRole('link', { name: 'Device' }).click();
    await fact('memory').getByText('321 MB').waitFor();
    t.equal(new URL(page.url()).pathname, '/dashboard');
    t.same(problems, []);
  },
);
