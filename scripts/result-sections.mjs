// Tables of measured figures: what `docs/results/NAME.json` becomes in a document. Each section takes its own figures and all
// of them, and gives paragraphs of Markdown.

const CLICKS = ['1', '2', '3', '5', '10'];
const UNSEEN = ['busi', 'camus_2ch', 'camus_4ch', 'mmotu'];

const number = (value, digits = 3) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((r) => `| ${r.join(' | ')} |`).join('\n');

const range = ([low, high], digits) => `${number(low, digits)}–${number(high, digits)}`;
const withRange = (value, interval, digits = 3) =>
  `${number(value, digits)} (${range(interval, digits)})`;
/** A set, then its labels where it has several. */
const withLabels = ({ sets, labels }, row) =>
  Object.entries(sets).flatMap(([set, f]) => [
    row(UNSEEN.includes(set) ? `**${set}**` : set, f),
    ...Object.entries(labels[set] ?? {}).map(([label, g]) => row(`${set}: ${label}`, g)),
  ]);

export const SECTIONS = {
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
  streams: (r) => {
    const row = (name, f) => [
      name,
      number(f.seconds, 0),
      f.sent,
      f.received,
      f.tracked,
      f.droppedByTracking,
      f.lostOnTheWay + (f.damaged ?? 0),
      f.unaccounted,
    ];
    return [
      `Streams of ${r.rateHz} frames a second, both at once, into live tracking that takes the newest frame ` +
        `(${r.machine.cpu}, ${r.machine.cores} cores): frames sent, received, tracked, replaced by a newer one while tracking was ` +
        'busy, lost or damaged on the way, and not accounted for.',
      table(
        ['stream', 's', 'sent', 'received', 'tracked', 'replaced', 'lost', 'unaccounted'],
        [row('OpenIGTLink', r.openigtlink), row('ffmpeg', r.ffmpeg)],
      ),
    ];
  },
  faults: (r) => [
    `Faults while a viewer follows one object at ${r.rateHz} Hz (${r.machine.cpu}, ${r.machine.cores} cores): what the viewer was ` +
      'told, the longest time without a frame, and the time from the end of the fault to the next frame with the object (where ' +
      'the process was killed or tracking was given up, to the next frame: objects must be clicked again).',
    table(
      ['fault', 'told', 'longest gap, ms', 'recovery, ms'],
      r.faults.map((f) => [
        f.fault,
        f.saw.join('; '),
        number(f.longestGapMs, 0),
        number(f.recoveryMs, 0),
      ]),
    ),
  ],
  fuzz: (r) => [
    `Damaged files: ${r.files.toLocaleString('en')} of ${Object.keys(r.kinds).length} kinds, each read whole or refused by a clear error; ` +
      `a kind left the process at most ${Math.max(...Object.values(r.kinds).map((k) => k.growthMiB))} MiB larger (bound ${r.boundMiB}).`,
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
  'long-cine': (r) => {
    const rows = Object.entries(r.files).map(([name, f]) => [
      name,
      f.long.frames,
      number(f.long.fileMiB, 0),
      number(f.short.peakRssMiB, 0),
      number(f.long.peakRssMiB, 0),
      number(f.growthMiB, 0),
    ]);
    return [
      'Peak memory of a process that reads a cine from end to end, and of one that reads a hundredth of it; MiB.',
      table(['file', 'frames', 'size', 'peak, a hundredth', 'peak, all', 'difference'], rows),
    ];
  },
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
  live: (r) => {
    const percent = (share) => `${number(100 * share, 1)} %`;
    const row = (name, f) => [
      name,
      ...['p50Ms', 'p95Ms', 'p99Ms'].map((p) => number(f.glassToGlass[p], 1)),
      number(f.beyondInference.p50Ms, 1),
      number(f.beyondTracking.p50Ms, 1),
    ];
    return [
      `The live path at ${r.rateHz} frames a second with one object (${r.machine.cpu}, ${r.machine.cores} cores): one viewer slows ` +
        `tracking by ${percent(r.slowdownOf1)}, fifty by ${percent(r.slowdownOf50)}; two runs without any differ by ` +
        `${percent(r.noise)}. For one of the fifty that takes nothing, at most ${number(r.slowViewer.mostBacklogBytes / 1024, 0)} KiB ` +
        `are held (bound: ${number(r.slowViewer.boundBytes / 1024, 0)}). From capture to the viewer, ms:`,
      table(
        ['', 'p50', 'p95', 'p99', 'less the models, p50', 'less the tracker, p50'],
        [
          row('one viewer', r.viewers[1]),
          row('each of fifty', r.viewers[50]),
          ...(r.page ? [row('the page in Chromium, drawn', r.page)] : []),
        ],
      ),
    ];
  },
  'random-actions': (r) => {
    const actions = Object.values(r.actions).reduce(
      (sum, { done, refused }) => sum + done + refused,
      0,
    );
    return [
      `In ${r.minutes} minutes of random use (${actions} prompts, freezes, scrolls, changes of geometry, stalls and other actions, ` +
        `late and failing inference, ${r.connections} viewers that came and went), ${r.frames} frames with ${r.masked} masks ` +
        `arrived: ${r.wrongFrame} of them on another frame than their own, ${r.unhandled} unhandled rejections; memory grew by ` +
        `${number(r.rss.growthMiB, 1)} MiB after warm-up.`,
    ];
  },
  corrections: (r) => [
    `A stream of ${r.rateHz} frames a second for ${number(r.sent / r.rateHz / 60, 0)} minutes into the shipped models, two objects, a ` +
      `click every ${r.everySeconds} s (${r.clicks.onTheFrameShown} on the frame just shown, ${r.clicks.onAnEarlierFrame} on an earlier ` +
      `one): of ${r.sent} frames ${r.processed} were tracked, ${r.droppedByTracking} replaced by a newer one and counted, ` +
      `${r.unaccounted} not accounted for; of ${r.shown.masks} masks shown ${r.shown.onAnotherFrame} lay on another frame than their own. ` +
      `A tracker alone that made the same calls afterwards gave ${r.replay.differing} of ${r.replay.compared} masks differently.`,
  ],
  'tracking-time': ({ objects, partsP50Ms: parts, endurance: e, machine }) => [
    `A tracked frame takes ${number(objects.one.p50Ms, 1)} ms with one object and ${number(objects.ten.p50Ms, 1)} with ten (p50, ` +
      `INT8, ${machine.cpu}, ${machine.cores} cores), of which the models ${number(parts.inferenceMs, 1)}; frame ${e.frames} takes ` +
      `${number(e.ratio, 2)} times what frame 100 takes, and memory grew by ${number(e.rssGrowthMiB, 1)} MiB between them.`,
  ],
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
