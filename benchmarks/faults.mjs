// Faults, and what the sonographer sees of them: `node benchmarks/faults.mjs [--out FILE]`. Needs mosquitto; a disk that is full
// needs root on Linux, and is left out otherwise. A viewer follows one object at 30 Hz while something real is killed, starved
// or lied to: `serve` with the real models in a process of its own, or, where inference itself must go wrong, a session in this
// one whose tracker does so on command. Recovery counts from the end of the fault to the next frame with the object.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSession, openDevice, openSource, SonotrackError } from 'sonotrack';
import { connect } from 'sonotrack/client';
import { WebSocket } from 'ws';
import { startServer } from '../dist/server/server.js';
import { decodeIngestCredit, encodeIngestFrame } from '../dist/wire/codec.js';
import { freePorts, phantomFrames, report, serve } from './lib.mjs';

const { values: options } = parseArgs({ options: { out: { type: 'string' } } });
const RATE_HZ = 30;
const FAULT_MS = 3000;
/** What a fault has not shown within this time, it does not show. */
const AFTER_MS = 1500;
const MOST_MS = 60_000;

async function until(isSo, what) {
  const endMs = performance.now() + MOST_MS;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`within ${MOST_MS / 1000} s not seen: ${what}`);
    await delay(5);
  }
}

async function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** A viewer: when its frames came and with how many objects, and what it was told meanwhile. */
class Viewer {
  frames = [];
  told = [];
  client;
  #state = null;

  constructor(url) {
    this.client = connect(url, { WebSocket, format: 'none' });
    this.client.on('frame', ({ id, objects }) => {
      this.frames.push({ id, atMs: performance.now(), objects: objects.length });
    });
    this.client.on('connection', ({ isConnected }) => {
      this.#tell(isConnected ? 'connected' : 'connection lost');
    });
    this.client.on('status', ({ state }) => {
      if (state !== this.#state) this.#tell(`state ${state}`);
      this.#state = state;
    });
    this.client.on('notice', ({ message }) => this.#tell(message));
  }

  #tell(text) {
    if (this.told.at(-1) !== text) this.told.push(text);
  }

  /** Clicks the middle of the newest frame; resolves when the object is shown. */
  async click({ widthPx, heightPx }) {
    await until(() => this.frames.length > 0, 'a frame');
    const point = { x: widthPx / 2, y: heightPx / 2, label: 1 };
    await this.client.prompt({ frameId: this.frames.at(-1).id, point });
    await this.nextFrame(performance.now(), true);
  }

  /** Resolves to when the first frame after `sinceMs` came, with an object where one is expected. */
  async nextFrame(sinceMs, isFollowed) {
    const found = () =>
      this.frames.find(({ atMs, objects }) => atMs >= sinceMs && (objects > 0 || !isFollowed));
    await until(found, isFollowed ? 'a frame with the object' : 'a frame');
    return found().atMs;
  }

  /** Runs a fault; `inject` resolves at its end. Gives what the viewer saw of it. */
  async through(inject, isObjectKept = true) {
    this.told.length = 0;
    const beganMs = performance.now();
    const endedMs = (await inject()) ?? performance.now();
    const backMs = await this.nextFrame(endedMs, isObjectKept);
    await delay(AFTER_MS);
    const times = [beganMs, ...this.frames.map(({ atMs }) => atMs).filter((at) => at > beganMs)];
    const gaps = times.slice(1).map((at, i) => at - times[i]);
    return {
      saw: this.told.length > 0 ? [...new Set(this.told)] : ['nothing'],
      longestGapMs: Math.max(...gaps),
      recoveryMs: Math.max(0, backMs - endedMs),
    };
  }
}

const SIZE = await (async () => {
  const source = await openSource('phantom:');
  const { widthPx, heightPx } = source.info;
  await source.close();
  return { widthPx, heightPx };
})();

/** A server with the real models and a viewer that follows an object. */
async function live(run, ...args) {
  const server = await serve('--port', '0', ...args);
  const viewer = new Viewer(server.url);
  try {
    await viewer.click(SIZE);
    return await run(viewer, server);
  } finally {
    viewer.client.close();
    await end(server.child);
  }
}

async function brokerKilled() {
  const [port] = await freePorts(1);
  const start = () => spawn('mosquitto', ['-p', String(port)], { stdio: 'ignore' });
  const dir = mkdtempSync(join(tmpdir(), 'sonotrack-faults-'));
  let broker = start();
  try {
    const mqtt = ['--mqtt', `mqtt://127.0.0.1:${port}`, '--telemetry-dir', dir];
    return await live(
      (viewer) =>
        viewer.through(async () => {
          await end(broker, 'SIGKILL');
          await delay(FAULT_MS);
          broker = start();
        }),
      ...mqtt,
    );
  } finally {
    await end(broker, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
}

/** No broker to send to, and a full disk of 64 KiB for what waits. */
async function diskFull() {
  const dir = mkdtempSync(join(tmpdir(), 'sonotrack-faults-'));
  const [port] = await freePorts(1);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]);
  try {
    return await live(
      (viewer) =>
        viewer.through(async () => {
          try {
            execFileSync('dd', ['if=/dev/zero', `of=${join(dir, 'full')}`], { stdio: 'ignore' });
          } catch {
            // It ends when nothing more fits, which is what it is for.
          }
          await delay(2 * FAULT_MS);
        }),
      '--mqtt',
      `mqtt://127.0.0.1:${port}`,
      '--telemetry-dir',
      dir,
    );
  } finally {
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true, force: true });
  }
}

const processStopped = () =>
  live((viewer, { child }) =>
    viewer.through(async () => {
      child.kill('SIGSTOP');
      await delay(FAULT_MS);
      child.kill('SIGCONT');
    }),
  );

