/** Writes what a session shows to disk: pictures that `openSource` reads again, and the masks beside them. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { QueueChannel } from '../runtime/channels.js';
import { SonotrackError } from '../runtime/errors.js';
import { checkBoolean, checkObject, checkString } from '../runtime/validate.js';
import { blankOutside, type FanMask } from './fan.js';
import type { LiveResult, ObjectLabel } from './types.js';

export interface RecordingOptions {
  /** Must not exist yet; until the recording ends it is called FOLDER.partial. */
  folder: string;
  /**
   * Keeps what lies outside of the ultrasound fan, where scanners burn in names and dates. Without, it is black, and
   * recording begins once the fan is known (after 30 frames of a geometry). Default: false.
   */
  keepText?: boolean;
}

export interface RecordingSummary {
  folder: string;
  /** Frames written, and frames that the disk was too slow for. */
  frames: number;
  dropped: number;
  /** Whether everything outside of the fan is black on every frame; false where no fan was found. */
  textRemoved: boolean;
}

/** Frames held for a slow disk. */
const MOST_WAITING = 32;
const PNG = { compressionLevel: 2 };

interface Entry {
  result: LiveResult;
  labels: readonly ObjectLabel[];
  fan: FanMask | null;
}

/** One recording. `add` never waits; `stop` writes what waits and lets the folder appear. */
export class Recorder {
  readonly #folder: string;
  readonly #keepText: boolean;
  readonly #queue = new QueueChannel<Entry>(MOST_WAITING);
  readonly #written = new Set<number>();
  #lines: WriteStream | null = null;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown = null;
  #dropped = 0;
  #textRemoved: boolean;

  private constructor(folder: string, keepText: boolean) {
    this.#folder = folder;
    this.#keepText = keepText;
    this.#textRemoved = !keepText;
  }

  /** @throws TypeError, RangeError for a wrong option; SonotrackError WRITE_FAILED */
  static async start(options: RecordingOptions): Promise<Recorder> {
    const given = checkObject(options, 'options', ['folder', 'keepText']);
    const folder = checkString(given.folder, 'folder');
    const recorder = new Recorder(folder, checkBoolean(given.keepText ?? false, 'keepText'));
    const exists = await access(folder).then(
      () => true,
      () => false,
    );
    if (exists) throw writeFailed(folder, new Error('it exists already'));
    try {
      await mkdir(join(recorder.#partial, 'frames'), { recursive: true });
    } catch (cause) {
      throw writeFailed(folder, cause);
    }
    recorder.#lines = createWriteStream(join(recorder.#partial, 'results.jsonl'));
    recorder.#lines.on('error', (error) => (recorder.#failure ??= error));
    recorder.#writing = recorder.#write();
    return recorder;
  }

  /** @param fan undefined while it is not known yet: such frames are left out, unless text is kept */
  add(result: LiveResult, labels: readonly ObjectLabel[], fan: FanMask | null | undefined): void {
    if (fan === undefined && !this.#keepText) return;
    if (this.#queue.depth >= MOST_WAITING || this.#failure) {
      this.#dropped += 1;
      return;
    }
    void this.#queue.put({ result, labels, fan: fan ?? null });
  }

  /** @throws SonotrackError WRITE_FAILED; what was written stays in FOLDER.partial */
  async stop(): Promise<RecordingSummary> {
    this.#queue.close();
    await this.#writing;
    const summary: RecordingSummary = {
      folder: this.#folder,
      frames: this.#written.size,
      dropped: this.#dropped,
      textRemoved: this.#textRemoved,
    };
    try {
      if (this.#lines) await finished(this.#lines.end());
      if (this.#failure) throw this.#failure;
      const { folder: _folder, ...about } = summary;
      const text = `${JSON.stringify({ version: 1, ...about }, null, 2)}\n`;
      await writeFile(join(this.#partial, 'recording.json'), text);
      await rename(this.#partial, this.#folder);
    } catch (cause) {
      throw writeFailed(this.#folder, cause);
    }
    return summary;
  }

  get #partial(): string {
    return `${this.#folder}.partial`;
  }

  async #write(): Promise<void> {
    for await (const entry of this.#queue) {
      try {
        await this.#writeFrame(entry);
        this.#lines?.write(`${lineOf(entry)}\n`);
      } catch (error) {
        this.#failure ??= error;
      }
    }
  }

  /** A frame that is shown again has its picture on disk already. */
  async #writeFrame({ result: { frame, pixels }, fan }: Entry): Promise<void> {
    if (this.#written.has(frame.id)) return;
    if (!fan) this.#textRemoved = false;
    const data = fan && !this.#keepText ? blankOutside(pixels, fan) : pixels.data;
    const { widthPx: width, heightPx: height, channels } = pixels;
    const name = `${String(frame.id).padStart(10, '0')}.png`;
    await sharp(data, { raw: { width, height, channels } })
      .png(PNG)
      .toFile(join(this.#partial, 'frames', name));
    this.#written.add(frame.id);
  }
}

/** One line of results.jsonl; of several about the same frame the last one stands. */
function lineOf({ result: { frame, objects, revised }, labels }: Entry): string {
  const { id, captureNs, widthPx, heightPx, spacingMm } = frame;
  return JSON.stringify({
    frameId: id,
    captureNs: captureNs.toString(),
    widthPx,
    heightPx,
    spacingMm,
    revised,
    objects: objects.map(({ id: objectId, mask, quality, status }) => ({
      id: objectId,
      name: labels.find((label) => label.id === objectId)?.name ?? null,
      quality,
      status,
      areaPx: mask.areaPx,
      areaMm2: mask.areaMm2,
      box: mask.box,
      rle: mask.rle(),
    })),
  });
}

function writeFailed(folder: string, cause: unknown): SonotrackError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SonotrackError('WRITE_FAILED', 'write', `cannot record to ${folder}: ${reason}`, {
    cause,
  });
}
