/** What was measured of one structure over a cine, on one page: its area over time, its peaks, and pictures of them. */
import { fractionalAreaChange, measureShape } from '../../sdk/measure/index.js';
import type { Frame, Mask, TrackedObject } from '../../sdk/types.js';
import { htmlPage, htmlPicture, htmlPlot, htmlTable } from './html.js';
import { encodeOverlayPng } from './overlay.js';

interface Extreme {
  frame: number;
  mask: Mask;
  /** Drawn when it became the extreme: frames are not kept. */
  png: Uint8Array;
  rows: string[][];
}

/** Takes frame after frame; keeps areas, and the pictures of the first, the largest and the smallest. */
export class CineReport {
  readonly #points: { timeS: number; areaPx: number; areaMm2: number | null; quality: number }[] =
    [];
  #largest: Extreme | null = null;
  #smallest: Extreme | null = null;
  #first: Uint8Array | null = null;
  #startNs: bigint | null = null;

  /** @param object the structure on this frame; absent where it was not found */
  async add(frame: Frame, object: TrackedObject | undefined): Promise<void> {
    const captureNs = frame.captureNs ?? 0n;
    this.#startNs ??= captureNs;
    const index = this.#points.length;
    const mask = object?.mask;
    this.#points.push({
      timeS: Number(captureNs - this.#startNs) / 1e9,
      areaPx: mask?.areaPx ?? 0,
      areaMm2: mask?.areaMm2 ?? null,
      quality: object?.quality ?? 0,
    });
    const objects = object ? [object] : [];
    this.#first ??= await encodeOverlayPng(frame, objects);
    if (!mask || mask.areaPx === 0) return;
    const larger = mask.areaPx > (this.#largest?.mask.areaPx ?? 0);
    const smaller = mask.areaPx < (this.#smallest?.mask.areaPx ?? Infinity);
    if (!larger && !smaller) return;
    const png = await encodeOverlayPng(frame, objects);
    const extreme: Extreme = { frame: index, mask, png, rows: shapeRows(mask, frame) };
    if (larger) this.#largest = extreme;
    if (smaller) this.#smallest = extreme;
  }

  /** The page. */
  html(title: string): string {
    const calibrated = this.#points.some(({ areaMm2 }) => areaMm2 !== null);
    const areas = this.#points.map(
      ({ areaPx, areaMm2 }) => (calibrated ? areaMm2 : areaPx) || null,
    );
    const unit = calibrated ? 'mm²' : 'px';
    const change = fractionalAreaChange(areas);
    const line = (value: (i: number) => number) => [
      { name: title, points: this.#points.map(({ timeS }, i) => ({ x: timeS, y: value(i) })) },
    ];
    const parts = [
      `<p>${this.#points.length} frames. ${calibrated ? '' : 'Uncalibrated: areas in pixels.'}</p>`,
      htmlPlot(
        line((i) => areas[i] ?? 0),
        { title: 'Area over time', x: 's', y: unit },
      ),
      htmlPlot(
        line((i) => this.#points[i].quality),
        {
          title: "The tracker's own estimate of its quality",
          x: 's',
          y: 'DSC',
          range: [0, 1],
        },
      ),
    ];
    if (change) {
      const beat = (name: string, from: number, to: number, fraction: number): string[] => [
        name,
        String(from),
        String(to),
        `${(100 * fraction).toFixed(1)} %`,
      ];
      parts.push(
        htmlTable([
          ['fractional area change', 'largest at frame', 'smallest at frame', 'change'],
          beat('whole cine', change.largest.frame, change.smallest.frame, change.fraction),
          ...change.beats.map(({ diastole, systole, fraction }, i) =>
            beat(`beat ${i + 1}`, diastole.frame, systole.frame, fraction),
          ),
        ]),
      );
    }
    if (this.#first) parts.push(htmlPicture(this.#first, 'frame 0'));
    for (const [name, extreme] of [
      ['largest', this.#largest],
      ['smallest', this.#smallest],
    ] as const) {
      if (!extreme) continue;
      parts.push(htmlPicture(extreme.png, `${name}, frame ${extreme.frame}`));
      parts.push(htmlTable([[name, 'px', 'mm'], ...extreme.rows]));
    }
    return htmlPage(title, parts);
  }
}

function shapeRows(mask: Mask, frame: Frame): string[][] {
  const { px, mm } = measureShape(mask, frame.spacingMm ?? null);
  const row = (name: string, pick: (shape: typeof px) => number | undefined): string[] => [
    name,
    (pick(px) ?? 0).toFixed(1),
    mm ? (pick(mm) ?? 0).toFixed(2) : '–',
  ];
  return [
    row('area', ({ area }) => area),
    row('perimeter', ({ perimeter }) => perimeter),
    row('ellipse, major axis', ({ ellipse }) => ellipse?.majorAxis),
    row('ellipse, minor axis', ({ ellipse }) => ellipse?.minorAxis),
    row('ellipse, circumference', ({ ellipse }) => ellipse?.circumference),
    row('largest diameter (Feret)', ({ maxFeret }) => maxFeret),
    row('smallest diameter (Feret)', ({ minFeret }) => minFeret),
  ];
}
