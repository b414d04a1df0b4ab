/** Frames as an MP4 (H.264) by ffmpeg, in a process of its own that takes them through a pipe. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { SonotrackError } from '../../runtime/errors.js';
import { checkNumber, rangeError } from '../../runtime/validate.js';

export interface VideoForm {
  widthPx: number;
  heightPx: number;
  frameRateHz: number;
}

/** x264's constant quality: 0 loses nothing, 51 is the worst; 18 looks the same to the eye. */
const QUALITY = 18;

export class VideoWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #form: VideoForm;
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;
  readonly #ended: Promise<Error | null>;
  #complaint = '';

  /** Odd sides get a black column or row: H.264 halves its colours. The file appears whole or not at all. */
  constructor(path: string, form: VideoForm) {
    checkNumber(form.frameRateHz, 'frameRateHz', [0.1, 1000]);
    this.#path = path;
    this.#form = form;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    const size = `${form.widthPx}x${form.heightPx}`;
    const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', size, '-r', `${form.frameRateHz}`];
    this.#child = spawn(
      'ffmpeg',
      ['-v', 'error', '-y', ...input, '-i', 'pipe:0', '-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2']
        .concat(['-c:v', 'libx264', '-crf', String(QUALITY), '-pix_fmt', 'yuv420p'])
        .concat(['-movflags', '+faststart', '-f', 'mp4', `file:${this.#temporary}`]),
      { stdio: ['pipe', 'ignore', 'pipe'] },
    );
    this.#child.stderr.on('data', (data: Buffer) => (this.#complaint += data.toString()));
    // Its end is met in `write` or `finish`; a broken pipe on the way must not end the process.
    this.#child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', resolve);
      this.#child.once('close', (code) => resolve(code === 0 ? null : new Error(`code ${code}`)));
    });
  }

  /** Appends u8[heightPx, widthPx, 3]. @throws RangeError for another size, SonotrackError WRITE_FAILED */
  async write(rgb: Uint8Array): Promise<void> {
    const { widthPx, heightPx } = this.#form;
    if (rgb.length !== widthPx * heightPx * 3) {
      throw rangeError(`${widthPx * heightPx * 3} samples`, 'rgb', rgb);
    }
    if (this.#child.stdin.write(rgb)) return;
    const failure = await Promise.race([
      once(this.#child.stdin, 'drain').then(() => null),
      this.#ended.then((error) => error ?? new Error('it ended early')),
    ]);
    if (failure) throw this.#failed(failure);
  }

  /** Puts the file in its place. @throws SonotrackError WRITE_FAILED */
  async finish(): Promise<void> {
    this.#child.stdin.end();
    const failure = await this.#ended;
    try {
      if (failure) throw failure;
      await rename(this.#temporary, this.#path);
    } catch (cause) {
      await this.abort();
      throw this.#failed(cause);
    }
  }

  /** Leaves nothing behind. Idempotent. */
  async abort(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    await rm(this.#temporary, { force: true });
  }

  #failed(cause: unknown): SonotrackError {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing
      ? 'there is no ffmpeg on the PATH'
      : this.#complaint.trim().split('\n')[0] || String(cause);
    return new SonotrackError('WRITE_FAILED', 'write', `cannot write ${this.#path}: ${reason}`, {
      cause,
    });
  }
}
