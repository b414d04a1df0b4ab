/** WS /stream: frames with their masks to every viewer, commands from those that may. */
import uws, { type WebSocketBehavior, type WebSocket } from 'uWebSockets.js';
import type { LiveResult, Publisher, Session } from '../live/types.js';
import { decodeClientMessage, encodeServerMessage, WireError } from '../wire/codec.js';
import {
  PROTOCOL_VERSION,
  type ClientMessage,
  type Command,
  type PictureFormat,
  type Role,
  type ServerMessage,
} from '../wire/messages.js';
import { execute, NEEDED_ROLE, refusalOf, requireRole } from './commands.js';
import { encodeResult, FrameEncoder } from './encoder.js';
import { HttpError } from './exchange.js';
import type { Limits } from './limits.js';
import { Viewer } from './viewer.js';

/** Bytes held for a viewer beyond which the socket takes no more: some frames of the largest size. */
const MOST_BUFFERED = 64 * 2 ** 20;
/** Seconds without a pong after which a viewer counts as gone. */
const IDLE_S = 60;
/** Malformed messages of a viewer, after which it is cut off. */
const MOST_MALFORMED = 8;
/** A glass-to-glass time beyond this is no measurement: the clocks do not belong together. */
const MOST_GLASS_MS = 60_000;

interface ViewerData {
  role: Role;
  viewer: Viewer | null;
  malformed: number;
}

export interface StreamOptions {
  device: unknown;
  /** Asked for at every connection: of an ingested source more is known with time. */
  source: () => unknown;
  limits: Limits;
  recordDir: string | null;
  onGlassToGlass(ms: number): void;
}

