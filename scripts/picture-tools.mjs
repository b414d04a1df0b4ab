/** What the scripts share that drive the pages in a browser. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Headless. @throws Error without Chromium or Chrome */
export function launchBrowser() {
  const executablePath = PATHS.find((path) => existsSync(path));
  if (!executablePath) throw new Error('expected Chromium or Chrome in /usr/bin');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--mute-audio'],
  });
}

/** The middle of a structure on one of the phantom's frames, px. */
export function centreOf(phantom, label, index = 0) {
  let [x, y, count] = [0, 0, 0];
  phantom.truth(index).forEach((value, i) => {
    if (value !== label) return;
    x += (i % phantom.widthPx) + 0.5;
    y += Math.floor(i / phantom.widthPx) + 0.5;
    count += 1;
  });
  return { x: x / count, y: y / count };
}
