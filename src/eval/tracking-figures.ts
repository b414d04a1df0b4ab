/** The figures of the paper's Table 2, of objects that the simulated expert followed: of one, of a recording, of many. */
import { intervalOfMean, type Interval } from './bootstrap.js';
import { mean } from './figures.js';
import { EXPERT, type Intervention, type ObjectRun } from './simulated-expert.js';
import type { ClipRun } from './tracking-run.js';

/** Of one object. Means are null where there is nothing to take them of. */
export interface ObjectFigures {
  /** Frames after the first that have the object. */
  frames: number;
  startClicks: number;
  startDsc: number;
  interventions: number;
  /** Mean of 0.90 − DSC over the interventions, just before them. */
  dscDrop: number | null;
  correctiveClicks: number;
  /** On the start frame, and corrective. */
  clicks: number;
  /** Interventions that ended below 0.90 for all their clicks. */
  unsettled: number;
  /** Mean DSC of what was tracked, and of what stood after the expert's look. */
  trackedDsc: number | null;
  finalDsc: number | null;
}

/** Of a whole recording: means over its objects, of DSC over all their frames, of drops over all interventions. */
export interface LoopFigures {
  objects: number;
  startDsc: number;
  /** Table 2, "number of interventions": of an object in this recording. */
  interventionsPerObject: number;
  /** Table 2, "drop of DSC before interventions". */
  dscDrop: number | null;
  /** Table 2, "number of clicks per loop": all clicks on all objects of this recording. */
  clicksPerLoop: number;
  clicksPerObject: number;
  correctiveClicksPerObject: number;
  unsettled: number;
  trackedDsc: number | null;
  finalDsc: number | null;
}

/** Of the objects of many clips, each weighing the same. */
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

const meanOrNull = (values: readonly number[]): number | null =>
  values.length ? mean(values) : null;
const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

const clicksOf = (interventions: readonly Intervention[]): number =>
  sum(interventions.map(({ clicks }) => clicks));
const dropOf = (interventions: readonly Intervention[]): number | null =>
  meanOrNull(interventions.map(({ dscBefore }) => EXPERT.goodDsc - dscBefore));
const unsettledOf = (interventions: readonly Intervention[]): number =>
  interventions.filter(({ dscAfter }) => dscAfter < EXPERT.goodDsc).length;

export function objectFigures(run: ObjectRun): ObjectFigures {
  const { startClicks, startDsc, interventions, trackedDsc, finalDsc } = run;
  const correctiveClicks = clicksOf(interventions);
  return {
    frames: trackedDsc.length,
    startClicks,
    startDsc,
    interventions: interventions.length,
    dscDrop: dropOf(interventions),
    correctiveClicks,
    clicks: startClicks + correctiveClicks,
    unsettled: unsettledOf(interventions),
    trackedDsc: meanOrNull(trackedDsc),
    finalDsc: meanOrNull(finalDsc),
  };
}

/** `runs` are the objects of one recording, at least one. */
export function loopFigures(runs: readonly ObjectRun[]): LoopFigures {
  const interventions = runs.flatMap((run) => run.interventions);
  const corrective = clicksOf(interventions);
  const clicksPerLoop = corrective + sum(runs.map(({ startClicks }) => startClicks));
  return {
    objects: runs.length,
    startDsc: mean(runs.map(({ startDsc }) => startDsc)),
    interventionsPerObject: interventions.length / runs.length,
    dscDrop: dropOf(interventions),
    clicksPerLoop,
    clicksPerObject: clicksPerLoop / runs.length,
    correctiveClicksPerObject: corrective / runs.length,
    unsettled: unsettledOf(interventions),
    trackedDsc: meanOrNull(runs.flatMap(({ trackedDsc }) => trackedDsc)),
    finalDsc: meanOrNull(runs.flatMap(({ finalDsc }) => finalDsc)),
  };
}

/** `runs` must hold one with a tracked frame; those without count for nothing. */
export function trackingFiguresOf(runs: readonly ClipRun[]): TrackingFigures {
  const seen = runs.filter(({ trackedDsc }) => trackedDsc.length > 0);
  const groups = seen.map(({ set, clip }) => `${set}/${clip}`);
  const each = seen.map(objectFigures);
  const values = {
    interventions: each.map(({ interventions }) => interventions),
    correctiveClicks: each.map(({ correctiveClicks }) => correctiveClicks),
    clicks: each.map(({ clicks }) => clicks),
    trackedDsc: seen.map(({ trackedDsc }) => mean(trackedDsc)),
    finalDsc: seen.map(({ finalDsc }) => mean(finalDsc)),
  };
  const interval = (name: keyof typeof values): Interval => intervalOfMean(values[name], groups);
  return {
    objects: seen.length,
    clips: new Set(groups).size,
    interventions: mean(values.interventions),
    drop: dropOf(seen.flatMap(({ interventions }) => interventions)),
    correctiveClicks: mean(values.correctiveClicks),
    clicks: mean(values.clicks),
    trackedDsc: mean(values.trackedDsc),
    finalDsc: mean(values.finalDsc),
    over90: mean(
      seen.flatMap(({ trackedDsc }) => trackedDsc.map((dsc) => Number(dsc >= EXPERT.goodDsc))),
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
  objects: ClipRun[];
  /** Labels that count for nothing: the first frame of their clip lacks them, or no click found them there. */
  notFollowed: { clip: string; labels: readonly number[] }[];
}

/** @param nameOf a label of a run, for people */
export function evaluateTracking(
  objects: ClipRun[],
  nameOf: (run: ClipRun) => string,
  notFollowed: TrackingEvaluation['notFollowed'] = [],
): TrackingEvaluation {
  const sets: TrackingEvaluation['sets'] = {};
  const labels: TrackingEvaluation['labels'] = {};
  for (const set of new Set(objects.map((run) => run.set))) {
    const own = objects.filter((run) => run.set === set && run.trackedDsc.length > 0);
    if (own.length === 0) continue;
    sets[set] = trackingFiguresOf(own);
    const names = [...new Set(own.map(nameOf))].sort();
    if (names.length < 2) continue;
    labels[set] = Object.fromEntries(
      names.map((name) => [name, trackingFiguresOf(own.filter((run) => nameOf(run) === name))]),
    );
  }
  return { sets, labels, objects, notFollowed };
}