export class StreamHub {
  readonly publisher: Publisher;
  /** The newest result; null before the first. */
  latest: LiveResult | null = null;
  readonly #options: StreamOptions;
  readonly #viewers = new Set<Viewer>();
  readonly #encoders = new Map<PictureFormat, FrameEncoder>();
  #session: Session | null = null;
  #device: unknown;
  #pastDrops = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#device = options.device;
    this.publisher = {
      name: 'viewers',
      onResult: (result) => this.#offer(result),
      onStatus: (status) =>
        this.#tellAll({ type: 'status', status: { ...status, objects: [...status.objects] } }),
      onLatency: ({ fps, stages, counters }) => {
        for (const viewer of this.#viewers) {
          const latency = { fps, stages: { ...stages }, counters, viewerDrops: viewer.drops };
          viewer.send(encodeServerMessage({ type: 'latency', latency }));
        }
      },
      onNotice: ({ kind, message }) => this.#tellAll({ type: 'notice', kind, message }),
    };
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Frames that slow viewers of all times did not get. */
  get drops(): number {
    return [...this.#viewers].reduce((sum, viewer) => sum + viewer.drops, this.#pastDrops);
  }

  /** The most that any viewer has on its way, bytes. */
  get backlogBytes(): number {
    return [...this.#viewers].reduce((most, viewer) => Math.max(most, viewer.backlogBytes), 0);
  }

  attach(session: Session | null): void {
    this.#session = session;
  }

  /** Another device runs from now on. */
  useDevice(device: unknown): void {
    this.#device = device;
    for (const viewer of this.#viewers) this.#greet(viewer);
  }

  /** Tells every viewer that the server goes, and gives what is on its way up to `ms` to arrive. */
  async drain(ms: number): Promise<void> {
    this.#tellAll({ type: 'notice', kind: 'closing', message: 'the server is shutting down' });
    const untilMs = performance.now() + ms;
    while (this.backlogBytes > 0 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const viewer of this.#viewers) viewer.end(1001, 'the server is shutting down');
  }

  behaviour(): Omit<WebSocketBehavior<ViewerData>, 'upgrade'> {
    return {
      maxPayloadLength: this.#options.limits.commandBytes,
      maxBackpressure: MOST_BUFFERED,
      idleTimeout: IDLE_S,
      sendPingsAutomatically: true,
      compression: uws.DISABLED,
      open: (socket) => {
        try {
          this.#connect(socket);
        } catch {
          // What the source or the device tell of themselves cannot be written.
          socket.end(1011, 'internal error');
        }
      },
      drain: (socket) => socket.getUserData().viewer?.drained(),
      message: (socket, message, isBinary) => {
        const bytes = isBinary ? new Uint8Array(message.slice(0)) : new Uint8Array();
        this.#receive(socket.getUserData(), bytes);
      },
      close: (socket) => this.#disconnect(socket),
    };
  }

  #connect(socket: WebSocket<ViewerData>): void {
    const data = socket.getUserData();
    const viewer = new Viewer(socket, data.role, this.#options.limits.commandsPerS);
    data.viewer = viewer;
    this.#viewers.add(viewer);
    this.#greet(viewer);
    if (!this.#session) return;
    const { status } = this.#session;
    const message: ServerMessage = {
      type: 'status',
      status: { ...status, objects: [...status.objects] },
    };
    viewer.send(encodeServerMessage(message));
  }

  #greet(viewer: Viewer): void {
    viewer.send(
      encodeServerMessage({
        type: 'hello',
        version: PROTOCOL_VERSION,
        device: this.#device,
        source: this.#options.source(),
        role: viewer.role,
      }),
    );
  }

  #disconnect(socket: WebSocket<ViewerData>): void {
    const { viewer } = socket.getUserData();
    if (!viewer) return;
    viewer.closed();
    this.#viewers.delete(viewer);
    this.#pastDrops += viewer.drops;
  }

  #receive(data: ViewerData, bytes: Uint8Array): void {
    const { viewer } = data;
    if (!viewer?.isOpen) return;
    let message: ClientMessage;
    try {
      message = decodeClientMessage(bytes);
    } catch (error) {
      data.malformed += 1;
      const { ref, message: reason } =
        error instanceof WireError ? error : new WireError('malformed');
      this.#refuse(viewer, ref, new HttpError('400 Bad Request', 'BAD_REQUEST', reason));
      if (data.malformed >= MOST_MALFORMED) viewer.end(1007, 'too many malformed messages');
      return;
    }
    switch (message.type) {
      case 'subscribe':
        this.#subscribe(viewer, message.format);
        break;
      case 'shown': {
        viewer.shown(message.count);
        const { glassToGlassMs: ms } = message;
        if (ms !== null && ms >= 0 && ms < MOST_GLASS_MS) this.#options.onGlassToGlass(ms);
        break;
      }
      case 'ping':
        viewer.send(
          encodeServerMessage({
            type: 'pong',
            clientMs: message.clientMs,
            serverNs: process.hrtime.bigint(),
          }),
        );
        break;
      default:
        void this.#command(viewer, message);
    }
  }

  async #command(viewer: Viewer, command: Command & { ref: number }): Promise<void> {
    const { ref } = command;
    try {
      if (!viewer.admits(performance.now())) {
        throw new HttpError(
          '429 Too Many Requests',
          'TOO_MANY',
          'too many commands within a second',
        );
      }
      requireRole(viewer.role, NEEDED_ROLE[command.type]);
      if (!this.#session) {
        throw new HttpError('503 Service Unavailable', 'NO_SESSION', 'there is no session');
      }
      const outcome = await execute(this.#session, command, this.#options.recordDir);
      const { objectId, frameId } = outcome;
      viewer.send(encodeServerMessage({ type: 'answer', ref, objectId, frameId }));
    } catch (error) {
      this.#refuse(viewer, ref, refusalOf(error));
    }
  }

  #refuse(viewer: Viewer, ref: number, { code, message }: HttpError): void {
    viewer.send(encodeServerMessage({ type: 'refusal', ref, code, message }));
  }

  /** The newest frame comes at once: a frozen or stalled session would send none for a long time. */
  #subscribe(viewer: Viewer, format: PictureFormat): void {
    viewer.format = format;
    if (!this.latest) return;
    encodeResult(this.latest, format).then(
      (message) => {
        if (viewer.isFresh) viewer.sendFrame(message);
      },
      () => undefined,
    );
  }

  #offer(result: LiveResult): void {
    this.latest = result;
    const formats = new Set([...this.#viewers].map(({ format }) => format));
    for (const format of formats) if (format) this.#encoderOf(format).offer(result);
  }

  #encoderOf(format: PictureFormat): FrameEncoder {
    const known = this.#encoders.get(format);
    if (known) return known;
    const subscribers = (): Viewer[] =>
      [...this.#viewers].filter((viewer) => viewer.format === format);
    const encoder = new FrameEncoder(
      format,
      (message) => subscribers().forEach((viewer) => viewer.sendFrame(message)),
      () => subscribers().forEach((viewer) => void (viewer.drops += 1)),
    );
    this.#encoders.set(format, encoder);
    return encoder;
  }

  #tellAll(message: ServerMessage): void {
    if (this.#viewers.size === 0) return;
    const bytes = encodeServerMessage(message);
    for (const viewer of this.#viewers) viewer.send(bytes);
  }
}
