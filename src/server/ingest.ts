/** WS /ingest: frames of another process become the session's source. */
import uws, { type WebSocket, type WebSocketBehavior } from 'uWebSockets.js';
import type { Frame, FrameSource, SourceInfo } from '../sdk/types.js';
import { decodeIngestFrame, encodeIngestCredit, WireError } from '../wire/codec.js';

/** Frames that may be on their way at once; the sender gets one more for each that the session has taken. */
export const INGEST_CREDIT = 4;
const IDLE_S = 30;

/** One sender at a time; when it goes, the next one may come, and the session waits meanwhile. */
export class IngestSource implements FrameSource {
  readonly #waiting: Frame[] = [];
  #info: SourceInfo = {
    kind: 'ingest',
    frames: null,
    widthPx: 0,
    heightPx: 0,
    channels: 1,
    frameRateHz: null,
    spacingMm: null,
    regions: [],
    modality: 'US',
  };
  #nextId = 0;
  #frames = 0;
  #isClosed = false;
  #wake: () => void = () => undefined;
  #onTaken: () => void = () => undefined;
  #sender: WebSocket<unknown> | null = null;

  /** Sizes are 0 before the first frame. */
  get info(): SourceInfo {
    return this.#info;
  }

  /** Frames taken in so far. */
  get frames(): number {
    return this.#frames;
  }

  get isBusy(): boolean {
    return this.#sender !== null;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sender?.end(1001, 'the session ends');
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    while (!this.#isClosed) {
      const frame = this.#waiting.shift();
      if (!frame) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      this.#onTaken();
      yield frame;
    }
  }

  behaviour(maxPayloadLength: number): Omit<WebSocketBehavior<unknown>, 'upgrade'> {
    return {
      maxPayloadLength,
      idleTimeout: IDLE_S,
      sendPingsAutomatically: true,
      compression: uws.DISABLED,
      open: (socket) => this.#open(socket),
      message: (socket, message) => {
        // The message's memory is taken back when the handler returns.
        if (socket === this.#sender) this.#receive(socket, new Uint8Array(message.slice(0)));
      },
      close: (socket) => {
        if (socket === this.#sender) this.#sender = null;
      },
    };
  }

  #open(socket: WebSocket<unknown>): void {
    if (this.#sender || this.#isClosed) {
      socket.end(1013, 'another sender is connected');
      return;
    }
    this.#sender = socket;
    let credit = INGEST_CREDIT - this.#waiting.length;
    this.#onTaken = () => {
      if (socket !== this.#sender) return;
      credit += 1;
      socket.send(encodeIngestCredit(1), true);
    };
    this.#takeCredit = () => {
      credit -= 1;
      return credit >= 0;
    };
    socket.send(encodeIngestCredit(credit), true);
  }

  #takeCredit: () => boolean = () => false;

  #receive(socket: WebSocket<unknown>, bytes: Uint8Array): void {
    if (!this.#takeCredit()) {
      socket.end(1008, 'a frame without credit');
      return;
    }
    try {
      this.#put(bytes);
    } catch (error) {
      // A close reason holds 123 bytes.
      socket.end(1007, error instanceof WireError ? error.message.slice(0, 100) : 'malformed');
    }
  }

  #put(bytes: Uint8Array): void {
    const { id, captureNs, ...frame } = decodeIngestFrame(bytes);
    if (id !== null && id < this.#nextId) {
      throw new WireError(`\`id\` is ${id}, expected ${this.#nextId} or more`);
    }
    const given = id ?? this.#nextId;
    this.#nextId = given + 1;
    this.#frames += 1;
    const { widthPx, heightPx, channels, spacingMm } = frame;
    this.#info = { ...this.#info, widthPx, heightPx, channels, spacingMm };
    this.#waiting.push({ ...frame, id: given, captureNs: captureNs ?? process.hrtime.bigint() });
    this.#wake();
  }
}
