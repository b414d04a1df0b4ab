/**
 * Frames from an OpenIGTLink server (PLUS, 3D Slicer, a scanner's own): `openigtlink://HOST:PORT?device=NAME`. The client
 * reads as fast as its consumer does; until then the sender waits, so that nothing is lost on the way.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SonotrackError } from '../../../runtime/errors.js';
import { nearest, rangeError } from '../../../runtime/validate.js';
import { MAX_SIDE_PX } from '../../../sdk/mask.js';
import type { Frame, FrameSource, SourceInfo, SpacingMm } from '../../../sdk/types.js';
import { ByteReader } from '../byte-reader.js';
import type { Playback } from '../playback.js';
import { reasonOf } from '../random-access.js';
import {
  mappingOf,
  SAMPLE_TYPES,
  toGray,
  type GrayMapping,
  type SampleFormat,
} from '../samples.js';
import { StreamedSource } from '../streamed.js';
import { crc64 } from './crc64.js';
import {
  contentOf,
  HEADER_BYTES,
  parseHeader,
  parseImage,
  parseStatus,
  parseTransform,
  type ImageMessage,
  type StatusMessage,
} from './messages.js';

/** The port that IANA gave OpenIGTLink. */
const DEFAULT_PORT = 18944;
const CONNECT_MS = 10_000;
/** A larger message is refused: 512 MiB hold any picture that is read. */
const MOST_BODY_BYTES = 512 * 2 ** 20;

export interface OpenIgtLinkSettings extends Playback {
  frameRateHz: number | null;
  spacingMm: SpacingMm | null;
}

/** What came over the connection so far. */
export interface OpenIgtLinkCounters {
  images: number;
  transforms: number;
  statuses: number;
  /** Messages of other types or devices, passed over. */
  others: number;
  /** Messages that were dropped: a wrong checksum, or a body that does not fit its type. Each raises a process warning. */
  damaged: number;
}

export interface OpenIgtLinkSource extends FrameSource {
  readonly counters: Readonly<OpenIgtLinkCounters>;
  /** The last pose and the last status that the server sent; null before. */
  readonly transform: readonly number[] | null;
  readonly status: Readonly<StatusMessage> | null;
}

/** @throws RangeError for another URI */
export function parseOpenIgtLinkUri(uri: string): {
  host: string;
  port: number;
  device: string | null;
} {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  if (!url?.hostname) throw rangeError('openigtlink://HOST[:PORT][?device=NAME]', 'uri', uri);
  for (const key of url.searchParams.keys()) {
    if (key === 'device') continue;
    const meant = nearest(key, ['device']);
    throw rangeError(`only \`device\` (${meant ? 'did you mean it?' : 'no other'})`, key, uri);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || DEFAULT_PORT),
    device: url.searchParams.get('device'),
  };
}

/**
 * Connects and waits for the first picture, which gives size, channels and spacing.
 * @throws SonotrackError SOURCE_NOT_FOUND when nobody answers, SOURCE_INVALID when no picture comes within 10 s
 */
export async function openOpenIgtLink(
  uri: string,
  settings: OpenIgtLinkSettings,
): Promise<OpenIgtLinkSource> {
  const { host, port, device } = parseOpenIgtLinkUri(uri);
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
  } catch (cause) {
    socket.destroy();
    throw new SonotrackError('SOURCE_NOT_FOUND', 'source', `nobody answers at ${uri}`, { cause });
  }
  const receiver = new Receiver(socket, device, settings.spacingMm);
  try {
    const timer = setTimeout(
      () => socket.destroy(new Error(`no picture within ${CONNECT_MS} ms`)),
      CONNECT_MS,
    );
    const first = await receiver.next().finally(() => clearTimeout(timer));
    if (!first) throw new Error('the server ended the connection before a picture came');
    return new ConnectedSource(receiver, first, settings);
  } catch (cause) {
    socket.destroy();
    throw new SonotrackError('SOURCE_INVALID', 'source', `${uri}: ${reasonOf(cause)}`, { cause });
  }
}

class ConnectedSource extends StreamedSource implements OpenIgtLinkSource {
  readonly #receiver: Receiver;

  constructor(receiver: Receiver, first: Frame, settings: OpenIgtLinkSettings) {
    const { widthPx, heightPx, channels, spacingMm = null } = first;
    const info: SourceInfo = {
      kind: 'openigtlink',
      frames: null,
      widthPx,
      heightPx,
      channels,
      frameRateHz: settings.frameRateHz,
      spacingMm,
      regions: [],
      modality: null,
    };
    let waiting: Frame | null = first;
    async function* frames(signal: AbortSignal): AsyncGenerator<Frame> {
      signal.addEventListener('abort', () => receiver.close(), { once: true });
      while (!signal.aborted) {
        const frame = waiting ?? (await receiver.next());
        waiting = null;
        if (!frame) return;
        yield frame;
      }
    }
    // The sender sets the pace; a connection cannot start again.
    super(info, frames, { ...settings, realtime: false, loop: false });
    this.#receiver = receiver;
  }

