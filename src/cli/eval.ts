import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { chosenFiles, evaluateClicks, type ClickEvaluation } from '../eval/click-evaluation.js';
import type { FirstClick } from '../eval/click-until.js';
import { findClips, type Clip } from '../eval/clips.js';
import { Comparator } from '../eval/comparator.js';
import { compareObjects, type Comparison } from '../eval/compare.js';
import { findDataSets, type DataSet } from '../eval/dataset.js';
import type { ClickFigures, ObjectRecord } from '../eval/figures.js';
import { gateOf, type GateResult } from '../eval/gate.js';
import {
  evaluationCsv,
  evaluationHtml,
  evaluationMarkdown,
  type Evaluation,
} from '../eval/report.js';
import type { Strip } from '../eval/pictures.js';
import { evaluationPlots } from '../eval/plots.js';
import { EXPERT } from '../eval/simulated-expert.js';
import { clickStrips, ClipStrip } from '../eval/strips.js';
import { evaluateTracking, type TrackingEvaluation } from '../eval/tracking-figures.js';
import { runTracking, type ClipRun } from '../eval/tracking-run.js';
import { writeAtomically } from '../io/writers/atomic.js';
import { plotSvg } from '../io/writers/plot.js';
import { SonotrackError } from '../runtime/errors.js';
import { ZOOM_MODES, type ZoomMode } from '../runtime/zoom.js';
import type { Device } from '../sdk/device.js';
import type { DeviceInfo } from '../sdk/types.js';
import { EXIT, UsageError } from './failure.js';
import { createProgress } from './progress.js';
import { columns, print, withDevice, type GlobalOptions } from './shared.js';

interface EvalOptions extends GlobalOptions {
  out: string;
  clicks: number;
  first: FirstClick;
  maxImages: number;
  corrections: number;
  pictures: boolean;
  zoom?: ZoomMode;
  baseline?: string;
  compare?: string;
  comparator?: string;
}

const EXAMPLES = `
Examples:
  $ sonotrack eval data/ --out result
  $ sonotrack eval data/breast --out result --clicks 5 --max-images 20
  $ sonotrack eval data/ --out result --models-dir int8 --baseline fp32
  $ sonotrack eval data/ --out sam --comparator "python sam.py" --compare result/eval.json

DIR holds images/ID.png and masks/ID.png (a label map: every value is an object), or clips with frames/ID.png and
masks/ID.png, or folders that do. Each object of an image is clicked on at its centroid, then where the answer is most wrong;
its exact box is asked for too. Each object of a clip's first frame is tracked, and corrected where its DSC falls below 0.90.
Writes eval.json, eval.csv, eval.md, eval.html and plots/*.svg.`;

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .description(
      'Measure segmentation and tracking by simulated clicks on annotated images and clips.',
    )
    .argument('<dir>', 'data set, or folder of data sets')
    .requiredOption('--out <dir>', 'folder for the report')
    .option('--clicks <n>', 'clicks an object', count, 10)
    .addOption(
      new Option('--first <place>', "first click: the object's centroid, or its innermost pixel")
        .choices(['centroid', 'innermost'])
        .default('centroid'),
    )
    .addOption(
      new Option(
        '--zoom <mode>',
        'further looks, at a crop or the mirror image (default: what the profile says)',
      ).choices(ZOOM_MODES),
    )
    .option(
      '--baseline <dir>',
      'another bundle of the same weights: fail when the measured one loses more than quantisation may',
    )
    .option('--compare <file>', 'eval.json of another run: paired differences')
    .option('--comparator <command>', 'measure another model, run as a process (images only)')
    .option('--max-images <n>', 'most images a set (default: all)', count, Infinity)
    .option(
      '--corrections <n>',
      'most clicks of an intervention, 0: never correct',
      whole,
      EXPERT.clicks,
    )
    .option('--no-pictures', 'only tables and plots in the page: none of the images')
    .addHelpText('after', EXAMPLES);
  command.action((dir: string) => evaluate(dir, command.optsWithGlobals()));
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('expected an integer ≥ 0.');
  }
  return value;
}

function count(text: string): number {
  const value = whole(text);
  if (value < 1) throw new InvalidArgumentError('expected an integer ≥ 1.');
  return value;
}

