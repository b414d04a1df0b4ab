/**
 * Decodes compressed frames in a thread, so that a slow or hostile stream holds up nothing else and ends in time. One
 * thread serves all sources of the process, a frame at a time: starting one takes longer than most frames.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SerialQueue } from '../../../runtime/serial-queue.js';
import type { DecodeReply, DecodeRequest } from './codec-worker.js';
import type { PixelFormat } from './pixels.js';

/** A frame that takes longer is given up, ms: JPEG 2000 of 1024 × 768 px takes a tenth of a second. */
const TIMEOUT_MS = 20_000;
const MOST_HEAP_MB = 1024;

const queue = new SerialQueue();
let idle: Worker | null = null;

/**
 * u8 gray or RGB of a compressed frame, whose bytes are handed over (their buffer is detached).
 * @throws Error when the stream is damaged or takes too long
 */
export const decodeInThread = (bytes: Uint8Array, format: PixelFormat): Promise<Uint8Array> =>
  queue.run(() => decode(bytes, format));

async function decode(bytes: Uint8Array, format: PixelFormat): Promise<Uint8Array> {
  const worker = idle ?? start();
  idle = null;
  worker.ref();
  const settled = new AbortController();
  const { signal } = settled;
  try {
    const request: DecodeRequest = { bytes, format };
    worker.postMessage(request, [bytes.buffer as ArrayBuffer]);
    const reply = await Promise.race([
      once(worker, 'message', { signal }).then(([message]) => message as DecodeReply),
      once(worker, 'exit', { signal }).then(() => failed('the decoder ended')),
      delay(TIMEOUT_MS, undefined, { signal }).then(() => failed('it took too long to decode')),
    ]);
    idle = worker;
    // An idle thread must not keep the process alive.
    worker.unref();
    if ('error' in reply) throw new Error(reply.error);
    return reply.pixels;
  } finally {
    settled.abort();
    // A thread that failed is not used again.
    if (idle !== worker) await worker.terminate();
  }
}

function failed(reason: string): never {
  throw new Error(reason);
}

function start(): Worker {
  const worker = new Worker(new URL('./codec-worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
  });
  // A thread that fails between frames is replaced at the next.
  worker.on('error', () => {
    if (idle === worker) idle = null;
  });
  return worker;
}
