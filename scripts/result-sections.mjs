// Tables of what the models can do: what `docs/results/NAME.json` becomes in a document. Each section takes its own figures and
// all of them, and gives paragraphs of Markdown.
import { number, table } from './result-tables.mjs';

const CLICKS = ['1', '2', '3', '5', '10'];
const UNSEEN = ['busi', 'camus_2ch', 'camus_4ch', 'mmotu'];

const range = ([low, high], digits) => `${number(low, digits)}–${number(high, digits)}`;
const withRange = (value, interval, digits = 3) =>
  `${number(value, digits)} (${range(interval, digits)})`;
/** A set, then its labels where it has several. */
const withLabels = ({ sets, labels }, row) =>
  Object.entries(sets).flatMap(([set, f]) => [
    row(UNSEEN.includes(set) ? `**${set}**` : set, f),
    ...Object.entries(labels[set] ?? {}).map(([label, g]) => row(`${set}: ${label}`, g)),
  ]);

const validation = ({ objectsPerSet }) =>
  `on validation patients and synthetic hearts (at most ${objectsPerSet} objects of a set), mean over sets`;
const validationTable = (title, { meanOfSets }, columns) =>
  table(
    [title, ...columns],
    Object.entries(meanOfSets).map(([name, f]) => [name, ...columns.map((c) => number(f[c]))]),
  );

/** Accuracy and time of several bundles, or of one by how often it looks. */
function clickToMask({ bundles, maxImages, machine }, title, what) {
  const rows = Object.entries(bundles).map(([name, f]) => [
    name,
    ...['1', '3', '5'].map((k) => number(f.dscAt[k])),
    number(f.boxDsc),
    ...[f.clickToMask, f.reClick, f.boxToMask].map(({ p50Ms }) => number(p50Ms, 1)),
  ]);
  const columns = ['@1', '@3', '@5', 'box', 'click to mask', 're-click', 'box to mask'];
  return [
    `Mean over the sets of the DSC after clicks and from a box (at most ${maxImages} images of each), ${what}; p50 in ms, in turns ` +
      'in one run, from a click or a box on a new frame to its mask (`setImage` and `predict`) and of one more click ' +
      `(${machine.cpu}, ${machine.cores} cores).`,
    table([title, ...columns], rows),
  ];
}

