/** An evaluation as a table for spreadsheets, a document and a page with plots. */
import { htmlPage, htmlPicture, htmlPlot, htmlTable } from '../io/writers/html.js';
import { escapeMarkup } from '../io/writers/markup.js';
import type { ClickEvaluation } from './click-evaluation.js';
import type { Comparison, Difference } from './compare.js';
import type { ClickFigures } from './figures.js';
import type { Strip } from './pictures.js';
import { evaluationPlots } from './plots.js';
import type { TrackingEvaluation, TrackingFigures } from './tracking-figures.js';

export interface Evaluation {
  clicks: ClickEvaluation | null;
  tracking: TrackingEvaluation | null;
  comparison: Comparison | null;
  /** Empty where no pictures are wanted. */
  strips: Strip[];
}

type Rows = string[][];
const SHOWN_CLICKS = [1, 2, 3, 5, 10];

const fixed = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits);
/** `mean (low–high)`. */
const withInterval = (value: number, [low, high]: readonly [number, number], digits = 3): string =>
  `${value.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;

function clickRows({ sets, labels }: ClickEvaluation): Rows {
  const figures = Object.values(sets);
  const shown = SHOWN_CLICKS.filter((k) => k <= (figures[0]?.dscByClick.length ?? 0));
  const row = (name: string, f: ClickFigures): string[] => [
    name,
    String(f.objects),
    ...shown.map((k) => withInterval(f.dscByClick[k - 1], f.intervals.dscByClick[k - 1])),
    withInterval(f.maxDsc, f.intervals.maxDsc),
    fixed(f.over80ByClick[Math.min(5, f.over80ByClick.length) - 1], 2),
    withInterval(f.noc85, f.intervals.noc85, 2),
    withInterval(f.noc90, f.intervals.noc90, 2),
    withInterval(f.boxDsc, f.intervals.boxDsc),
  ];
  const after = Math.min(5, figures[0]?.dscByClick.length ?? 5);
  return [
    [
      'set',
      'objects',
      ...shown.map((k) => `DSC@${k}`),
      'max',
      `≥ 0.80 @${after}`,
      'NoC85',
      'NoC90',
      'box',
    ],
    ...Object.entries(sets).flatMap(([set, f]) => [
      row(set, f),
      ...Object.entries(labels[set] ?? {}).map(([label, g]) => row(`${set}: ${label}`, g)),
    ]),
  ];
}

function trackingRows({ sets, labels }: TrackingEvaluation): Rows {
  const row = (name: string, f: TrackingFigures): string[] => [
    name,
    String(f.clips),
    String(f.objects),
    withInterval(f.interventions, f.intervals.interventions, 2),
    f.drop === null ? '–' : `${(100 * f.drop).toFixed(1)} %`,
    withInterval(f.correctiveClicks, f.intervals.correctiveClicks, 2),
    withInterval(f.clicks, f.intervals.clicks, 2),
    withInterval(f.trackedDsc, f.intervals.trackedDsc),
    withInterval(f.finalDsc, f.intervals.finalDsc),
    fixed(f.over90, 2),
  ];
  return [
    [
      'set',
      'clips',
      'objects',
      'interventions',
      'drop',
      'corrective clicks',
      'clicks',
      'DSC tracked',
      'DSC final',
      '≥ 0.90',
    ],
    ...Object.entries(sets).flatMap(([set, f]) => [
      row(set, f),
      ...Object.entries(labels[set] ?? {}).map(([label, g]) => row(`${set}: ${label}`, g)),
    ]),
  ];
}

function comparisonRows({ sets }: Comparison): Rows {
  const cell = (d: Difference | undefined, digits = 4): string =>
    d ? `${d.mean >= 0 ? '+' : ''}${withInterval(d.mean, d.interval, digits)}` : '–';
  const clicks = sets.all.dscByClick.length;
  const shown = SHOWN_CLICKS.filter((k) => k <= clicks);
  return [
    ['difference', ...shown.map((k) => `DSC@${k}`), 'max', 'NoC85', 'NoC90', 'box'],
    ...Object.entries(sets).map(([name, d]) => [
      name,
      ...shown.map((k) => cell(d.dscByClick[k - 1])),
      cell(d.maxDsc),
      cell(d.noc85, 2),
      cell(d.noc90, 2),
      cell(d.boxDsc),
    ]),
  ];
}

const CLICK_NOTE =
  'Mean over objects; in brackets the 95 % confidence interval (bootstrap over images). Clicks are simulated: the first on the ' +
  "object's centroid, each next one in the middle of the largest error.";
const TRACKING_NOTE =
  'An intervention is where the tracked DSC falls below 0.90; drop is by how much. Clicks are counted an object and loop, the ' +
  'last column but three with those that started it. In brackets the 95 % confidence interval (bootstrap over clips).';
const COMPARISON_NOTE =
  'This evaluation minus the other, over the objects of both; in brackets the 95 % confidence interval of the paired difference.';
const PICTURES_NOTE =
  'The truth is outlined in magenta, the answers in the colours of their objects; foreground clicks are green, background clicks red.';

interface Section {
  title: string;
  note: string;
  rows: Rows;
}

function sectionsOf({ clicks, tracking, comparison }: Evaluation): Section[] {
  return [
    ...(clicks ? [{ title: 'Segmentation', note: CLICK_NOTE, rows: clickRows(clicks) }] : []),
    ...(tracking ? [{ title: 'Tracking', note: TRACKING_NOTE, rows: trackingRows(tracking) }] : []),
    ...(comparison
      ? [{ title: 'Comparison', note: COMPARISON_NOTE, rows: comparisonRows(comparison) }]
      : []),
  ];
}

export function evaluationMarkdown(evaluation: Evaluation): string {
  const table = ([head, ...rows]: Rows): string =>
    [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const parts = sectionsOf(evaluation).map(
    ({ title, note, rows }) => `## ${title}\n\n${note}\n\n${table(rows)}\n`,
  );
  return `# Evaluation\n\n${parts.join('\n')}`;
}

