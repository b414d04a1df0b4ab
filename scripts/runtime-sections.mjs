// Tables of how the runtime does, as result-sections.mjs has them of the models.
import { number, table } from './result-tables.mjs';

export const RUNTIME_SECTIONS = {
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
      `INT8, ${machine.cpu}, ${machine.cores} cores), of which the models ${number(parts.inferenceMs, 1)}; after ${e.frames} frames one takes ` +
      `${number(e.ratio, 2)} times what it takes after 100 (two trackers in turns on the same frames), and memory grew by ` +
      `${number(e.rssGrowthMiB, 1)} MiB meanwhile.`,
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
  engines: (r) => {
    const names = Object.keys(r.calls.track).filter((name) => name !== 'ratioP50');
    const rows = Object.entries(r.calls).map(([call, f]) => [
      `\`${call}\``,
      ...names.map((name) => number(f[name].p50Ms, 1)),
      ...names.slice(1).map((name) => number(f.ratioP50[name], 2)),
    ]);
    const { setImage, track } = r.native;
    return [
      `Whole calls, p50 in ms, in turns in one run (${r.machine.cpu}, ${r.machine.cores} cores). onnxruntime-node runs the same INT8 ` +
        'graphs, with preparation and flow in TypeScript; PyTorch runs the FP32 networks alone, without preparation or flow.',
      table(['call', ...names, ...names.slice(1).map((name) => `native / ${name}`)], rows),
      `Of the native engine's time, beyond the graphs' ${number(setImage.inferenceMs, 1)} ms, \`setImage\` takes ` +
        `${number(setImage.overheadMs, 1)} ms; \`track\` waits ${number(track.flowMs, 1)} ms for the flow and takes ` +
        `${number(track.overheadMs, 1)} ms besides flow and graphs (${number(track.inferenceMs, 1)} ms).`,
    ];
  },
  scaling: (r) => {
    const calls = Object.keys(r.runs[0].p50Ms);
    const { empty, full } = r.start;
    return [
      `By threads and how long they spin for work (µs), p50 in ms of whole calls, each setting in processes of its own, in turns (${r.machine.cpu}, ` +
        `${r.machine.cores} cores):`,
      table(
        ['threads, spin', ...calls.map((call) => `\`${call}\``)],
        r.runs.map((f) => [
          `${f.threads}, ${f.spinUs}`,
          ...calls.map((call) => number(f.p50Ms[call], 1)),
        ]),
      ),
      `From opening the device to the first mask ${number(full.firstMaskMs, 0)} ms with optimised graphs in the cache, ` +
        `${number(empty.firstMaskMs, 0)} ms without. The package is ${number(r.install.packedMiB, 0)} MiB packed, of which the models are ` +
        `most (${number(r.install.modelsMiB, 0)} MiB unpacked).`,
    ];
  },
  soak: (r) => {
    const row = (name, f) => [
      name,
      ...['track', 'glassToViewer'].flatMap((k) =>
        ['p50Ms', 'p95Ms', 'p99Ms'].map((p) => number(f[k][p], 1)),
      ),
    ];
    const { received, processed, dropped, skipped } = r.counted;
    const refused = Object.entries(r.clicks.refused).map(([code, n]) => `${n} ${code}`);
    return [
      `${r.minutes} minutes of \`serve\` at 30 frames a second: three objects, a click every ten seconds, ${r.viewers} viewers, MQTT to ` +
        `${r.broker} (${r.machine.cpu}, ${r.machine.cores} cores). Resident memory, median of the ` +
        `${r.windowMinutes} minutes after a warm-up of ${r.warmUpMinutes}: ${number(r.first.rssMiB, 0)} MiB; of the last ` +
        `${r.windowMinutes}: ${number(r.last.rssMiB, 0)} (${r.rssGrowthMiB < 0 ? '−' : '+'}${number(Math.abs(r.rssGrowthMiB), 1)}); ` +
        `at most ${number(r.mostRssMiB, 0)}. Of ${received} frames ${processed} were tracked, ` +
        `${dropped} replaced by a newer one and ${skipped} left out by the rate limit; ${r.unaccounted} were on their way when it was ` +
        `asked. Of ${r.clicks.made} clicks ${refused.length ? refused.join(', ') : 'none'} refused. p99 of the last ${r.windowMinutes} ` +
        `minutes over that of the first: ${number(r.trackP99Ratio, 2)} (track), ${number(r.glassToViewerP99Ratio, 2)} (capture to viewer).`,
      table(
        [
          'ms',
          ...['track', 'capture to viewer'].flatMap((k) =>
            ['p50', 'p95', 'p99'].map((p) => `${k} ${p}`),
          ),
        ],
        [
          row(`first ${r.windowMinutes} minutes`, r.first),
          row(`last ${r.windowMinutes} minutes`, r.last),
        ],
      ),
    ];
  },
  'fuzz-native': (r) => [
    `Native code, ${r.secondsEach} s each under AddressSanitizer and UndefinedBehaviorSanitizer:`,
    table(
      ['program', 'executions', 'edges reached', 'findings open'],
      Object.entries(r.programs).map(([name, f]) => [
        `\`${name}\``,
        f.executions.toLocaleString('en'),
        f.edges,
        f.findings,
      ]),
    ),
  ],
  'update-kills': (r) => [
    `Killed ${r.kills} times at random moments of installs and rollbacks: ${r.whole} times the store opened a whole, trusted bundle ` +
      `at the next start (in use then: ${Object.entries(r.inUse)
        .map(([version, n]) => `${version} ${n} times`)
        .join(', ')}).`,
  ],
};
