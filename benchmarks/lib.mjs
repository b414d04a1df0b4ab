// Shared by the scenarios: interleaved timing, quantiles, and one JSON file a run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSource } from 'sonotrack';
import { quantile } from '../dist/eval/figures.js';

export { quantile } from '../dist/eval/figures.js';
export { disc, thereAndBack } from '../dist/eval/speed.js';

const WARM_UP = 8;

/** The processor's name, and its generation where Linux tells it: virtual machines call every one of a maker's the same. */
function cpuName() {
  const name = cpus()[0].model.trim();
  const info = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const [, family] = /^cpu family\s*: (\d+)$/m.exec(info) ?? [];
  const [, model] = /^model\s*: (\d+)$/m.exec(info) ?? [];
  return family && model ? `${name}, family ${family} model ${model}` : name;
}

export const summary = (values) => ({
  n: values.length,
  p50Ms: quantile(values, 0.5),
  p95Ms: quantile(values, 0.95),
  p99Ms: quantile(values, 0.99),
});

/**
 * Times `call(subject, round)` for all subjects in turns (A B, B A, …), so that each meets the same machine; the first
 * rounds are thrown away. Returns ms per subject, in the subjects' order. `pauseMs` before each call: for subjects whose
 * threads spin for a while after a call, and would take from the next one's.
 */
export async function inTurns(subjects, rounds, call, pauseMs = 0) {
  const ms = subjects.map(() => []);
  for (let round = 0; round < rounds + WARM_UP; round++) {
    const order = subjects.map((_, i) => i);
    if (round % 2) order.reverse();
    for (const i of order) {
      if (pauseMs > 0) await delay(pauseMs);
      const began = performance.now();
      await call(subjects[i], round);
      if (round >= WARM_UP) ms[i].push(performance.now() - began);
    }
  }
  return ms;
}

/** The first `count` frames of the phantom, kept in memory. */
export async function phantomFrames(count, seed = 1) {
  const source = await openSource(`phantom:?seed=${seed}&frames=${count}`);
  const frames = [];
  for await (const frame of source) frames.push(frame);
  await source.close();
  return frames;
}

/** As many ports of loopback that nobody listens on. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** `sonotrack serve` in a process of its own, ready. */
export async function serve(...args) {
  const child = spawn(process.execPath, [CLI, 'serve', '--quiet', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [ready] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, url: ready.split(' ')[1] };
}

/** Prints the result and, where `--out FILE` was given, writes it: beside the file first, then renamed. */
export function report(result, out) {
  const full = {
    ...result,
    machine: { cpu: cpuName(), cores: cpus().length, node: process.version },
    date: new Date().toISOString().slice(0, 10),
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
  };
  const text = JSON.stringify(
    full,
    (_, v) => (typeof v === 'number' ? Number(v.toFixed(3)) : v),
    2,
  );
  console.log(text);
  if (!out) return;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(`${out}.partial`, `${text}\n`);
  renameSync(`${out}.partial`, out);
}