async function evaluate(dir: string, options: EvalOptions): Promise<void> {
  const dataSets = await findDataSets(dir);
  const clips = options.comparator ? [] : await findClips(dir);
  if (dataSets.length === 0 && clips.length === 0) {
    throw new SonotrackError(
      'SOURCE_NOT_FOUND',
      'source',
      `expected images/*.png or frames/*.png beside masks/*.png in \`${dir}\` or in its folders but found none`,
    );
  }
  if (options.baseline && (options.comparator || dataSets.length === 0)) {
    throw new UsageError('expected images and no --comparator with --baseline');
  }
  const other = options.compare ? await readObjects(options.compare) : null;
  const out = resolve(options.out);
  await mkdir(join(out, 'plots'), { recursive: true }).catch((cause: unknown) => {
    throw new SonotrackError('WRITE_FAILED', 'write', `cannot create ${out}`, { cause });
  });
  const measured = await measure(dataSets, clips, options);
  const baseline = options.baseline
    ? await measure(dataSets, [], { ...options, modelsDir: options.baseline, pictures: false })
    : undefined;
  const { clicks, tracking, strips, model } = measured;
  const gate = baseline && clicks ? gateOf(baseline.clicks?.sets ?? {}, clicks.sets) : undefined;
  const comparison = other && clicks ? compareObjects(clicks.objects, other) : null;
  const summary = { options: describeOptions(options), ...model, ...withoutObjects(clicks) };
  const more = { ...(gate && { gate }), ...(comparison && { comparison }) };
  const file = join(out, 'eval.json');
  const record = { ...summary, tracking, ...more, objects: clicks?.objects ?? [] };
  const evaluation: Evaluation = { clicks, tracking, comparison, strips };
  await writeAtomically(file, `${JSON.stringify(record)}\n`);
  await writeAtomically(join(out, 'eval.csv'), evaluationCsv(evaluation));
  await writeAtomically(join(out, 'eval.md'), evaluationMarkdown(evaluation));
  await writeAtomically(join(out, 'eval.html'), evaluationHtml(evaluation));
  for (const { name, series, form } of evaluationPlots(evaluation)) {
    await writeAtomically(join(out, 'plots', `${name}.svg`), plotSvg(series, form));
  }
  const text = [
    ...(clicks ? [tableOf(clicks)] : []),
    ...(tracking ? [trackingTable(tracking)] : []),
    ...(gate ? [gateTable(gate)] : []),
    ...(comparison ? [comparisonText(comparison)] : []),
    `written ${file}, eval.csv, eval.md, eval.html, plots/*.svg`,
  ];
  const shown = { ...summary, tracking: tracking && withoutObjects(tracking), ...more, file };
  print(options, shown, text.join('\n'));
  if (gate && !gate.passed) process.exitCode = EXIT.failure;
}

function describeOptions({ clicks, first, maxImages, zoom, corrections }: EvalOptions): object {
  return {
    clicks,
    first,
    maxImages: isFinite(maxImages) ? maxImages : null,
    zoom: zoom ?? null,
    corrections,
  };
}

/** Without the record of each object. */
function withoutObjects<T extends { objects: unknown }>(
  value: T | null,
): Omit<T, 'objects'> | null {
  if (!value) return null;
  const { objects: _objects, ...figures } = value;
  return figures;
}

async function readObjects(path: string): Promise<ObjectRecord[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SonotrackError('SOURCE_NOT_FOUND', 'source', `cannot read ${path}`, { cause });
  });
  try {
    const { objects } = JSON.parse(text) as { objects?: ObjectRecord[] };
    if (Array.isArray(objects) && objects.every(({ dsc }) => Array.isArray(dsc))) return objects;
  } catch {
    // told below
  }
  throw new SonotrackError(
    'SOURCE_INVALID',
    'source',
    `expected the eval.json of another run for \`--compare\` but received ${path}`,
  );
}

interface Measured {
  clicks: ClickEvaluation | null;
  tracking: TrackingEvaluation | null;
  strips: Strip[];
  model: { device: DeviceInfo } | { comparator: string };
}

async function measure(
  dataSets: DataSet[],
  clips: Clip[],
  options: EvalOptions,
): Promise<Measured> {
  const { clicks, first, maxImages, zoom, comparator } = options;
  const images = dataSets.reduce((sum, set) => sum + chosenFiles(set, maxImages).length, 0);
  const frames = clips.reduce((sum, { files }) => sum + files.length, 0);
  const progress = createProgress(images + frames, {
    silent: options.json || options.quiet,
    unit: clips.length > 0 ? 'frames' : 'images',
  });
  let done = 0;
  const onImage = (): void => progress.update(++done);
  const settings = { clicks, first, maxImages, onImage };
  try {
    if (comparator) {
      const model = new Comparator(comparator);
      try {
        const result = await evaluateClicks(model, dataSets, settings);
        const strips = options.pictures ? await clickStrips(model, dataSets, result) : [];
        return { clicks: result, tracking: null, strips, model: { comparator } };
      } finally {
        await model.close();
      }
    }
    const work = async (device: Device): Promise<Measured> => {
      const result = dataSets.length ? await evaluateClicks(device, dataSets, settings) : null;
      const strips = result && options.pictures ? await clickStrips(device, dataSets, result) : [];
      const runs: ClipRun[] = [];
      const notFollowed: TrackingEvaluation['notFollowed'] = [];
      for (const clip of clips) {
        const strip = options.pictures ? new ClipStrip(`${clip.set}/${clip.name}`) : null;
        const followed = await runTracking(device, clip, {
          corrections: options.corrections,
          onFrame: async (...seen) => {
            await strip?.add(...seen);
            onImage();
          },
        });
        runs.push(...followed.runs);
        const labels = followed.notFollowed;
        if (labels.length > 0) notFollowed.push({ clip: `${clip.set}/${clip.name}`, labels });
        if (strip) strips.push(await strip.finish());
      }
      const names = new Map(clips.map((clip) => [`${clip.set}/${clip.name}`, clip.labels]));
      const nameOf = ({ set, clip, label }: ClipRun): string =>
        names.get(`${set}/${clip}`)?.[label] ?? `label ${label}`;
      return {
        clicks: result,
        tracking: clips.length > 0 ? evaluateTracking(runs, nameOf, notFollowed) : null,
        strips,
        model: { device: device.info },
      };
    };
    return await withDevice(options, work, zoom);
  } finally {
    progress.stop();
  }
}

