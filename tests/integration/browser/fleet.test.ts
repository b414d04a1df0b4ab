/** The fleet page in a real browser, on simulated devices through the embedded broker. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { Alerts } from '../../../src/fleet/alerts.js';
import { FleetHost } from '../../../src/fleet/host.js';
import { History } from '../../../src/fleet/history.js';
import { openSqlite } from '../../../src/fleet/history-sqlite.js';
import { startFleetServer } from '../../../src/fleet/server.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { startBroker } from '../../../src/telemetry/embedded-broker.js';
import { Simulator } from '../../../src/telemetry/simulator.js';
import { launchBrowser, noBrowser } from '../../support/browser.js';

const pageDir = join(packageRoot(), 'dist', 'web');
const noPage = existsSync(join(pageDir, 'fleet.html'))
  ? false
  : 'the page has not been built: npm run build:web';

test(
  'the table sorts and filters, and a device has a page of its own',
  { skip: noBrowser || noPage, timeout: 120_000 },
  async (t) => {
    const broker = await startBroker(0);
    t.teardown(() => broker.close());
    const history = new History(openSqlite(join(t.testdir(), 'fleet.db')), 1);
    const fleet = new FleetHost({ broker: { url: broker.url }, history });
    t.teardown(() => fleet.close());
    const alerts = new Alerts({ models: 'lite 0.1.0' });
    const server = await startFleetServer({
      host: '127.0.0.1',
      port: 0,
      fleet,
      alerts,
      history,
      pageDir,
    });
    t.teardown(() => server.close());
    const simulator = new Simulator({
      broker: { url: broker.url },
      devices: 5,
      rateHz: 5,
      prefix: 'bay-',
      group: 'sonotrack',
      faults: [{ fault: 'model', share: 0.2 }],
    });
    t.teardown(() => simulator.close());
    await simulator.start();

    const browser = await launchBrowser();
    t.teardown(() => browser.close());
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(server.url);
    const rows = page.locator('tbody tr');
    await rows.nth(4).waitFor();
    await page.locator('.alerts').getByText('runs lite 0.0.1, expected lite 0.1.0').waitFor();

    await page.getByRole('button', { name: 'device' }).click();
    await page.locator('th[aria-sort="descending"]').waitFor();
    t.equal(await rows.first().getByRole('link').textContent(), 'sonotrack/bay-5');
    await page.getByRole('searchbox').fill('0.0.1');
    await page.getByText('1 devices').waitFor();
    t.equal(await rows.count(), 1);
    await rows.first().getByRole('link').click();
    await page.getByRole('heading', { name: /sonotrack\/bay-5/ }).waitFor();
    await page.locator('.stages').getByText('inference').waitFor();
    t.equal(await page.locator('figure canvas').count(), 4);
    t.same(problems, []);
  },
);
