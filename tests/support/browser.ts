import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

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