/** One line a set: interventions, clicks, DSC. */
function trackingTable({ sets, notFollowed }: TrackingEvaluation): string {
  const table = columns([
    [
      'set',
      'clips',
      'objects',
      'interventions',
      'drop',
      'clicks',
      'DSC tracked',
      'final',
      '>= 0.90',
    ],
    ...Object.entries(sets).map(([name, f]) => [
      name,
      String(f.clips),
      String(f.objects),
      f.interventions.toFixed(2),
      f.drop === null ? '-' : f.drop.toFixed(3),
      f.clicks.toFixed(2),
      f.trackedDsc.toFixed(3),
      f.finalDsc.toFixed(3),
      f.over90.toFixed(2),
    ]),
  ]);
  const left = notFollowed.map(({ clip, labels }) => `${clip} ${labels.join(', ')}`);
  return left.length > 0 ? `${table}\nlabels not followed: ${left.join('; ')}` : table;
}

function comparisonText({ pairs, sets }: Comparison): string {
  const { dscByClick, noc85 } = sets.all;
  const [low, high] = dscByClick[0].interval.map((v) => (100 * v).toFixed(2));
  const points = (100 * dscByClick[0].mean).toFixed(2);
  return `against the other, over ${pairs} objects: ${points} points of DSC after one click (${low} to ${high}), ${noc85.mean.toFixed(2)} clicks to 0.85`;
}

const SHOWN_CLICKS = [1, 2, 3, 5, 10];

/** One line a set: DSC after some clicks, the best, clicks to 0.85, box. */
function tableOf({ sets, meanOfSets, setImageP50Ms, predictP50Ms }: ClickEvaluation): string {
  const shown = SHOWN_CLICKS.filter((k) => k <= meanOfSets.dscByClick.length);
  const head = ['set', 'objects', ...shown.map((k) => `DSC@${k}`), 'max', 'NoC85', 'box'];
  type Row = Pick<ClickFigures, 'dscByClick' | 'maxDsc' | 'noc85' | 'boxDsc'>;
  const row = (
    name: string,
    objects: string,
    { dscByClick, maxDsc, noc85, boxDsc }: Row,
  ): string[] => [
    name,
    objects,
    ...shown.map((k) => dscByClick[k - 1].toFixed(3)),
    maxDsc.toFixed(3),
    noc85.toFixed(2),
    boxDsc.toFixed(3),
  ];
  const rows = [
    head,
    ...Object.entries(sets).map(([name, set]) => row(name, String(set.objects), set)),
    row('mean of sets', '', meanOfSets),
  ];
  const time = `setImage ${setImageP50Ms.toFixed(1)} ms, predict ${predictP50Ms.toFixed(1)} ms (p50)`;
  return `${columns(rows)}\n${time}`;
}

/** One line a set: what is lost against the baseline, in points of DSC and in clicks. */
function gateTable({ sets, passed, bound }: GateResult): string {
  const points = (dsc: number): string => (100 * dsc).toFixed(2);
  const rows = [
    ['lost', 'DSC points', 'at click', 'NoC85', 'box', ''],
    ...Object.entries(sets).map(([name, loss]) => [
      name,
      points(loss.dsc),
      String(loss.atClick),
      loss.clicks.toFixed(2),
      points(loss.boxDsc),
      loss.passed ? 'passed' : 'FAILED',
    ]),
  ];
  const verdict = passed ? 'the gate is passed' : 'the gate is NOT passed';
  return `${columns(rows)}\n${verdict}: at most ${points(bound.dsc)} points and ${bound.clicks} clicks a set`;
}
