// Faults, and what the sonographer sees of them: `node benchmarks/faults.mjs [--only TEXT] [--out FILE]`. Needs mosquitto; what
// needs root on Linux (a full disk, too little memory) or libfaketime (a clock that jumps) is left out where that is missing.
// A viewer follows one object at 30 Hz while something real is killed, starved or lied to: `serve` with the real models in a
// process of its own, or, where inference itself must go wrong, a session in this one whose tracker does so on command.
// Recovery counts from the end of the fault to the next frame with the object.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createSession, openDevice, openSource, SonotrackError } from 'sonotrack';
import { WebSocket } from 'ws';
import { startServer } from '../dist/server/server.js';
import { decodeIngestCredit, encodeIngestFrame } from '../dist/wire/codec.js';
import { SIZE, Viewer, end, live } from './fault-tools.mjs';
import { freePorts, phantomFrames, report, serve, thereAndBack } from './lib.mjs';

const { values: options } = parseArgs({
  options: { only: { type: 'string', default: '' }, out: { type: 'string' } },
});
const RATE_HZ = 30;
const FAULT_MS = 3000;

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

/** The memory controller of Linux: version 1, or 2; null where it cannot be used. */
const MEMORY_GROUPS = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
const GROUP_FILES = {
  limit: ['memory.limit_in_bytes', 'memory.max'],
  usage: ['memory.usage_in_bytes', 'memory.current'],
};
const memoryGroup = (() => {
  if (process.getuid?.() !== 0) return null;
  const parent = MEMORY_GROUPS.find((dir) => existsSync(join(dir, 'cgroup.procs')));
  if (!parent) return null;
  const fileOf = (dir, kind) =>
    GROUP_FILES[kind].map((name) => join(dir, name)).find((file) => existsSync(file));
  const dir = join(parent, `sonotrack-faults-${process.pid}`);
  mkdirSync(dir);
  const [limit, usage] = [fileOf(dir, 'limit'), fileOf(dir, 'usage')];
  rmdirSync(dir);
  return limit && usage ? { parent, dir, limit, usage } : null;
})();

/** Its memory is limited to what it has, then to less, until the kernel kills it; it is started again with what it needs. */
async function memoryStarved() {
  const { parent, dir, limit, usage } = memoryGroup;
  const enter = (group) => writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
  const port = String((await freePorts(1))[0]);
  mkdirSync(dir);
  enter(dir); // what is started from here on belongs to the group
  let server = await serve('--port', port, '--source', 'phantom:');
  enter(parent);
  const viewer = new Viewer(server.url);
  try {
    await viewer.click(SIZE);
    return await viewer.through(async () => {
      const killed = once(server.child, 'exit');
      const squeeze = setInterval(() => {
        const bytes = Number(readFileSync(usage, 'utf8')) - 2 ** 20;
        try {
          writeFileSync(limit, String(bytes));
        } catch {
          // Nothing more can be taken from it: its next allocation is its last.
        }
      }, 20);
      const [, signal] = await killed;
      clearInterval(squeeze);
      if (signal !== 'SIGKILL') throw new Error(`expected SIGKILL by the kernel but saw ${signal}`);
      const beganMs = performance.now();
      server = await serve('--port', port, '--source', 'phantom:');
      return beganMs;
    }, false);
  } finally {
    viewer.client.close();
    await end(server.child);
    rmdirSync(dir);
  }
}

const FAKETIME = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find((file) => existsSync(file));

/** The wall clock of the server's process goes an hour ahead, then an hour back; its monotonic one goes on. */
async function clockJumps() {
  const dir = mkdtempSync(join(tmpdir(), 'sonotrack-faults-'));
  const file = join(dir, 'offset');
  const faked = {
    LD_PRELOAD: FAKETIME,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  writeFileSync(file, '+0');
  const [port] = await freePorts(1);
  const broker = spawn('mosquitto', ['-p', String(port)], { stdio: 'ignore' });
  Object.assign(process.env, faked); // for what `live` starts
  const mqtt = ['--mqtt', `mqtt://127.0.0.1:${port}`, '--telemetry-dir', join(dir, 'telemetry')];
  try {
    const running = live(
      (viewer) => {
        for (const name of Object.keys(faked)) delete process.env[name];
        return viewer.through(async () => {
          for (const offset of ['+3600', '-3600']) {
            writeFileSync(file, offset);
            await delay(FAULT_MS);
          }
        });
      },
      ...mqtt,
    );
    return await running;
  } finally {
    await end(broker);
    rmSync(dir, { recursive: true, force: true });
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

/** Sends the phantom over /ingest from frame `first` on, at most as fast as the session takes it. */
class Sender {
  closed;
  next;
  #socket;
  #credit = 0;
  #timer;

  constructor(url, frames, first = 0) {
    this.next = first;
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/ingest`);
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data) => (this.#credit += decodeIngestCredit(data)));
    this.closed = once(this.#socket, 'close').then(([code, reason]) => `${code} ${reason}`);
    this.#timer = setInterval(() => {
      if (this.#credit < 1) return;
      this.#credit -= 1;
      this.send(thereAndBack(frames, this.next++));
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
      fault(
        senders[0],
        () => senders.push(new Sender(server.url, frames, senders[0].next)),
        frames[0],
      ),
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
  ['memory runs out: the kernel kills the process, it is started again', memoryStarved],
  ['the wall clock jumps by an hour, ahead and back', clockJumps],
  ['another viewer hangs for 3 s and is killed', viewerHangs],
  ['every inference fails for 3 s', inferenceFails],
  ['no inference comes back for 3 s', inferenceHangs],
  ['the source goes for 3 s', sourceGone],
  ['the source lies about its size', sourceLies],
];
const faults = [];
/** What these need is not there on every machine. */
const isPossible = new Map([
  [diskFull, process.getuid?.() === 0],
  [memoryStarved, memoryGroup !== null],
  [clockJumps, FAKETIME !== undefined],
]);
for (const [fault, run] of FAULTS) {
  if (isPossible.get(run) === false || !fault.includes(options.only)) continue;
  faults.push({ fault, ...(await run()) });
  console.error(JSON.stringify(faults.at(-1)));
}
report({ scenario: 'faults', rateHz: RATE_HZ, faults }, options.out);
