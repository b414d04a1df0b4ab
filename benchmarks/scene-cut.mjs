// How well cuts are told from motion on real clips: `node benchmarks/scene-cut.mjs CLIPS… [--out FILE]`, each a folder of
// frames. Every clip is played alone (a cut there is a false alarm) and every ordered pair of clips of one size after each
// other (the cut between them is to be found).
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { openSource } from 'sonotrack';
import { SceneCutDetector } from '../dist/live/scene-cut.js';
import { report } from './lib.mjs';

const { values: options, positionals: folders } = parseArgs({
  options: { out: { type: 'string' } },
  allowPositionals: true,
});
if (folders.length < 2) throw new Error('expected at least two folders of frames');

async function framesOf(uri) {
  const source = await openSource(uri);
  const frames = [];
  for await (const frame of source) frames.push(frame);
  await source.close();
  return frames;
}

const clips = [];
for (const folder of folders) {
  clips.push({ name: basename(folder), frames: await framesOf(folder) });
}
for (const seed of [1, 2]) {
  clips.push({
    name: `phantom ${seed}`,
    frames: await framesOf(`phantom:?seed=${seed}&frames=60`),
  });
}

let [steps, falseAlarms, pairs, found] = [0, 0, 0, 0];
const alarmsByClip = {};
for (const { name, frames } of clips) {
  const detector = new SceneCutDetector();
  const alarms = frames.filter((frame) => detector.isCut(frame)).length;
  if (alarms > 0) alarmsByClip[name] = alarms;
  falseAlarms += alarms;
  steps += frames.length - 1;
}
const missed = [];
for (const first of clips) {
  for (const second of clips) {
    if (first === second) continue;
    const detector = new SceneCutDetector();
    for (const frame of first.frames) detector.isCut(frame);
    pairs += 1;
    if (detector.isCut(second.frames[0])) found += 1;
    else missed.push(`${first.name} → ${second.name}`);
  }
}
report(
  {
    scenario: 'scene-cut',
    clips: clips.length,
    steps,
    falseAlarms,
    alarmsByClip,
    pairs,
    found,
    foundShare: found / pairs,
    missed,
  },
  options.out,
);