  get counters(): Readonly<OpenIgtLinkCounters> {
    return this.#receiver.counters;
  }
  get transform(): readonly number[] | null {
    return this.#receiver.transform;
  }
  get status(): Readonly<StatusMessage> | null {
    return this.#receiver.status;
  }

  override async close(): Promise<void> {
    await super.close();
    this.#receiver.close();
  }
}

class Receiver {
  readonly counters: OpenIgtLinkCounters = {
    images: 0,
    transforms: 0,
    statuses: 0,
    others: 0,
    damaged: 0,
  };
  transform: readonly number[] | null = null;
  status: Readonly<StatusMessage> | null = null;
  readonly #socket: Socket;
  readonly #device: string | null;
  readonly #spacingMm: SpacingMm | null;
  readonly #reader: ByteReader;
  #firstNs: bigint | null = null;
  /** Slices of the last picture that have not been handed out. */
  readonly #slices: Frame[] = [];

  constructor(socket: Socket, device: string | null, spacingMm: SpacingMm | null) {
    this.#socket = socket;
    this.#device = device;
    this.#spacingMm = spacingMm;
    this.#reader = new ByteReader(socket);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The next picture; null when the server ends the connection between messages. @throws Error when it breaks */
  async next(): Promise<Frame | null> {
    for (;;) {
      const slice = this.#slices.shift();
      if (slice) return slice;
      const head = await this.#reader.read(HEADER_BYTES);
      if (!head) return null;
      const header = parseHeader(head);
      if (header.bodyBytes > MOST_BODY_BYTES) {
        throw new Error(`a message of ${header.bodyBytes} bytes`);
      }
      const body = (await this.#reader.read(header.bodyBytes)) ?? Buffer.alloc(0);
      if (crc64(body) !== header.crc) {
        this.#drop(header.type, 'its checksum is wrong');
        continue;
      }
      try {
        if (this.#device !== null && header.device !== this.#device) this.counters.others += 1;
        else this.#take(header.type, contentOf(header, body), header.timeNs);
      } catch (error) {
        this.#drop(header.type, reasonOf(error));
      }
    }
  }

  #take(type: string, content: Buffer, timeNs: bigint): void {
    if (type === 'IMAGE') {
      const image = parseImage(content);
      if (image.widthPx > MAX_SIDE_PX || image.heightPx > MAX_SIDE_PX) {
        throw new Error(`an IMAGE of ${image.widthPx} × ${image.heightPx} px`);
      }
      this.#slices.push(...framesOf(image, this.#spacingMm, this.#sinceFirst(timeNs)));
      this.counters.images += 1;
    } else if (type === 'TRANSFORM') {
      this.transform = parseTransform(content);
      this.counters.transforms += 1;
    } else if (type === 'STATUS') {
      this.status = parseStatus(content);
      this.counters.statuses += 1;
    } else {
      this.counters.others += 1;
    }
  }

  #sinceFirst(timeNs: bigint): bigint | undefined {
    if (timeNs === 0n) return undefined;
    this.#firstNs ??= timeNs;
    return timeNs > this.#firstNs ? timeNs - this.#firstNs : 0n;
  }

  #drop(type: string, reason: string): void {
    this.counters.damaged += 1;
    process.emitWarning(
      `OpenIGTLink: ${this.counters.damaged} messages dropped, the last a ${type.replace(/\W/g, '')}: ${reason}`,
      { code: 'SONOTRACK_OPENIGTLINK' },
    );
  }
}

/** The picture, or each slice of a volume. Numbers of more than 8 bits are scaled by the depth of their type. */
function framesOf(
  image: ImageMessage,
  otherwise: SpacingMm | null,
  captureNs: bigint | undefined,
): Frame[] {
  const { widthPx, heightPx, channels, slices, data, spacingMm } = image;
  const bytes = data.length / slices;
  return Array.from({ length: slices }, (_, i) => ({
    data: grayOf(data.subarray(i * bytes, (i + 1) * bytes), image),
    widthPx,
    heightPx,
    channels,
    spacingMm: spacingMm ? { x: spacingMm.x, y: spacingMm.y } : otherwise,
    captureNs,
  }));
}

function grayOf(raw: Buffer, { sample, littleEndian }: ImageMessage): Uint8Array {
  if (sample === 'uint8') return Uint8Array.from(raw);
  const format: SampleFormat = { type: sample, littleEndian, slope: 1, intercept: 0 };
  const { bytes, whole } = SAMPLE_TYPES[sample];
  if (!whole) throw new Error(`an IMAGE of ${sample}`);
  const signed = sample.startsWith('int');
  const most = 2 ** (8 * bytes - (signed ? 1 : 0)) - 1;
  const mapping: GrayMapping = mappingOf(format, { least: signed ? -most - 1 : 0, most });
  return toGray(raw, format, mapping);
}