export const MODEL_SECTIONS = {
  evaluation: (r) => [
    `${Object.values(r.sets).reduce((sum, { images }) => sum + images, 0)} images of ${Object.keys(r.sets).length} sets. ` +
      'Mean over the objects of a set, with its 95 % confidence interval by bootstrap over images: DSC after simulated clicks, the ' +
      'best of ten and from a box, the share of objects of at least 0.80 after five, and the clicks to a DSC of 0.85 and 0.90 ' +
      `(NoC). Sets in bold were never trained on. Models ${r.device.models.bundle}, engine ${r.device.engine}.`,
    table(
      [
        'set',
        'objects',
        ...CLICKS.map((k) => `DSC@${k}`),
        'max',
        '≥ 0.80 @5',
        'NoC85',
        'NoC90',
        'box',
      ],
      withLabels(r, (name, f) => [
        name,
        f.objects,
        ...CLICKS.map((k) => withRange(f.dscByClick[k - 1], f.intervals.dscByClick[k - 1])),
        withRange(f.maxDsc, f.intervals.maxDsc),
        number(f.over80ByClick[4], 2),
        withRange(f.noc85, f.intervals.noc85, 2),
        withRange(f.noc90, f.intervals.noc90, 2),
        withRange(f.boxDsc, f.intervals.boxDsc),
      ]),
    ),
    "The paper's simulated expert (§4.3, Table 2), an object and clip: frames on which the tracked DSC fell below 0.90, by how much, " +
      'clicks there and with those that started it, DSC as tracked and after the corrections, and the share of frames of at least ' +
      '0.90 as tracked; in brackets the 95 % confidence interval by bootstrap over clips.',
    table(
      [
        'set',
        'clips',
        'objects',
        'interventions',
        'drop',
        'corrective clicks',
        'clicks',
        'tracked',
        'final',
        '≥ 0.90',
      ],
      withLabels(r.tracking, (name, f) => [
        name,
        f.clips,
        f.objects,
        withRange(f.interventions, f.intervals.interventions, 2),
        f.drop === null ? '–' : `${number(100 * f.drop, 1)} %`,
        withRange(f.correctiveClicks, f.intervals.correctiveClicks, 2),
        withRange(f.clicks, f.intervals.clicks, 2),
        withRange(f.trackedDsc, f.intervals.trackedDsc),
        withRange(f.finalDsc, f.intervals.finalDsc),
        number(f.over90, 2),
      ]),
    ),
  ],
  'annotate-loops': (r) => [
    `A simulated expert in a real browser, on ${r.loops.length} cardiac loops of three objects; clicks on the first frame until a DSC of ` +
      `${number(r.expert.start.dsc, 2)} or ${r.expert.start.clicks}, later at most ${r.expert.correct.clicks} where an object falls below ` +
      `${number(r.expert.correct.below, 2)}. Killed in the middle of the second loop: ${r.killed.masksOnDisk} masks were on disk, all whole, ` +
      `and ${r.killed.clicksAfterRestart} of ${r.killed.clicksOnDisk} clicks were there when it was started again.`,
    table(
      [
        'loop',
        'frames',
        'clicks',
        'clicks a frame',
        'interventions',
        'mean DSC: LV',
        'myocardium',
        'LA',
      ],
      r.loops.map((f) => [
        f.loop,
        f.frames,
        f.clicks,
        number(f.clicksPerFrame, 2),
        f.interventions,
        ...[1, 2, 3].map((label) => number(f.meanDsc[label])),
      ]),
    ),
  ],
  segmentation: (r) => {
    const row = (set, f) => [
      set,
      f.objects,
      ...CLICKS.map((k) => number(f.dscByClick[k - 1])),
      number(f.maxDsc),
      number(f.over80ByClick[4], 2),
      number(f.boxDsc),
    ];
    const sets = Object.entries(r.sets);
    const unseen = sets.filter(([set]) => UNSEEN.includes(set)).map(([, f]) => f);
    const mean = (pick) => unseen.reduce((sum, f) => sum + pick(f), 0) / unseen.length;
    const each = (key) => r.sets[UNSEEN[0]][key].map((_, i) => mean((f) => f[key][i]));
    const means = {
      objects: unseen.reduce((sum, { objects }) => sum + objects, 0),
      dscByClick: each('dscByClick'),
      over80ByClick: each('over80ByClick'),
      maxDsc: mean((f) => f.maxDsc),
      boxDsc: mean((f) => f.boxDsc),
    };
    return [
      'Segmentation, INT8: mean DSC after simulated clicks, the best of ten and from a box, and the share of objects of at ' +
        'least 0.80 after five; sets in bold were never trained on.',
      table(
        ['set', 'objects', ...CLICKS.map((k) => `DSC@${k}`), 'max', '≥ 0.80 @5', 'box'],
        [
          ...sets.map(([set, f]) => row(UNSEEN.includes(set) ? `**${set}**` : set, f)),
          row('**mean of the unseen sets**', means),
        ],
      ),
    ];
  },
  tracking: (r) => {
    const LABELS = { 1: 'LV', 2: 'myocardium', 3: 'LA' };
    const columns = ['copied', 'inverse_search', 'fp32', 'int8'];
    const part = (name, title, figures = 'dice') => {
      const labels = Object.keys(r[name].copied[figures]).filter((k) => k !== 'mean');
      const row = (k, label) => [
        `${title}${label}`,
        ...columns.map((c) => number(r[name][c][figures][k])),
      ];
      if (labels.length === 1) return [row('mean', '')];
      return labels.map((k) => row(k, `, ${LABELS[k]}`));
    };
    const { first_cycle: first, last_cycle: last } = r.long.int8;
    const drift = Math.max(...Object.keys(LABELS).map((k) => Math.abs(last[k] - first[k])));
    return [
      `Tracking from the true first masks, never corrected: mean DSC of these masks copied, of a classical dense flow (OpenCV DIS) ` +
        `that carries them from frame to frame, and of the tracker through the SDK. ${r.clips.loops} cine loops of one cycle, the same ` +
        `${r.cycles} times over with speckle of its own on every frame (the last cycle; the tracker's differs from its first by at most ` +
        `${number(drift)} on any label), ${r.clips.pairs} pairs, and a clip whose truth jumps:`,
      table(
        ['data', 'copied', 'DIS alone', 'tracker FP32', 'tracker INT8'],
        [
          ...part('loops', 'one cycle'),
          ...part('long', `${r.cycles} noisy cycles, the last`, 'last_cycle'),
          ...part('pairs', 'ED→ES in one step'),
          ...part('thyroid', 'thyroid nodule'),
        ],
      ),
    ];
  },
  'paper-loop': (r, all) => {
    const f = r.tracking.sets['cardiac loops'];
    const q = all.interventions.quality.all;
    return [
      `The paper's loop (§4.3) on ${f.clips} cardiac loops, from clicks: ${number(f.interventions, 2)} interventions an object and ` +
        `loop, ${number(100 * f.drop, 1)} points below 0.90 when one is needed, ${number(f.correctiveClicks, 1)} corrective clicks an ` +
        `object; tracked DSC ${number(f.trackedDsc)}, ${number(f.finalDsc)} after corrections. \`ask\` finds ` +
        `${number(100 * q.recall, 0)} % of the frames below 0.90 at a precision of ${number(q.precision, 2)}; \`quality\` is off by ` +
        `${number(q.qualityError)} on average.`,
    ];
  },
  parts: (r) => {
    const columns = ['@1', '@3', '@5', ' box'];
    const rows = Object.entries(r.variants).map(([name, f]) => [
      name,
      f.steps,
      ...['unseen', 'seen'].flatMap((group) => columns.map((c) => number(f[group + c]))),
    ]);
    return [
      `Each variant trained from the ImageNet backbone for ${r.minutes} minutes of processor time of ${r.workers} processes at ` +
        `${r.inputSizePx} px, without ${r.leftOut.join(', ')} (unseen); mean over sets of the DSC after clicks and from a box, on ` +
        'the unseen sets and on held-out patients of the others (seen).',
      table(
        [
          'variant',
          'steps',
          ...columns.map((c) => `unseen ${c.trim()}`),
          ...columns.map((c) => `seen ${c.trim()}`),
        ],
        rows,
      ),
    ];
  },
  'click-to-mask': (r) => clickToMask(r, 'bundle', 'one look a prediction'),
  teachers: (r) => [
    `Teachers made of the released weights, ${validation(r)}:`,
    validationTable('teacher', r, ['@1', '@3', '@5', 'box']),
  ],
  followed: (r) => [
    'DSC of a mask as a tracker leaves it (`left`), and after one, two and five clicks on its errors; what the model expects of ' +
      `these (\`expected\`); after clicks alone and from a box; ${validation(r)}:`,
    validationTable('weights', r, [
      ...['left', '+1', '+2', '+5', 'expected+1', 'expected+2', 'expected+5'],
      ...['@1', '@3', '@5', 'box'],
    ]),
  ],
  'local-change': (r) => [
    `Mean DSC when clicking begins and after ${r.rounds} rounds of corrections of objects below 0.90, rounds and clicks that an object ` +
      "needs, and rounds that left it worse by over 2 points; SonoSAMLite's answers whole, and as `Tracker.correct` takes them over; " +
      'validation patients, synthetic hearts, and hearts disturbed as no training picture is. ' +
      `Of corrected masks as they are followed (${r.followed.count}) a DSC of ${number(r.followed.expected)} is expected, ` +
      `${number(r.followed.reached)} reached.`,
    table(
      ['set', 'objects', 'answers', 'begin', 'end', 'rounds', 'clicks', 'worse'],
      Object.entries(r.sets).flatMap(([set, ways]) =>
        Object.entries(ways).map(([way, f]) => [
          set,
          f.objects,
          way,
          number(f.dsc[0]),
          number(f.dsc.at(-1)),
          number(f.interventions, 2),
          number(f.clicks, 2),
          number(f.harmed, 2),
        ]),
      ),
    ),
  ],
  gate: (r) => {
    const rows = Object.entries(r.gate.sets).map(([set, g]) => [
      set,
      number(100 * g.dsc, 2),
      g.atClick,
      number(g.clicks, 2),
      number(100 * g.boxDsc, 2),
    ]);
    const { dsc, clicks } = r.gate.bound;
    return [
      `Largest loss of INT8 against FP32 at any click (points of DSC, bound ${100 * dsc}), at which click, clicks more to a DSC ` +
        `of 0.85 (bound ${clicks}), and the loss from a box; negative: a gain. All images of the sets.`,
      table(['set', 'loss', 'at click', 'clicks to 0.85', 'box'], rows),
    ];
  },
  zoom: (r) => clickToMask(r, 'looks', 'the INT8 models at 256 px'),
  training: (runs) => {
    const meanOf = (bySet, click) => {
      const values = Object.values(bySet ?? {}).map((v) => (click === undefined ? v : v[click]));
      return values.reduce((a, b) => a + b, 0) / values.length;
    };
    const rows = Object.entries(runs).flatMap(([name, records]) =>
      records.map((r) => [
        name,
        r.step,
        ...[1, 3, 5].map((k) => number(meanOf(r.dsc, k - 1))),
        number(meanOf(r.box_single ?? r.box)),
      ]),
    );
    return [
      'Validation while training, mean over the sets of held-out patients and synthetic hearts; each run starts from the weights that were released before it:',
      table(['run', 'step', '@1', '@3', '@5', 'box'], rows),
    ];
  },
};
