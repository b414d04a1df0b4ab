/** Pages that need nothing but themselves: text, tables, pictures and plots in one HTML file. */

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c]);

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .7rem;border-bottom:1px solid #d8dde3;text-align:right}
td:first-child,th:first-child{text-align:left}figure{display:inline-block;margin:.5rem 1rem .5rem 0}
figcaption{font-size:13px;color:#57606a}svg{max-width:100%;height:auto}img{max-width:100%;image-rendering:auto}
svg text{font:12px system-ui,sans-serif;fill:#57606a}`;

/** `parts` are HTML already; the title is text. */
export function htmlPage(title: string, parts: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeHtml(title)}</h1>`,
    ...parts,
    '</body></html>',
    '',
  ].join('\n');
}

/** A table of text; the first row is its head. */
export function htmlTable([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${line(head, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table>`;
}

/** A PNG within the page. */
export function htmlPicture(png: Uint8Array, caption: string): string {
  const data = Buffer.from(png).toString('base64');
  const text = escapeHtml(caption);
  return `<figure><img alt="${text}" src="data:image/png;base64,${data}"><figcaption>${text}</figcaption></figure>`;
}

export interface PlotSeries {
  name: string;
  points: readonly { x: number; y: number }[];
}

export interface PlotForm {
  title: string;
  x: string;
  y: string;
  /** Ends of the y axis. Default: those of the values. */
  range?: readonly [number, number];
  /** Lines through the points, bars from the bottom. Default: lines. */
  kind?: 'lines' | 'bars';
}

const [WIDTH, HEIGHT] = [560, 300];
const EDGE = { left: 56, right: 16, top: 16, bottom: 44 };
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];
const TICKS = 5;

/** Lines or bars over one pair of axes as SVG, with a legend where there are several. */
export function htmlPlot(series: readonly PlotSeries[], form: PlotForm): string {
  const all = series.flatMap(({ points }) => points).filter(({ y }) => Number.isFinite(y));
  const xs = all.map(({ x }) => x);
  const ys = all.map(({ y }) => y);
  const half = form.kind === 'bars' ? 0.5 : 0;
  const [left, right] = [Math.min(...xs) - half, Math.max(...xs) + half];
  const [low, high] = form.range ?? [Math.min(0, ...ys), Math.max(...ys)];
  const at = (value: number, from: number, to: number, start: number, end: number): number =>
    start + ((value - from) / (to - from || 1)) * (end - start);
  const px = (x: number): number => at(x, left, right, EDGE.left, WIDTH - EDGE.right);
  const py = (y: number): number => at(y, low, high, HEIGHT - EDGE.bottom, EDGE.top);
  const marks = series.map(({ points }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const known = points.filter(({ y }) => Number.isFinite(y));
    if (form.kind === 'bars') {
      const wide = Math.max(1, (0.8 * (px(left + 1) - px(left))) / series.length);
      return known.map(({ x, y }) => {
        const start = px(x) - (wide * series.length) / 2 + wide * index;
        const top = py(y);
        return `<rect x="${start.toFixed(1)}" y="${top.toFixed(1)}" width="${wide.toFixed(1)}" height="${(py(low) - top).toFixed(1)}" fill="${colour}"/>`;
      });
    }
    const path = known.map(({ x, y }) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' ');
    return [`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`];
  });
  const ticks = Array.from({ length: TICKS }, (_, i) => {
    const y = low + ((high - low) * i) / (TICKS - 1);
    const x = left + ((right - left) * i) / (TICKS - 1);
    return (
      `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${py(y)}" y2="${py(y)}" stroke="#e4e8ec"/>` +
      `<text x="${EDGE.left - 6}" y="${py(y) + 4}" text-anchor="end">${label(y)}</text>` +
      (form.kind === 'bars'
        ? ''
        : `<text x="${px(x)}" y="${HEIGHT - EDGE.bottom + 18}" text-anchor="middle">${label(x)}</text>`)
    );
  });
  const names =
    form.kind === 'bars'
      ? xs.map(
          (x) =>
            `<text x="${px(x)}" y="${HEIGHT - EDGE.bottom + 18}" text-anchor="middle">${label(x)}</text>`,
        )
      : [];
  const legend =
    series.length > 1
      ? series.map(
          ({ name }, i) =>
            `<text x="${EDGE.left + 8 + 120 * (i % 4)}" y="${EDGE.top + 4 + 15 * Math.floor(i / 4)}" style="fill:${COLOURS[i % COLOURS.length]}">${escapeHtml(name)}</text>`,
        )
      : [];
  return [
    `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escapeHtml(form.title)}">`,
    ...ticks,
    ...new Set(names),
    ...marks.flat(),
    ...legend,
    `<text x="${WIDTH / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(form.x)}</text>`,
    `<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(form.y)}</text>`,
    `</svg><figcaption>${escapeHtml(form.title)}</figcaption></figure>`,
  ].join('');
}

/** At most four digits. */
const label = (value: number): string => String(Number(value.toPrecision(4)));