/** Objects live in the process: after it they must be clicked again. */
async function processKilled() {
  const port = String((await freePorts(1))[0]);
  const start = () => serve('--port', port, '--source', 'phantom:');
  let server = await start();
  const viewer = new Viewer(server.url);
  try {
    await viewer.click(SIZE);
    return await viewer.through(async () => {
      await end(server.child, 'SIGKILL');
      const beganMs = performance.now();
      server = await start();
      return beganMs;
    }, false);
  } finally {
    viewer.client.close();
    await end(server.child);
  }
}

/** A page that was left open on a machine that sleeps. */
const viewerHangs = () =>
  live((viewer, { url }) =>
    viewer.through(async () => {
      const script = `
        import { connect } from ${JSON.stringify(import.meta.resolve('sonotrack/client'))};
        import { WebSocket } from ${JSON.stringify(import.meta.resolve('ws'))};
        connect(${JSON.stringify(url)}, { WebSocket }).on('hello', () => console.log('hello'));`;
      const other = spawn(process.execPath, ['--input-type=module', '-e', script]);
      await once(other.stdout, 'data');
      other.kill('SIGSTOP');
      await delay(FAULT_MS);
      await end(other, 'SIGKILL');
    }),
  );

/** Sends the phantom over /ingest, at most as fast as the session takes it. */
class Sender {
  closed;
  #socket;
  #credit = 0;
  #timer;

  constructor(url, frames) {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/ingest`);
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data) => (this.#credit += decodeIngestCredit(data)));
    this.closed = once(this.#socket, 'close').then(([code, reason]) => `${code} ${reason}`);
    let sent = 0;
    this.#timer = setInterval(() => {
      if (this.#credit < 1) return;
      this.#credit -= 1;
      this.send(frames[sent++ % frames.length]);
    }, 1000 / RATE_HZ);
  }

  send({ data, widthPx, heightPx, channels, spacingMm }) {
    const frame = { id: null, captureNs: process.hrtime.bigint(), spacingMm };
    this.#socket.send(encodeIngestFrame({ ...frame, data, widthPx, heightPx, channels }));
  }

  stop() {
    clearInterval(this.#timer);
    this.#socket.terminate();
  }
}

async function ingested(fault) {
  const frames = await phantomFrames(60);
  const server = await serve('--port', '0', '--source', 'ingest:');
  const senders = [new Sender(server.url, frames)];
  const viewer = new Viewer(server.url);
  try {
    await viewer.click(frames[0]);
    return await viewer.through(() =>
      fault(senders[0], () => senders.push(new Sender(server.url, frames)), frames[0]),
    );
  } finally {
    viewer.client.close();
    for (const sender of senders) sender.stop();
    await end(server.child);
  }
}

const sourceGone = () =>
  ingested(async (sender, startAnother) => {
    sender.stop();
    await delay(FAULT_MS);
    startAnother();
  });

const sourceLies = async () => {
  let refusal = '';
  const result = await ingested(async (sender, startAnother, frame) => {
    sender.send({ ...frame, widthPx: frame.widthPx + 1 });
    refusal = await sender.closed;
    sender.stop();
    startAnother();
  });
  return { ...result, saw: [...result.saw, `the sender: ${refusal}`] };
};

/**
 * A session on the real models in this process, whose tracker does `wrong.before` first, and a viewer: the failures of
 * inference that no signal from outside makes.
 */
async function inference(wrongly, isObjectKept) {
  const device = await openDevice();
  const wrong = { before: async () => undefined };
  const faulty = {
    info: device.info,
    setImage: (frame) => device.setImage(frame),
    createTracker: async (settings) => {
      const tracker = await device.createTracker(settings);
      const track = tracker.track.bind(tracker);
      tracker.track = async (frame) => {
        await wrong.before();
        return track(frame);
      };
      return tracker;
    },
  };
  const source = await openSource('phantom:', { realtime: true, loop: true });
  const server = await startServer({
    port: 0,
    pageDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    device: device.info,
    source: () => source.info,
  });
  const session = createSession({ source, device: faulty, publishers: [server.publisher] });
  server.attach(session);
  const viewer = new Viewer(server.url);
  try {
    await viewer.click(SIZE);
    return await viewer.through(async () => {
      wrong.before = wrongly;
      await delay(FAULT_MS);
      wrong.before = async () => undefined;
    }, isObjectKept);
  } finally {
    viewer.client.close();
    await session.close();
    await server.close();
    await device.close();
  }
}

/** A tracker that fails at once again is given up, and its objects must be clicked again. */
const inferenceFails = () =>
  inference(async () => {
    throw new SonotrackError('INFERENCE_FAILED', 'track', 'an illegal memory access');
  }, false);

/** The first call hangs to the end of the fault; none is begun beside it. */
const inferenceHangs = () => inference(() => delay(FAULT_MS), true);

const FAULTS = [
  ['the broker is killed for 3 s', brokerKilled],
  ['the disk of the telemetry is full, the broker away', diskFull],
  ['the process is stopped for 3 s (SIGSTOP)', processStopped],
  ['the process is killed (SIGKILL) and started again', processKilled],
  ['another viewer hangs for 3 s and is killed', viewerHangs],
  ['every inference fails for 3 s', inferenceFails],
  ['no inference comes back for 3 s', inferenceHangs],
  ['the source goes for 3 s', sourceGone],
  ['the source lies about its size', sourceLies],
];
const faults = [];
for (const [fault, run] of FAULTS) {
  if (run === diskFull && process.getuid?.() !== 0) continue;
  faults.push({ fault, ...(await run()) });
  console.error(JSON.stringify(faults.at(-1)));
}
report({ scenario: 'faults', rateHz: RATE_HZ, faults }, options.out);
