/** Bytes of a file by position, so that a frame costs the memory of a frame however long the recording is. */
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createUnzip } from 'node:zlib';
import { SonotrackError } from '../../runtime/errors.js';

/** Deflate never packs more than this many bytes into one (zlib's own bound), so a header that claims more lies. */
const MOST_DEFLATE_RATIO = 1032;

/** The failure of a file that cannot be read. */
export function damaged(path: string, reason: string, cause?: unknown): SonotrackError {
  return new SonotrackError('SOURCE_INVALID', 'source', `cannot read ${path}: ${reason}`, {
    cause,
  });
}

/** The failure of a file of a known kind in a form that is not read. */
export function unsupported(path: string, expected: string, received: string): SonotrackError {
  return new SonotrackError(
    'SOURCE_UNSUPPORTED',
    'source',
    `expected ${expected} for \`${path}\` but received ${received}`,
  );
}

export const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message.split('\n')[0] : String(cause);

export class RandomAccessFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #handle: FileHandle;
  readonly #dispose: () => Promise<void>;
  #closed = false;

  private constructor(
    path: string,
    handle: FileHandle,
    sizeBytes: number,
    dispose = async (): Promise<void> => undefined,
  ) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.#handle = handle;
    this.#dispose = dispose;
  }

  /** @throws SonotrackError SOURCE_NOT_FOUND */
  static async open(path: string): Promise<RandomAccessFile> {
    const handle = await open(path, 'r').catch((cause: unknown) => {
      throw new SonotrackError('SOURCE_NOT_FOUND', 'source', `there is no file at ${path}`, {
        cause,
      });
    });
    return new RandomAccessFile(path, handle, (await handle.stat()).size);
  }

  /**
   * A gzip or zlib file unpacked into a temporary one, which `close` removes: compressed bytes can only be read in order.
   * @param start where the compressed bytes begin
   * @param sizeBytes how many bytes must come out; unpacking stops there, and what follows is left alone
   * @throws SonotrackError SOURCE_INVALID when fewer come out or could come out
   */
  static async unpack(path: string, start: number, sizeBytes: number): Promise<RandomAccessFile> {
    const packed = await RandomAccessFile.open(path);
    await packed.close();
    if (sizeBytes > (packed.sizeBytes - start) * MOST_DEFLATE_RATIO) {
      throw damaged(path, `its header asks for ${sizeBytes} bytes, more than it can hold`);
    }
    const folder = await mkdtemp(join(tmpdir(), 'sonotrack-'));
    const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
    let handle: FileHandle | null = null;
    try {
      handle = await open(join(folder, 'unpacked'), 'wx+');
      const target = handle;
      let at = 0;
      const enough = new AbortController();
      const store = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          const part = chunk.subarray(0, sizeBytes - at);
          target.write(part, 0, part.length, at).then(() => {
            at += part.length;
            if (at >= sizeBytes) enough.abort();
            done();
          }, done);
        },
      }).resume();
      const { signal } = enough;
      await pipeline(createReadStream(path, { start }), createUnzip(), store, { signal }).catch(
        (cause: unknown) => {
          if (at >= sizeBytes) return;
          throw damaged(path, reasonOf(cause), cause);
        },
      );
      if (at < sizeBytes) throw damaged(path, `it holds ${at} of ${sizeBytes} bytes`);
      return new RandomAccessFile(path, handle, sizeBytes, dispose);
    } catch (cause) {
      await handle?.close();
      await dispose();
      throw cause;
    }
  }

  /** @throws SonotrackError SOURCE_INVALID when the file ends before */
  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, position + done);
      if (bytesRead === 0) {
        throw damaged(this.path, `it ends after ${position + done} of ${position + length} bytes`);
      }
      done += bytesRead;
    }
    return buffer;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
    await this.#dispose();
  }
}
