import { existsSync } from 'node:fs';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

const path = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (candidate) => existsSync(candidate),
);

/** Why tests in a browser cannot run here; false when they can. */
export const noBrowser: string | false = path ? false : 'there is no Chromium in /usr/bin';

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--mute-audio',
    ],
  });
}

const PRESSES = 4;
const PRESS_WAIT_MS = 15_000;

/** Presses a key, and again where nothing comes of it: on a busy machine a command may be refused, and a user tries again. */
export async function pressUntil(page: Page, key: string, shown: Locator): Promise<void> {
  for (let press = 1; press < PRESSES; press += 1) {
    await page.keyboard.press(key);
    const isShown = await shown.waitFor({ timeout: PRESS_WAIT_MS }).then(
      () => true,
      () => false,
    );
    if (isShown) return;
    const message = await page.locator('.message').textContent();
    process.stderr.write(`nothing came of ${key}; the page says: ${message ?? ''}\n`);
  }
  await page.keyboard.press(key);
  await shown.waitFor();
}
