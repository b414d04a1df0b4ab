// What it is worth that a corrective click changes a mask only where it was clicked (src/runtime/local-change.ts), and how much of
// the model's doubt in the masks that are followed after a correction is founded (`correctionDoubt` of the bundle's manifest).
//
//   node benchmarks/local-change.mjs VALIDATION [--per-set N] [--rounds N] [--out FILE]
//
// VALIDATION: `python -m sonotrack_training.validation_set --hard-hearts N`. Objects are outlined by clicks; then, round after
// round, those below the expert's DSC get up to five corrective clicks, as frame after frame of a cine, here on one still
// picture: `whole` by SonoSAMLite's answers as they are, `local` by `Tracker.correct`.
import { parseArgs } from 'node:util';
import { dice, openDevice } from 'sonotrack';
import { clickUntil } from '../dist/eval/click-until.js';
import { findDataSets, readExample } from '../dist/eval/dataset.js';
import { mean } from '../dist/eval/figures.js';
import { EXPERT } from '../dist/eval/simulated-expert.js';
import { report } from './lib.mjs';

const {
  values,
  positionals: [validation],
} = parseArgs({
  allowPositionals: true,
  options: {
    'per-set': { type: 'string', default: '60' },
    rounds: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});
if (!validation) throw new Error('expected the folder of the validation sets');
const [perSet, rounds] = [Number(values['per-set']), Number(values.rounds)];
/** A correction that leaves a mask worse by more than this harmed it. */
const HARM = 0.02;

const device = await openDevice();
const expert = { clicks: EXPERT.clicks, dsc: EXPERT.goodDsc };

/** Corrects every object in rounds; `correct` answers clicks, `standing` says what its mask is at the start of a round. */
async function run(objects, standing, correct) {
  const records = objects.map(() => ({ dsc: [], clicks: 0, interventions: 0, harmed: 0 }));
  const followed = [];
  for (let round = 0; round < rounds; round += 1) {
    const tracked = await standing();
    for (const [i, { label, truth }] of objects.entries()) {
      const record = records[i];
      const { mask: answered, quality } = tracked.get(label);
      const before = dice(truth, answered);
      if (record.interventions > 0) followed.push([quality, before]);
      let after = before;
      if (round === 0) record.dsc.push(before);
      if (before < EXPERT.goodDsc) {
        const ask = (prompts) => correct(label, prompts);
        const { dsc } = await clickUntil(ask, truth, { ...expert, answered });
        after = dsc.at(-1) ?? before;
        record.interventions += 1;
        record.clicks += dsc.length;
        record.harmed += after < before - HARM ? 1 : 0;
      }
      record.dsc.push(after);
    }
  }
  return { records, followed };
}

/** Both ways on one picture; null where clicks find nothing. */
async function corrected(example) {
  const image = await device.setImage(example.frame);
  const started = new Map();
  for (const { label, truth } of example.objects) {
    const goal = { clicks: EXPERT.clicks, dsc: EXPERT.startDsc };
    started.set(label, (await clickUntil((prompts) => image.predict(prompts), truth, goal)).mask);
  }
  const objects = example.objects.filter(({ label }) => started.get(label).areaPx > 0);
  if (objects.length === 0) return null;
  const held = new Map(started);
  const whole = await run(
    objects,
    async () => new Map([...held].map(([label, mask]) => [label, { mask }])),
    async (label, prompts) => {
      held.set(label, await image.predict(prompts));
      return held.get(label);
    },
  );
  await image.close();
  const tracker = await device.createTracker({ maxObjects: objects.length });
  await tracker.start(
    example.frame,
    objects.map(({ label }) => ({ id: label, mask: started.get(label) })),
  );
  const local = await run(
    objects,
    async () => {
      const { objects: tracked } = await tracker.track(example.frame);
      return new Map(tracked.map(({ id, mask, quality }) => [id, { mask, quality }]));
    },
    async (label, prompts) => (await tracker.correct(label, prompts)).mask,
  );
  await tracker.close();
  return { whole, local };
}

const sets = {};
const told = [];
for (const set of await findDataSets(validation)) {
  const found = { whole: [], local: [] };
  for (const file of set.files) {
    if (found.whole.length >= perSet) break;
    const got = await corrected(await readExample(set, file));
    if (!got) continue;
    for (const way of ['whole', 'local']) found[way].push(...got[way].records);
    told.push(...got.local.followed);
  }
  const figures = (records) => ({
    objects: records.length,
    dsc: Array.from({ length: rounds + 1 }, (_, k) => mean(records.map(({ dsc }) => dsc[k]))),
    interventions: mean(records.map(({ interventions }) => interventions)),
    clicks: mean(records.map(({ clicks }) => clicks)),
    harmed: mean(records.map(({ harmed }) => harmed)),
  });
  sets[set.name] = { whole: figures(found.whole), local: figures(found.local) };
}
const [expected, reached] = [0, 1].map((at) => mean(told.map((pair) => pair[at])));
report({ rounds, sets, followed: { count: told.length, expected, reached } }, values.out);
await device.close();
