/** Who marks what `track` follows, and what is told of it in the end. */
import { loopFigures, objectFigures } from '../eval/tracking-figures.js';
import { openLabels, type LabelSource } from '../eval/label-source.js';
import { EXPERT, SimulatedExpert } from '../eval/simulated-expert.js';
import { SonotrackError } from '../runtime/errors.js';
import type { Device } from '../sdk/device.js';
import type { Operator } from '../sdk/follow.js';
import type {
  Frame,
  ObjectMask,
  Prompts,
  SourceInfo,
  TrackedObject,
  TrackStatus,
} from '../sdk/types.js';
import { columns, formatArea } from './shared.js';

export interface TrackTask {
  readonly operator: Operator;
  /** File for the summary beside the masks; null: none. */
  readonly reportFile: string | null;
  /** Takes note of the objects on one more frame. */
  add?(objects: readonly TrackedObject[]): void;
  /** For JSON. */
  summary(): object;
  /** For people. */
  lines(): string[];
  /** Frees what it reads from. */
  close?(): Promise<void>;
}

interface Size {
  areaPx: number;
  areaMm2: number | null;
}

/** One object, marked by the prompts of the command line. */
export class PromptedTask implements TrackTask {
  readonly operator: Operator;
  readonly reportFile = null;
  readonly #sliceSpacingMm: number | null;
  readonly #count: Record<TrackStatus, number> = { tracking: 0, ask: 0, lost: 0 };
  #smallest: Size | null = null;
  #largest: Size | null = null;
  #qualitySum = 0;
  #areaSumMm2: number | null = 0;

  constructor(prompts: Prompts, { volume }: SourceInfo) {
    this.operator = markFirst(prompts);
    this.#sliceSpacingMm = volume?.sliceSpacingMm ?? null;
  }

  add(objects: readonly TrackedObject[]): void {
    for (const { mask, quality, status } of objects) {
      this.#count[status] += 1;
      this.#qualitySum += quality;
      if (status === 'lost') continue;
      const { areaPx, areaMm2 } = mask;
      const size = { areaPx, areaMm2 };
      if (areaPx < (this.#smallest?.areaPx ?? Infinity)) this.#smallest = size;
      if (areaPx > (this.#largest?.areaPx ?? 0)) this.#largest = size;
      if (areaMm2 === null) this.#areaSumMm2 = null;
      else if (this.#areaSumMm2 !== null) this.#areaSumMm2 += areaMm2;
    }
  }

  summary() {
    const { tracking, ask, lost } = this.#count;
    const known = this.#areaSumMm2 !== null && this.#sliceSpacingMm !== null;
    return {
      object: 1,
      smallest: this.#smallest,
      largest: this.#largest,
      volumeMm3: known ? (this.#areaSumMm2 as number) * (this.#sliceSpacingMm as number) : null,
      meanQuality: this.#qualitySum / (tracking + ask + lost),
      framesToAsk: ask,
      framesLost: lost,
    };
  }

  lines(): string[] {
    const { smallest, largest, volumeMm3, meanQuality, framesToAsk, framesLost } = this.summary();
    const lines = [`mean quality ${meanQuality.toFixed(3)}`];
    if (smallest && largest) {
      const [from, to] = [smallest, largest].map(({ areaMm2, areaPx }) =>
        formatArea(areaMm2, areaPx),
      );
      lines.push(`area from ${from} to ${to}`);
    }
    if (volumeMm3 !== null) lines.push(`volume ${(volumeMm3 / 1000).toFixed(2)} ml`);
    if (framesToAsk > 0) lines.push(`${framesToAsk} frames ask for a corrective click`);
    if (framesLost > 0) lines.push(`${framesLost} frames without the object`);
    return lines;
  }
}

/** Marks one object by `prompts` on the start frame, and corrects nothing. */
export function markFirst(prompts: Prompts): Operator {
  return {
    start: async (device: Device, frame: Frame): Promise<ObjectMask[]> => {
      const image = await device.setImage(frame);
      try {
        const mask = await image.predict(prompts);
        if (mask.areaPx > 0) return [{ id: 1, mask }];
      } finally {
        await image.close();
      }
      throw new SonotrackError('EMPTY_MASK', 'predict', 'nothing was found at the prompts');
    },
  };
}

/** Every object of the truth, marked and corrected by the simulated expert. */
export class ExpertTask implements TrackTask {
  readonly operator: SimulatedExpert;
  readonly reportFile = 'interventions.json';

  readonly #labels: LabelSource;

  private constructor(labels: LabelSource) {
    this.#labels = labels;
    this.operator = new SimulatedExpert((index) => labels.mapAt(index));
  }

  /** @throws what `openLabels` throws, for instance when the label maps do not fit the source */
  static async open(masks: string, info: SourceInfo): Promise<ExpertTask> {
    return new ExpertTask(await openLabels(masks, info));
  }

  summary() {
    const { runs, labelsNotFollowed } = this.operator;
    return {
      expert: EXPERT,
      overall: loopFigures(runs),
      objects: runs.map((run) => ({
        label: run.label,
        ...objectFigures(run),
        interventionsAt: run.interventions,
      })),
      labelsNotFollowed,
    };
  }

  lines(): string[] {
    const { overall, objects, labelsNotFollowed } = this.summary();
    const head = [
      'object',
      'interventions',
      'DSC drop',
      'clicks',
      'corrective',
      'start',
      'tracked',
      'final',
    ];
    const shown = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
    const percent = (value: number | null): string =>
      value === null ? '-' : `${(100 * value).toFixed(1)} %`;
    const rows = objects.map((object) => [
      String(object.label),
      String(object.interventions),
      percent(object.dscDrop),
      String(object.clicks),
      String(object.correctiveClicks),
      shown(object.startDsc),
      shown(object.trackedDsc),
      shown(object.finalDsc),
    ]);
    const mean = [
      'mean',
      overall.interventionsPerObject.toFixed(2),
      percent(overall.dscDrop),
      overall.clicksPerObject.toFixed(2),
      overall.correctiveClicksPerObject.toFixed(2),
      shown(overall.startDsc),
      shown(overall.trackedDsc),
      shown(overall.finalDsc),
    ];
    const lines = [columns([head, ...rows, mean]), `${overall.clicksPerLoop} clicks in this loop`];
    if (overall.unsettled > 0) {
      lines.push(`${overall.unsettled} interventions ended below a DSC of ${EXPERT.goodDsc}`);
    }
    if (labelsNotFollowed.length > 0) {
      lines.push(
        `labels that the start frame lacks were not followed: ${labelsNotFollowed.join(', ')}`,
      );
    }
    return lines;
  }

  close(): Promise<void> {
    return this.#labels.close();
  }
}
