/** The figures of the paper's Table 2, of recordings that the simulated expert went through. */
import { mean } from './figures.js';
import { EXPERT, type Intervention, type ObjectRun } from './simulated-expert.js';

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
