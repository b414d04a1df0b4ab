/** The curves of the paper's figures 1, 7, 9 and 10, and its Table 2 as bars. */
import type { PlotForm, PlotSeries } from '../io/writers/plot.js';
import { mean } from './figures.js';
import type { Evaluation } from './report.js';
import { EXPERT } from './simulated-expert.js';
import type { TrackingEvaluation, TrackingFigures } from './tracking-figures.js';
import type { ClipRun } from './tracking-run.js';

export interface NamedPlot {
  /** Of a file: letters, digits, '-', '.' and '_'. */
  name: string;
  series: PlotSeries[];
  form: PlotForm;
}

const by = (values: readonly number[]): { x: number; y: number }[] =>
  values.map((y, i) => ({ x: i + 1, y }));
const fileName = (text: string): string => text.replaceAll(/[^A-Za-z0-9._-]+/g, '-');

/** Every plot of an evaluation, those of segmentation first. */
export function evaluationPlots({ clicks, tracking, comparison }: Evaluation): NamedPlot[] {
  const plots: NamedPlot[] = [];
  if (clicks) {
    const sets = Object.entries(clicks.sets);
    const places = sets.map(([name]) => name);
    const curves = (key: 'dscByClick' | 'over80ByClick'): PlotSeries[] =>
      sets.map(([name, f]) => ({ name, points: by(f[key]) }));
    plots.push(
      {
        name: 'dsc-by-clicks',
        series: curves('dscByClick'),
        form: { title: 'Mean DSC after each click', x: 'clicks', y: 'DSC', range: [0, 1] },
      },
      {
        name: 'over-80-by-clicks',
        series: curves('over80ByClick'),
        form: {
          title: 'Share of objects with a DSC of at least 0.80 after each click',
          x: 'clicks',
          y: 'share',
          range: [0, 1],
        },
      },
      {
        name: 'clicks-needed',
        series: [
          { name: 'to 0.85', points: by(sets.map(([, f]) => f.noc85)) },
          { name: 'to 0.90', points: by(sets.map(([, f]) => f.noc90)) },
        ],
        form: {
          title: 'Mean number of clicks to a DSC (NoC), all clicks where it is not reached',
          x: '',
          y: 'clicks',
          kind: 'bars',
          places,
        },
      },
    );
  }
  for (const [set, { own, other }] of Object.entries(comparison?.curves ?? {})) {
    plots.push({
      name: fileName(`compared-${set}`),
      series: [
        { name: 'this', points: by(own) },
        { name: 'the other', points: by(other) },
      ],
      form: {
        title: `${set === 'all' ? 'all sets' : set}: mean DSC after each click`,
        x: 'clicks',
        y: 'DSC',
        range: [0, 1],
      },
    });
  }
  if (tracking) plots.push(...trackingPlots(tracking));
  return plots;
}

function trackingPlots(tracking: TrackingEvaluation): NamedPlot[] {
  const { sets, labels, objects } = tracking;
  const rows = Object.entries(sets).flatMap(([set, f]): [string, TrackingFigures][] => {
    const inner = Object.entries(labels[set] ?? {});
    return inner.length > 0 ? inner.map(([label, g]) => [`${set}: ${label}`, g]) : [[set, f]];
  });
  const bars = (
    name: string,
    pick: (f: TrackingFigures) => number,
    title: string,
    y: string,
  ): NamedPlot => ({
    name,
    series: [{ name, points: by(rows.map(([, f]) => pick(f))) }],
    form: { title, x: '', y, kind: 'bars', places: rows.map(([place]) => place) },
  });
  const setNames = [...new Set(objects.map(({ set }) => set))];
  return [
    bars('interventions', (f) => f.interventions, 'Interventions an object and loop', 'frames'),
    bars('clicks-a-loop', (f) => f.clicks, 'Clicks an object and loop, with the first', 'clicks'),
    {
      name: 'tracked-dsc-over-time',
      series: setNames.map((set) => ({
        name: set,
        points: meanOverTime(objects.filter((run) => run.set === set)),
      })),
      form: {
        title: 'Mean DSC of what was tracked, under corrections, by frame',
        x: 'frame',
        y: 'DSC',
        range: [0, 1],
        threshold: EXPERT.goodDsc,
      },
    },
    ...[...new Set(objects.map(({ set, clip }) => `${set}/${clip}`))].map((key) =>
      clipPlot(
        key,
        objects.filter(({ set, clip }) => `${set}/${clip}` === key),
      ),
    ),
  ];
}

function meanOverTime(runs: readonly ClipRun[]): { x: number; y: number }[] {
  const frames = Math.max(0, ...runs.map(({ trackedDsc }) => trackedDsc.length));
  return by(
    Array.from({ length: frames }, (_, i) =>
      mean(runs.flatMap(({ trackedDsc }) => trackedDsc[i] ?? [])),
    ),
  );
}

/** Each object's DSC over time, with a ring where it was corrected. */
function clipPlot(key: string, runs: readonly ClipRun[]): NamedPlot {
  const asked = [...new Set(runs.flatMap((run) => run.interventions.map(({ frame }) => frame)))];
  asked.sort((a, b) => a - b);
  const at = asked.length > 0 ? `interventions at frames ${asked.join(', ')}` : 'no intervention';
  return {
    name: fileName(`clip-${key}`),
    series: runs.map(({ label, trackedDsc, interventions }) => ({
      name: `label ${label}`,
      points: by(trackedDsc),
      marks: interventions.map(({ frame, dscBefore }) => ({ x: frame, y: dscBefore })),
    })),
    form: {
      title: `${key}: DSC as tracked; ${at}`,
      x: 'frame',
      y: 'DSC',
      range: [0, 1],
      threshold: EXPERT.goodDsc,
    },
  };
}
