/** Pages that need nothing but themselves: text, tables, pictures and plots in one HTML file. */
import { escapeMarkup } from './markup.js';
import { plotSvg, type PlotForm, type PlotSeries } from './plot.js';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;margin:1rem 0;font-size:13px;display:block;overflow-x:auto}
td,th{padding:.25rem .6rem;border-bottom:1px solid #d8dde3;text-align:right;white-space:nowrap}
td:first-child,th:first-child{text-align:left}figure{display:inline-table;vertical-align:top;margin:.5rem .8rem .5rem 0}figcaption{display:table-caption;caption-side:bottom}
figcaption{font-size:13px;color:#57606a}svg{max-width:100%;height:auto}img{max-width:100%;image-rendering:auto}`;

/** `parts` are HTML already; the title is text. */
export function htmlPage(title: string, parts: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>${escapeMarkup(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeMarkup(title)}</h1>`,
    ...parts,
    '</body></html>',
    '',
  ].join('\n');
}

/** A table of text; the first row is its head. */
export function htmlTable([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeMarkup(cell)}</${tag}>`).join('')}</tr>`;
  return `<table>${line(head, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table>`;
}

/** A PNG within the page. */
export function htmlPicture(png: Uint8Array, caption: string): string {
  const data = Buffer.from(png).toString('base64');
  const text = escapeMarkup(caption);
  return `<figure><img alt="${text}" src="data:image/png;base64,${data}"><figcaption>${text}</figcaption></figure>`;
}

/** A plot within the page. */
export function htmlPlot(series: readonly PlotSeries[], form: PlotForm): string {
  const svg = plotSvg(series, form).replace(/ xmlns="[^"]*"/, ''); // a page knows it by itself
  return `<figure>${svg}<figcaption>${escapeMarkup(form.title)}</figcaption></figure>`;
}
