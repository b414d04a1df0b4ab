// Tables of measured figures: what `docs/results/NAME.json` becomes in a document. Each section takes its own figures and all
// of them, and gives paragraphs of Markdown.

const CLICKS = ['1', '2', '3', '5', '10'];
const UNSEEN = ['busi', 'camus_2ch', 'camus_4ch', 'mmotu'];

const number = (value, digits = 3) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((r) => `| ${r.join(' | ')} |`).join('\n');

export const SECTIONS = {
  clicks: (r) => {
    const rows = Object.entries(r.bySet).map(([set, f]) => [
      UNSEEN.includes(set) ? `**${set}**` : set,
      f.objects,
      ...CLICKS.map((k) => number(f.dscAt[k])),
      number(f.maxDsc),
      number(f.over80ByClick[4], 2),
      number(f.boxDsc),
    ]);
    const mean = r.overall.unseen?.bySet;
    if (mean) {
      const dsc = CLICKS.map((k) => number(mean.dscAt[k]));
      const rest = [number(mean.maxDsc), number(mean.over80ByClick[4], 2), number(mean.boxDsc)];
      rows.push(['**mean of the unseen sets**', mean.objects, ...dsc, ...rest]);
    }
    return [
      'Segmentation, INT8: mean DSC after simulated clicks, the best of ten and from a box, and the share of objects of at ' +
        'least 0.80 after five; sets in bold were never trained on.',
      table(['set', 'objects', ...CLICKS.map((k) => `DSC@${k}`), 'max', '≥ 0.80 @5', 'box'], rows),
    ];
  },
  tracking: (r, { loops, interventions: track }) => {
    const LABELS = { 1: 'LV', 2: 'myocardium', 3: 'LA' };
    const WORDS = { LV: 'cavity', myocardium: 'myocardium', LA: 'left atrium' }; // in the names of the pairs' labels
    const alone = ['copied', 'inverse_search'];
    const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
    const pairs = (label) =>
      mean(
        Object.entries(track.pairs.byLabel)
          .filter(([name]) => name.toLowerCase().includes(WORDS[label]))
          .map(([, f]) => f.dsc),
      );
    const part = (name, title, sdk) =>
      Object.entries(LABELS).map(([k, label]) => [
        `${title}, ${label}`,
        ...alone.map((b) => number(r[name][b].dice[k])),
        number(sdk(k, label)),
      ]);
    const rows = [
      ...part('loops', 'one cycle', (k) => loops.figures[k].mean),
      ...part('pairs', 'ED→ES in one step', (_, label) => pairs(label)),
      [
        'thyroid nodule',
        ...alone.map((b) => number(r.thyroid[b].dice.mean)),
        number(track.clips.freeByClip.Train_0002),
      ],
    ];
    return [
      'Tracking, INT8, never corrected: mean DSC of the first masks copied, of a classical dense flow (OpenCV DIS) that carries ' +
        'them from frame to frame, and of sonotrack; from the true first masks, sonotrack on the thyroid nodule from clicks.',
      table(['data', 'copied', 'DIS alone', 'sonotrack'], rows),
    ];
  },
  interventions: (r) => {
    const f = r.clips.figures;
    const q = r.quality.all;
    return [
      `The paper's loop (§4.3) on ${f.loops} clips, from clicks: ${number(f.interventionsPerObject, 2)} interventions an object and ` +
        `clip, ${number(100 * f.dropBeforeIntervention, 1)} points below 0.90 when one is needed, ` +
        `${number(f.correctiveClicksPerObject, 2)} corrective clicks an object; tracked DSC ${number(f.dscTracked)}, ` +
        `${number(f.dscFinal)} after corrections. \`ask\` finds ${number(100 * q.recall, 0)} % of the frames below 0.90 at a ` +
        `precision of ${number(q.precision, 2)}; \`quality\` is off by ${number(q.qualityError)} on average.`,
    ];
  },
  precision: (r) => {
    const rows = Object.entries(r.calls).map(([call, t]) => [
      `\`${call}\``,
      number(t.int8.p50Ms, 1),
      number(t.fp32.p50Ms, 1),
      number(t.ratioP50, 2),
    ]);
    return [
      `Time of a call, p50 in ms, interleaved in one run (${r.machine.cpu}, ${r.machine.cores} cores).`,
      table(['call', 'INT8', 'FP32', 'ratio'], rows),
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
  'click-to-mask': (r) => {
    const rows = Object.entries(r.bundles).map(([name, f]) => [
      name,
      ...['1', '3', '5'].map((k) => number(f.dscAt[k])),
      number(f.boxDsc),
      number(f.clickToMask.p50Ms, 1),
      number(f.reClick.p50Ms, 1),
    ]);
    return [
      `Mean over the sets of the DSC after clicks and from a box (at most ${r.maxImages} images of each), one pass a ` +
        'prediction; p50 in ms, in turns in one run, from a click on a new frame to its mask (`setImage` and `predict`) and of ' +
        `one more click (${r.machine.cpu}, ${r.machine.cores} cores).`,
      table(['bundle', '@1', '@3', '@5', 'box', 'click to mask', 're-click'], rows),
    ];
  },
  teachers: (r) => {
    const columns = ['@1', '@3', '@5', 'box'];
    const rows = Object.entries(r.meanOfSets).map(([name, f]) => [
      name,
      ...columns.map((c) => number(f[c])),
    ]);
    return [
      'Teachers made of the released weights, on validation patients and synthetic hearts, mean over sets:',
      table(['teacher', ...columns], rows),
    ];
  },
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
  zoom: (r, all) => {
    const row = (name, { meanOfSets: m }) => [
      name,
      ...CLICKS.map((k) => number(m.dscByClick[k - 1])),
      number(m.maxDsc),
      number(m.boxDsc),
    ];
    return [
      'Mean over the eight sets, all images, with the second look and without:',
      table(
        ['zoom', ...CLICKS.map((k) => `@${k}`), 'max', 'box'],
        [row('box-and-clicks (default)', all.gate), row('off', r)],
      ),
    ];
  },
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
