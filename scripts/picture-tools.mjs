/** What the scripts share that make pictures. */
import { existsSync, renameSync } from 'node:fs';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

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

/** Behind pictures that do not fill their place. */
export const BACKGROUND = '#101418';

/** Writes tiles of one size (PNG) row by row as one picture: beside the file first, then renamed. */
export async function writeSheet(out, tiles, { width, height, columns }) {
  const sheet = {
    width: columns * width,
    height: Math.ceil(tiles.length / columns) * height,
    channels: 3,
    background: BACKGROUND,
  };
  const placed = tiles.map((input, i) => ({
    input,
    left: (i % columns) * width,
    top: Math.floor(i / columns) * height,
  }));
  const partial = `${out}.partial.png`;
  await sharp({ create: sheet })
    .composite(placed)
    .png({ palette: true, quality: 80 })
    .toFile(partial);
  renameSync(partial, out);
}
