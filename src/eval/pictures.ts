/** Frames with the outline of the truth and of an answer, as in the paper's figures 8 to 10. */
import sharp from 'sharp';
import { objectColour } from '../io/palette.js';
import type { Frame, Mask, Point } from '../sdk/types.js';

/** Outline of the truth; an answer has the colour of its object. */
export const TRUTH_COLOUR = '#ff4dff';
const [CLICKED_IN, CLICKED_OUT] = ['#3fb950', '#f85149'];

/** Width of a picture in a report, px. */
const WIDTH = 256;

/** A picture for a report. */
export interface Picture {
  png: Uint8Array;
  caption: string;
}

/** Pictures that belong together, side by side. */
export interface Strip {
  title: string;
  pictures: Picture[];
}

export interface Outlined {
  id: number;
  truth?: Mask;
  answer?: Mask;
}

/** PNG of the frame at a report's width, with outlines and clicks on it. Masks have the frame's size. */
export async function outlinePng(
  frame: Frame,
  objects: readonly Outlined[],
  clicks: readonly Point[] = [],
): Promise<Uint8Array> {
  const { data, widthPx, heightPx, channels } = frame;
  const scale = WIDTH / widthPx;
  const [width, height] = [WIDTH, Math.round(heightPx * scale)];
  const marks = [
    ...objects.flatMap(({ truth }) => outlines(truth, TRUTH_COLOUR, 1.4)),
    ...objects.flatMap(({ id, answer }) =>
      outlines(answer, `rgb(${objectColour(id).join(',')})`, 1.4),
    ),
    ...clicks.map(
      ({ x, y, label }) =>
        `<circle cx="${x}" cy="${y}" r="${3.5 / scale}" fill="${label ? CLICKED_IN : CLICKED_OUT}" stroke="#fff" stroke-width="${1 / scale}"/>`,
    ),
  ];
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${widthPx} ${heightPx}">` +
    `${marks.join('')}</svg>`;
  return sharp(data, { raw: { width: widthPx, height: heightPx, channels } })
    .toColourspace('srgb')
    .resize(width, height, { fit: 'fill' })
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .png({ compressionLevel: 9, palette: true })
    .toBuffer();

  function outlines(mask: Mask | undefined, colour: string, wide: number): string[] {
    return (mask?.contours() ?? []).map((contour) => {
      const path = Array.from({ length: contour.length / 2 }, (_, i) =>
        [contour[2 * i], contour[2 * i + 1]].map((v) => v.toFixed(1)).join(','),
      ).join(' ');
      return `<polygon points="${path}" fill="none" stroke="${colour}" stroke-width="${(wide / scale).toFixed(2)}"/>`;
    });
  }
}
