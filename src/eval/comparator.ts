/**
 * Any outside model in the same tables: a process that gets images and prompts as lines of JSON on its standard input and
 * answers with masks on its standard output (docs/reference/comparator.md).
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { SonotrackError } from '../runtime/errors.js';
import { SerialQueue } from '../runtime/serial-queue.js';
import { Mask } from '../sdk/mask.js';
import type { Frame, Prompts } from '../sdk/types.js';

/** What an evaluation needs of a model; a `Device` is one. */
export interface Segmenter {
  setImage(frame: Frame): Promise<SegmenterImage>;
}

export interface SegmenterImage {
  readonly timings: { readonly totalMs: number };
  predict(prompts: Prompts): Promise<Mask>;
  close(): Promise<void>;
}

/** A model that gives no answer for so long is given up, ms. */
const ANSWER_MS = 300_000;

type Reply = { error?: string; size?: unknown; counts?: unknown };

export class Comparator implements Segmenter {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #queue = new SerialQueue();
  readonly #ended: Promise<string>;
  #images = 0;

  /** Starts `command` in a shell; what it writes on standard error is passed through. */
  constructor(command: string) {
    this.#child = spawn(command, { shell: true, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout });
    // Its end is met at the next question.
    this.#child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('close', (code) => resolve(`it ended with exit code ${String(code)}`));
    });
  }

  /** @throws SonotrackError INFERENCE_FAILED when the process fails, ends or takes too long */
  async setImage({ data, widthPx, heightPx, channels }: Frame): Promise<SegmenterImage> {
    const image = this.#images++;
    const began = performance.now();
    const pixels = Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
    await this.#ask({ type: 'image', image, widthPx, heightPx, channels, data: pixels });
    return {
      timings: { totalMs: performance.now() - began },
      predict: async ({ points = [], box = null, previous }) => {
        const rle = previous?.rle() ?? null;
        const reply = await this.#ask({ type: 'predict', image, points, box, previous: rle });
        return maskOf(reply, widthPx, heightPx);
      },
      close: async () => {
        await this.#ask({ type: 'close', image });
      },
    };
  }

  /** Ends the process. Idempotent. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    this.#child.kill();
    await this.#ended;
  }

  #ask(question: object): Promise<Reply> {
    return this.#queue.run(async () => {
      let timer: NodeJS.Timeout | undefined;
      const line = new Promise<string>((resolve) => this.#lines.once('line', resolve));
      this.#child.stdin.write(`${JSON.stringify(question)}\n`);
      const text = await Promise.race([
        line,
        this.#ended.then((reason) => Promise.reject(failed(reason))),
        new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(failed(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
        }),
      ]).finally(() => clearTimeout(timer));
      const reply = parse(text);
      if (reply.error !== undefined) throw failed(reply.error);
      return reply;
    });
  }
}

function failed(reason: string): SonotrackError {
  return new SonotrackError('INFERENCE_FAILED', 'predict', `the comparator failed: ${reason}`);
}

function parse(text: string): Reply {
  try {
    const reply: unknown = JSON.parse(text);
    if (typeof reply === 'object' && reply !== null) return reply;
  } catch {
    // told below
  }
  throw failed(`expected a JSON object on a line but received ${text.slice(0, 60)}`);
}

/** COCO run lengths → mask. */
function maskOf({ size, counts }: Reply, widthPx: number, heightPx: number): Mask {
  const [h, w] = Array.isArray(size) ? (size as unknown[]) : [];
  if (h !== heightPx || w !== widthPx || !Array.isArray(counts)) {
    throw failed(`expected a mask with \`size\` [${heightPx}, ${widthPx}] and \`counts\``);
  }
  const bitmap = new Uint8Array(widthPx * heightPx);
  let at = 0;
  for (const [k, count] of (counts as unknown[]).entries()) {
    if (!Number.isInteger(count) || Number(count) < 0 || at + Number(count) > bitmap.length) {
      throw failed('its run lengths do not fit the mask');
    }
    const end = at + Number(count);
    // Column by column, beginning with the background.
    for (; at < end; at += 1) {
      if (k % 2) bitmap[(at % heightPx) * widthPx + Math.floor(at / heightPx)] = 1;
    }
  }
  if (at !== bitmap.length) throw failed('its run lengths do not fill the mask');
  return Mask.fromBitmap(bitmap, widthPx, heightPx);
}
