/** The paper's figures of tracking (§3.4, table 3) over many objects. */
import { intervalOfMean, type Interval } from './bootstrap.js';
import { mean } from './figures.js';
import { INTERVENE_BELOW, type TrackingRecord } from './tracking-run.js';

export interface TrackingFigures {
  objects: number;
  clips: number;
  /** Interventions an object and loop. */
  interventions: number;
  /** Mean of 0.90 − DSC where an intervention was needed; null where none was. */
  drop: number | null;
  /** Clicks an object and loop: the corrective ones, and with those that started it. */
  correctiveClicks: number;
  clicks: number;
  /** Mean DSC of the frames after the first, as tracked and after corrections. */
  trackedDsc: number;
  finalDsc: number;
  /** Share of the tracked frames of at least 0.90. */
  over90: number;
  intervals: Record<
    'interventions' | 'correctiveClicks' | 'clicks' | 'trackedDsc' | 'finalDsc',
    Interval
  >;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const clicksOf = ({ interventions }: TrackingRecord): number =>
  sum(interventions.map(({ clicks }) => clicks));

/** Each object of a clip weighs the same. `records` must hold one with a tracked frame. */
export function trackingFiguresOf(records: readonly TrackingRecord[]): TrackingFigures {
  const seen = records.filter(({ tracked }) => tracked.length > 0);
  const groups = seen.map(({ set, clip }) => `${set}/${clip}`);
  const values = {
    interventions: seen.map(({ interventions }) => interventions.length),
    correctiveClicks: seen.map(clicksOf),
    clicks: seen.map((record) => clicksOf(record) + record.startClicks),
    trackedDsc: seen.map(({ tracked }) => mean(tracked)),
    finalDsc: seen.map(({ final }) => mean(final)),
  };
  const interval = (name: keyof typeof values): Interval => intervalOfMean(values[name], groups);
  const drops = seen.flatMap(({ interventions }) => interventions.map(({ drop }) => drop));
  return {
    objects: seen.length,
    clips: new Set(groups).size,
    interventions: mean(values.interventions),
    drop: drops.length > 0 ? mean(drops) : null,
    correctiveClicks: mean(values.correctiveClicks),
    clicks: mean(values.clicks),
    trackedDsc: mean(values.trackedDsc),
    finalDsc: mean(values.finalDsc),
    over90: mean(
      seen.flatMap(({ tracked }) => tracked.map((dsc) => Number(dsc >= INTERVENE_BELOW))),
    ),
    intervals: {
      interventions: interval('interventions'),
      correctiveClicks: interval('correctiveClicks'),
      clicks: interval('clicks'),
      trackedDsc: interval('trackedDsc'),
      finalDsc: interval('finalDsc'),
    },
  };
}

export interface TrackingEvaluation {
  /** By set, over all objects. */
  sets: Record<string, TrackingFigures>;
  /** By set and label name, where a set has several. */
  labels: Record<string, Record<string, TrackingFigures>>;
  objects: TrackingRecord[];
}

/** @param nameOf a label of a record, for people */
export function evaluateRecords(
  objects: TrackingRecord[],
  nameOf: (record: TrackingRecord) => string,
): TrackingEvaluation {
  const sets: TrackingEvaluation['sets'] = {};
  const labels: TrackingEvaluation['labels'] = {};
  for (const set of new Set(objects.map((record) => record.set))) {
    const own = objects.filter((record) => record.set === set && record.tracked.length > 0);
    if (own.length === 0) continue;
    sets[set] = trackingFiguresOf(own);
    const names = [...new Set(own.map(nameOf))].sort();
    if (names.length < 2) continue;
    labels[set] = Object.fromEntries(
      names.map((name) => [
        name,
        trackingFiguresOf(own.filter((record) => nameOf(record) === name)),
      ]),
    );
  }
  return { sets, labels, objects };
}