/** One row a set, label, figure and number of clicks (RFC 4180): easy to filter and to plot. */
export function evaluationCsv({ clicks, tracking }: Evaluation): string {
  const rows: string[][] = [['part', 'set', 'label', 'figure', 'clicks', 'value', 'low', 'high']];
  const add = (
    head: readonly [part: string, set: string, label: string],
    figure: string,
    k: number | '',
    value: number | null,
    interval?: readonly [number, number],
  ): void => {
    const cells = [value, interval?.[0], interval?.[1]].map((v) =>
      (v ?? '') === '' ? '' : Number(v).toFixed(5),
    );
    rows.push([...head, figure, String(k), ...cells]);
  };
  for (const { head, figures: f } of entriesOf('segmentation', clicks)) {
    for (const name of ['dscByClick', 'over80ByClick'] as const) {
      f[name].forEach((value, i) => add(head, name, i + 1, value, f.intervals[name][i]));
    }
    for (const name of ['maxDsc', 'noc85', 'noc90', 'boxDsc'] as const) {
      add(head, name, '', f[name], f.intervals[name]);
    }
  }
  for (const { head, figures: f } of entriesOf('tracking', tracking)) {
    for (const name of [
      'interventions',
      'correctiveClicks',
      'clicks',
      'trackedDsc',
      'finalDsc',
    ] as const) {
      add(head, name, '', f[name], f.intervals[name]);
    }
    add(head, 'drop', '', f.drop);
    add(head, 'over90', '', f.over90);
  }
  const quote = (cell: string): string =>
    /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return `${rows.map((cells) => cells.map(quote).join(',')).join('\r\n')}\r\n`;
}

function entriesOf<F>(
  part: string,
  evaluation: { sets: Record<string, F>; labels: Record<string, Record<string, F>> } | null,
): { head: [string, string, string]; figures: F }[] {
  if (!evaluation) return [];
  return Object.entries(evaluation.sets).flatMap(([set, figures]) => [
    { head: [part, set, ''] as [string, string, string], figures },
    ...Object.entries(evaluation.labels[set] ?? {}).map(([label, of]) => ({
      head: [part, set, label] as [string, string, string],
      figures: of,
    })),
  ]);
}

/** A self-contained page: the tables, every plot, and pictures where there are some. */
export function evaluationHtml(evaluation: Evaluation): string {
  const strip = ({ title, pictures }: Strip): string =>
    `<h3>${escapeMarkup(title)}</h3>${pictures.map(({ png, caption }) => htmlPicture(png, caption)).join('')}`;
  const { strips } = evaluation;
  return htmlPage('Evaluation', [
    ...sectionsOf(evaluation).map(
      ({ title, note, rows }) => `<h2>${title}</h2><p>${note}</p>${htmlTable(rows)}`,
    ),
    '<h2>Plots</h2>',
    ...evaluationPlots(evaluation).map(({ series, form }) => htmlPlot(series, form)),
    ...(strips.length > 0 ? [`<h2>Pictures</h2><p>${PICTURES_NOTE}</p>`] : []),
    ...strips.map(strip),
  ]);
}
