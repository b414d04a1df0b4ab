import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { chosenFiles, evaluateClicks, type ClickEvaluation } from '../eval/click-evaluation.js';
import type { FirstClick } from '../eval/click-until.js';
import { findDataSets, type DataSet } from '../eval/dataset.js';
import type { ClickFigures } from '../eval/figures.js';
import { gateOf, type GateResult } from '../eval/gate.js';
import { writeAtomically } from '../io/writers/atomic.js';
import { SonotrackError } from '../runtime/errors.js';
import { ZOOM_MODES, type ZoomMode } from '../runtime/zoom.js';
import type { DeviceInfo } from '../sdk/types.js';
import { EXIT } from './failure.js';
import { createProgress } from './progress.js';
import { columns, print, withDevice, type GlobalOptions } from './shared.js';

interface EvalOptions extends GlobalOptions {
  out: string;
  clicks: number;
  first: FirstClick;
  maxImages: number;
  zoom?: ZoomMode;
  baseline?: string;
}

const EXAMPLES = `
Examples:
  $ sonotrack eval data/ --out result
  $ sonotrack eval data/breast --out result --clicks 5 --max-images 20
  $ sonotrack eval data/ --out result --models-dir int8 --baseline fp32

DIR holds images/ID.png and masks/ID.png (a label map: every value is an object), or folders that do. Each object is
clicked on at its centroid, then where the answer is most wrong; its exact box is asked for too. Writes eval.json.`;

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .description('Measure segmentation by simulated clicks and boxes on annotated images.')
    .argument('<dir>', 'data set, or folder of data sets')
    .requiredOption('--out <dir>', 'folder for eval.json')
    .option('--clicks <n>', 'clicks an object', count, 10)
    .addOption(
      new Option('--first <place>', "first click: the object's centroid, or its innermost pixel")
        .choices(['centroid', 'innermost'])
        .default('centroid'),
    )
    .addOption(
      new Option('--zoom <mode>', 'second look at a crop (default: what the profile says)').choices(
        ZOOM_MODES,
      ),
    )
    .option(
      '--baseline <dir>',
      'another bundle of the same weights: fail when the measured one loses more than quantisation may',
    )
    .option('--max-images <n>', 'most images a set (default: all)', count, Infinity)
    .addHelpText('after', EXAMPLES);
  command.action((dir: string) => evaluate(dir, command.optsWithGlobals()));
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('expected an integer ≥ 1.');
  }
  return value;
}

async function evaluate(dir: string, options: EvalOptions): Promise<void> {
  const dataSets = await findDataSets(dir);
  const out = resolve(options.out);
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw new SonotrackError('WRITE_FAILED', 'write', `cannot create ${out}`, { cause });
  });
  const { clicks, first, maxImages, zoom, baseline: baselineDir } = options;
  const measured = await measure(dataSets, options);
  const baseline = baselineDir
    ? await measure(dataSets, { ...options, modelsDir: baselineDir })
    : undefined;
  const gate = baseline && gateOf(baseline.result.sets, measured.result.sets);
  const { objects, ...figures } = measured.result;
  const summary = {
    options: {
      clicks,
      first,
      maxImages: isFinite(maxImages) ? maxImages : null,
      zoom: zoom ?? null,
    },
    device: measured.device,
    ...figures,
    ...(gate && { gate }),
  };
  const file = join(out, 'eval.json');
  await writeAtomically(file, `${JSON.stringify({ ...summary, objects })}\n`);
  const text = [tableOf(measured.result), ...(gate ? [gateTable(gate)] : []), `written ${file}`];
  print(options, { ...summary, file }, text.join('\n'));
  if (gate && !gate.passed) process.exitCode = EXIT.failure;
}

async function measure(
  dataSets: DataSet[],
  options: EvalOptions,
): Promise<{ result: ClickEvaluation; device: DeviceInfo }> {
  const { clicks, first, maxImages, zoom } = options;
  const total = dataSets.reduce((sum, set) => sum + chosenFiles(set, maxImages).length, 0);
  const progress = createProgress(total, {
    silent: options.json || options.quiet,
    unit: 'images',
  });
  let done = 0;
  const onImage = (): void => progress.update(++done);
  try {
    return await withDevice(
      options,
      async (device) => ({
        result: await evaluateClicks(device, dataSets, { clicks, first, maxImages, onImage }),
        device: device.info,
      }),
      zoom,
    );
  } finally {
    progress.stop();
  }
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
