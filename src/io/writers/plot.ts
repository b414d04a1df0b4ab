/** Plots as SVG that stands alone: lines or bars over one pair of axes, with a legend at the right. */
import { escapeMarkup } from './markup.js';

export interface PlotSeries {
  name: string;
  points: readonly { x: number; y: number }[];
  /** Places on the line that are marked by a ring. Default: none. */
  marks?: readonly { x: number; y: number }[];
}

export interface PlotForm {
  title: string;
  x: string;
  y: string;
  /** Ends of the y axis. Default: those of the values. */
  range?: readonly [number, number];
  /** Lines through the points, bars from the bottom. Default: lines. */
  kind?: 'lines' | 'bars';
  /** What stands under the places 1, 2, … of the x axis in place of their numbers. */
  places?: readonly string[];
  /** A dashed line at this height. */
  threshold?: number;
}

const [PLOT_WIDTH, HEIGHT, LEGEND_WIDTH] = [560, 300, 170];
const EDGE = { left: 56, right: 16, top: 16, bottom: 44 };
/** More room for names of places, which stand slanted. */
const PLACES_HEIGHT = 90;
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];
/** After the last colour they begin again, dashed. */
const DASHES = ['', '6 3', '2 3'];
const TICKS = 5;
const STYLE =
  'text{font:12px system-ui,sans-serif;fill:#57606a}.grid{stroke:#e4e8ec}.threshold{stroke:#8c959f;stroke-dasharray:4 4}';

/** Document of its own, also to be put into a page. */
export function plotSvg(series: readonly PlotSeries[], form: PlotForm): string {
  const { kind = 'lines', places } = form;
  const all = series.flatMap(({ points }) => points).filter(({ y }) => Number.isFinite(y));
  const xs = all.map(({ x }) => x);
  const ys = all.map(({ y }) => y);
  const half = kind === 'bars' ? 0.5 : 0;
  const [left, right] = [Math.min(...xs) - half, Math.max(...xs) + half];
  const [low, high] = form.range ?? [Math.min(0, ...ys), Math.max(...ys)];
  const height = HEIGHT + (places ? PLACES_HEIGHT : 0);
  const floor = HEIGHT - EDGE.bottom;
  const width = PLOT_WIDTH + (series.length > 1 ? LEGEND_WIDTH : 0);
  const px = (x: number): number => between(x, [left, right], [EDGE.left, PLOT_WIDTH - EDGE.right]);
  const py = (y: number): number => between(y, [low, high], [floor, EDGE.top]);

  const drawn = series.map(({ points, marks = [] }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const known = points.filter(({ y }) => Number.isFinite(y));
    if (kind === 'bars') {
      const wide = Math.max(1, (0.8 * (px(left + 1) - px(left))) / series.length);
      return known.map(({ x, y }) => {
        const start = px(x) - (wide * series.length) / 2 + wide * index;
        const top = py(y);
        return `<rect x="${start.toFixed(1)}" y="${top.toFixed(1)}" width="${wide.toFixed(1)}" height="${(floor - top).toFixed(1)}" fill="${colour}"/>`;
      });
    }
    const path = known.map(({ x, y }) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' ');
    const rings = marks.map(
      ({ x, y }) =>
        `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="4" fill="#fff" stroke="${colour}" stroke-width="2"/>`,
    );
    return [`<polyline points="${path}" fill="none" ${strokeOf(index)}/>`, ...rings];
  });
  const heights = Array.from({ length: TICKS }, (_, i) => low + ((high - low) * i) / (TICKS - 1));
  const rows = heights.map((y) => {
    const at = py(y).toFixed(1);
    return (
      `<line class="grid" x1="${EDGE.left}" x2="${PLOT_WIDTH - EDGE.right}" y1="${at}" y2="${at}"/>` +
      `<text x="${EDGE.left - 6}" y="${(py(y) + 4).toFixed(1)}" text-anchor="end">${numeral(y)}</text>`
    );
  });
  const columns = ticksOf(left, right, new Set(kind === 'bars' ? xs : []), places).map(
    ({ x, text }) => {
      const [at, y] = [px(x).toFixed(1), floor + 18];
      const slant = places ? ` text-anchor="end" transform="rotate(-35 ${at} ${y})"` : '';
      return `<text x="${at}" y="${y}"${slant || ' text-anchor="middle"'}>${escapeMarkup(text)}</text>`;
    },
  );
  const threshold =
    form.threshold === undefined
      ? ''
      : `<line class="threshold" x1="${EDGE.left}" x2="${PLOT_WIDTH - EDGE.right}" y1="${py(form.threshold).toFixed(1)}" y2="${py(form.threshold).toFixed(1)}"/>`;
  const legend = series.length > 1 ? series.map(({ name }, i) => legendLine(name, i, kind)) : [];
  const title = escapeMarkup(form.title);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">`,
    `<style>${STYLE}</style><rect width="${width}" height="${height}" fill="#fff"/>`,
    ...rows,
    ...columns,
    threshold,
    ...drawn.flat(),
    ...legend,
    `<text x="${(EDGE.left + PLOT_WIDTH - EDGE.right) / 2}" y="${height - 6}" text-anchor="middle">${escapeMarkup(form.x)}</text>`,
    `<text transform="translate(14 ${(EDGE.top + floor) / 2}) rotate(-90)" text-anchor="middle">${escapeMarkup(form.y)}</text>`,
    '</svg>',
  ].join('');
}

type Span = readonly [from: number, to: number];

const between = (value: number, [from, to]: Span, [start, end]: Span): number =>
  start + ((value - from) / (to - from || 1)) * (end - start);

/** Where the x axis is labelled: at every bar or named place, else at few round places. */
function ticksOf(
  left: number,
  right: number,
  bars: ReadonlySet<number>,
  places?: readonly string[],
): { x: number; text: string }[] {
  if (places) return places.map((text, i) => ({ x: i + 1, text }));
  if (bars.size > 0) return [...bars].map((x) => ({ x, text: numeral(x) }));
  if (Number.isInteger(left) && Number.isInteger(right) && right > left) {
    const step = Math.ceil((right - left) / 10);
    const count = Math.floor((right - left) / step) + 1;
    return Array.from({ length: count }, (_, i) => left + i * step).map((x) => ({
      x,
      text: numeral(x),
    }));
  }
  return Array.from({ length: TICKS }, (_, i) => left + ((right - left) * i) / (TICKS - 1)).map(
    (x) => ({ x, text: numeral(x) }),
  );
}

function strokeOf(index: number): string {
  const dash = DASHES[Math.floor(index / COLOURS.length) % DASHES.length];
  return `stroke="${COLOURS[index % COLOURS.length]}" stroke-width="2"${dash && ` stroke-dasharray="${dash}"`}`;
}

function legendLine(name: string, index: number, kind: 'lines' | 'bars'): string {
  const y = EDGE.top + 8 + 18 * index;
  const x = PLOT_WIDTH + 4;
  const colour = COLOURS[index % COLOURS.length];
  const swatch =
    kind === 'bars'
      ? `<rect x="${x}" y="${y - 5}" width="18" height="10" fill="${colour}"/>`
      : `<line x1="${x}" x2="${x + 18}" y1="${y}" y2="${y}" ${strokeOf(index)}/>`;
  return `${swatch}<text x="${x + 24}" y="${y + 4}">${escapeMarkup(name)}</text>`;
}

/** At most four digits. */
const numeral = (value: number): string => String(Number(value.toPrecision(4)));
