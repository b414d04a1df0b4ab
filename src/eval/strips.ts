/** What an evaluation looked like: answers to one click after another, and a clip at its start, interventions and end. */
import type { FollowedFrame } from '../sdk/follow.js';
import { dice } from '../sdk/dice.js';
import type { Mask } from '../sdk/types.js';
import type { ClickEvaluation, ObjectResult } from './click-evaluation.js';
import type { Segmenter } from './comparator.js';
import { readExample, type DataSet } from './dataset.js';
import type { LabelledObject } from './label-objects.js';
import { outlinePng, type Picture, type Strip } from './pictures.js';
import type { ObjectRun } from './simulated-expert.js';

/** The paper's figure 8. */
const SHOWN_CLICKS = [1, 3, 5, 7];
/** Pictures of interventions of one clip. */
const MOST_INTERVENTIONS = 4;

/** Of each set the object of median DSC after one click, with the answers to the clicks it was given. */
export async function clickStrips(
  segmenter: Segmenter,
  dataSets: readonly DataSet[],
  { objects }: ClickEvaluation,
): Promise<Strip[]> {
  const strips: Strip[] = [];
  for (const set of dataSets) {
    const own = objects.filter((object) => object.set === set.name);
    own.sort((a, b) => a.dsc[0] - b.dsc[0]);
    const median = own[own.length >> 1] as ObjectResult | undefined;
    if (median) strips.push(await stripOf(segmenter, set, median));
  }
  return strips;
}

async function stripOf(
  segmenter: Segmenter,
  set: DataSet,
  { id, label, points, clicks }: ObjectResult,
): Promise<Strip> {
  const { frame, objects } = await readExample(set, `${id}.png`);
  const truth = objects.find((object) => object.label === label)?.truth as Mask;
  const given = points.map(([x, y], k) => ({ x, y, label: clicks[k].label }));
  const image = await segmenter.setImage(frame);
  const pictures: Picture[] = [];
  try {
    let previous: Mask | undefined;
    for (let k = 1; k <= Math.min(given.length, Math.max(...SHOWN_CLICKS)); k += 1) {
      const shown = given.slice(0, k);
      previous = await image.predict({ points: shown, ...(previous && { previous }) });
      if (!SHOWN_CLICKS.includes(k)) continue;
      const png = await outlinePng(frame, [{ id: label, truth, answer: previous }], shown);
      const dsc = dice(truth, previous).toFixed(3);
      pictures.push({ png, caption: `${k} ${k === 1 ? 'click' : 'clicks'}: DSC ${dsc}` });
    }
  } finally {
    await image.close();
  }
  const name = set.labels[label] ?? `label ${label}`;
  return { title: `${set.name}, ${name}: the object of median DSC after one click`, pictures };
}

/** The paper's figures 9 and 10, frame by frame. */
export class ClipStrip {
  readonly #title: string;
  readonly #pictures: Picture[] = [];
  #interventions = 0;
  #last: (() => Promise<Picture>) | null = null;

  constructor(title: string) {
    this.#title = title;
  }

  async add(
    { index, picture, objects }: FollowedFrame,
    runs: readonly ObjectRun[],
    truth: () => Promise<LabelledObject[]>,
  ): Promise<void> {
    const draw = async (caption: string): Promise<Picture> => {
      const known = await truth();
      const outlined = objects.map(({ id, mask }) => ({
        id,
        answer: mask,
        truth: known.find(({ label }) => label === id)?.truth,
      }));
      return { png: await outlinePng(picture, outlined), caption };
    };
    this.#last = null;
    const here = runs.flatMap(({ label, interventions }) =>
      interventions
        .filter(({ frame }) => frame === index)
        .map((i) => `label ${label} ${i.dscBefore.toFixed(2)} → ${i.dscAfter.toFixed(2)}`),
    );
    if (index === 0) {
      this.#pictures.push(await draw('frame 0, after the first clicks'));
    } else if (here.length > 0 && this.#interventions < MOST_INTERVENTIONS) {
      this.#interventions += 1;
      this.#pictures.push(await draw(`frame ${index}, corrected: ${here.join(', ')}`));
    } else {
      this.#last = () => draw(`frame ${index}, the last`);
    }
  }

  async finish(): Promise<Strip> {
    const last = await this.#last?.();
    return { title: this.#title, pictures: [...this.#pictures, ...(last ? [last] : [])] };
  }
}
