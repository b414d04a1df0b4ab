// What faults.mjs looks through: a viewer that notes what it sees and is told, on `serve` in a process of its own.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { openSource } from 'sonotrack';
import { connect } from 'sonotrack/client';
import { WebSocket } from 'ws';
import { serve } from './lib.mjs';

/** What a fault has not shown within this time, it does not show. */
const AFTER_MS = 1500;
const MOST_MS = 60_000;

/** Waits until `isSo()`; rejects when that takes too long. */
export async function until(isSo, what) {
  const endMs = performance.now() + MOST_MS;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`within ${MOST_MS / 1000} s not seen: ${what}`);
    await delay(5);
  }
}

/** Ends a process, unless it has ended. */
export async function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** A viewer: when its frames came and with how many objects, and what it was told meanwhile. */
export class Viewer {
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

/** Size of the phantom. */
export const SIZE = await (async () => {
  const source = await openSource('phantom:');
  const { widthPx, heightPx } = source.info;
  await source.close();
  return { widthPx, heightPx };
})();

/** A server with the real models and a viewer that follows an object. */
export async function live(run, ...args) {
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
