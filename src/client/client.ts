/** A connection to a live server, in a browser or in Node: frames and masks in, prompts out. It comes back by itself. */
import { decodeServerMessage, encodeClientMessage } from '../wire/codec.js';
import {
  PROTOCOL,
  type ClientMessage,
  type Command,
  type LiveFrame,
  type LiveLatency,
  type LiveStatus,
  type PictureFormat,
  type PromptCommand,
  type Role,
  type ServerMessage,
} from '../wire/messages.js';
import { ClockSync } from './clock-sync.js';
import { Events } from './events.js';

/** The part of a browser's WebSocket that is used; that of Node ≥ 22 and of the package `ws` has it too. */
export interface ClientSocket {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
}

export interface ClientOptions {
  /** A JSON Web Token, where the server asks for one. Default: none. */
  token?: string;
  /** How pictures come: `jpeg`, `gray8` (height × width bytes) or `none`. Default: 'jpeg'. */
  format?: PictureFormat;
  /** `auto`: the next frame may come when the listeners return; `manual`: when `shown` is called. Default: 'auto'. */
  acknowledge?: 'auto' | 'manual';
  /** Default: the global one; Node 20 has none, give it that of the package `ws`. */
  WebSocket?: new (url: string, protocols?: string[]) => ClientSocket;
}

export interface ConnectionState {
  isConnected: boolean;
  /** Attempts since the connection was lost. */
  attempt: number;
}

export interface ServerInfo {
  version: number;
  /** As `device.info` and `source.info` of the server. */
  device: unknown;
  source: unknown;
  role: Role;
}

export interface ClientEvents {
  connection: ConnectionState;
  hello: ServerInfo;
  frame: LiveFrame;
  status: LiveStatus;
  latency: LiveLatency;
  notice: { kind: string; message: string };
}

export interface CommandOutcome {
  /** Of a prompt and of undo. */
  objectId: number | null;
  /** Of a prompt, of undo and of seek. */
  frameId: number | null;
}

/** A command that was refused, or whose connection went; `code` as in docs/reference/stream.md. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const OPEN = 1;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 4000;
const PING_MS = 2000;
/** Pings at the start, so that the clock is known soon. */
const FIRST_PINGS = 4;
const FIRST_PING_MS = 100;

interface Waiting {
  resolve(outcome: CommandOutcome): void;
  reject(error: CommandError): void;
}

/**
 * Connects to a live server; `close` ends it, until then it reconnects.
 * @param url http(s) address of the server, for instance 'http://127.0.0.1:8080'
 * @example
 * const client = connect('http://127.0.0.1:8080');
 * client.on('frame', ({ id, objects }) => console.log(id, objects[0]?.areaMm2));
 * client.on('hello', () => client.prompt({ frameId: 12, point: { x: 210.5, y: 160.5, label: 1 } }));
 */
export function connect(url: string, options: ClientOptions = {}): LiveClient {
  return new LiveClient(url, options);
}

export class LiveClient {
  readonly #url: string;
  readonly #options: Required<Omit<ClientOptions, 'token'>> & { token: string | undefined };
  readonly #events = new Events<ClientEvents>();
  readonly #clock = new ClockSync();
  readonly #waiting = new Map<number, Waiting>();
  readonly #order = new WeakMap<LiveFrame, number>();
  #socket: ClientSocket | null = null;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #attempt = 0;
  #lastRef = 0;
  #received = 0;
  #isClosed = false;

  /** Use `connect`. */
  constructor(url: string, { token, format, acknowledge, WebSocket }: ClientOptions) {
    const socketClass =
      WebSocket ?? (globalThis.WebSocket as unknown as ClientOptions['WebSocket']);
    if (!socketClass)
      throw new TypeError('expected a class for `WebSocket`: this Node has none of its own');
    this.#url = `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/stream`;
    this.#options = {
      token,
      format: format ?? 'jpeg',
      acknowledge: acknowledge ?? 'auto',
      WebSocket: socketClass,
    };
    this.#connect();
  }

  get isConnected(): boolean {
    return this.#socket?.readyState === OPEN;
  }

  /** Listens; what is returned ends it. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (event: ClientEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** A click, a box or both on a frame that came. @throws CommandError */
  prompt(prompt: PromptCommand): Promise<CommandOutcome> {
    return this.#command({ type: 'prompt', ...prompt });
  }
  /** Takes the last prompt back. @throws CommandError */
  undo(): Promise<CommandOutcome> {
    return this.#command({ type: 'undo' });
  }
  remove(objectId: number): Promise<CommandOutcome> {
    return this.#command({ type: 'remove', objectId });
  }
  /** Names or colours ('#rrggbb') an object; null takes it away. */
  label(
    objectId: number,
    label: { name?: string | null; colour?: string | null },
  ): Promise<CommandOutcome> {
    return this.#command({ type: 'label', objectId, ...label });
  }
  freeze(): Promise<CommandOutcome> {
    return this.#command({ type: 'freeze' });
  }
  /** Freezes on the last frame of the cine up to this id. */
  seek(frameId: number): Promise<CommandOutcome> {
    return this.#command({ type: 'seek', frameId });
  }
  goLive(): Promise<CommandOutcome> {
    return this.#command({ type: 'goLive' });
  }
  startRecording(): Promise<CommandOutcome> {
    return this.#command({ type: 'startRecording' });
  }
  stopRecording(): Promise<CommandOutcome> {
    return this.#command({ type: 'stopRecording' });
  }

  /** From a frame's capture to now, ms, by the server's clock; null while that is unknown or the capture time no clock's. */
  ageMs({ captureNs }: Pick<LiveFrame, 'captureNs'>): number | null {
    const age = this.#clock.ageMs(captureNs, performance.now());
    return age !== null && age >= 0 && age < 60_000 ? age : null;
  }

  /** With `acknowledge: 'manual'`: the frame is on the screen, or will never be; another one may come. */
  shown(frame: LiveFrame, isOnScreen = true): void {
    const count = this.#order.get(frame);
    if (count === undefined) return;
    const glassToGlassMs = isOnScreen && !frame.revised ? this.ageMs(frame) : null;
    this.#send({ type: 'shown', count, glassToGlassMs });
  }

  close(): void {
    this.#isClosed = true;
    this.#clearTimers();
    this.#socket?.close(1000);
  }

  #connect(): void {
    const { token, WebSocket } = this.#options;
    // A page cannot set headers: the token travels as a subprotocol.
    const protocols = token ? [PROTOCOL, `bearer.${token}`] : [PROTOCOL];
    const socket = new WebSocket(this.#url, protocols);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    this.#received = 0;
    this.#clock.reset();
    socket.onopen = () => {
      this.#attempt = 0;
      this.#send({ type: 'subscribe', format: this.#options.format });
      for (let i = 0; i < FIRST_PINGS; i += 1) this.#later(i * FIRST_PING_MS, () => this.#ping());
      this.#later(PING_MS, () => this.#pingOn());
      this.#events.emit('connection', { isConnected: true, attempt: 0 });
    };
    socket.onmessage = ({ data }: { data: ArrayBuffer }) => {
      if (socket === this.#socket) this.#receive(decodeServerMessage(new Uint8Array(data)));
    };
    // What went wrong shows in the close that follows.
    socket.onerror = () => undefined;
    socket.onclose = () => this.#lost(socket);
  }

  #lost(socket: ClientSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#clearTimers();
    for (const { reject } of this.#waiting.values()) reject(disconnected());
    this.#waiting.clear();
    if (this.#isClosed) return;
    this.#attempt += 1;
    this.#events.emit('connection', { isConnected: false, attempt: this.#attempt });
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#attempt - 1), LAST_RETRY_MS);
    this.#later(retryMs, () => this.#connect());
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'frame': {
        const { frame } = message;
        this.#received += 1;
        this.#order.set(frame, this.#received);
        this.#events.emit('frame', frame);
        if (this.#options.acknowledge === 'auto') this.shown(frame);
        break;
      }
      case 'hello': {
        const { version, device, source, role } = message;
        this.#events.emit('hello', { version, device, source, role });
        break;
      }
      case 'status':
        this.#events.emit('status', message.status);
        break;
      case 'latency':
        this.#events.emit('latency', message.latency);
        break;
      case 'notice':
        this.#events.emit('notice', { kind: message.kind, message: message.message });
        break;
      case 'pong':
        this.#clock.add(message.clientMs, performance.now(), message.serverNs);
        break;
      case 'answer':
        this.#settle(message.ref)?.resolve({
          objectId: message.objectId,
          frameId: message.frameId,
        });
        break;
      case 'refusal':
        this.#settle(message.ref)?.reject(new CommandError(message.code, message.message));
        break;
    }
  }

  #settle(ref: number): Waiting | undefined {
    const waiting = this.#waiting.get(ref);
    this.#waiting.delete(ref);
    return waiting;
  }

  #command(command: Command): Promise<CommandOutcome> {
    if (!this.isConnected) return Promise.reject(disconnected());
    this.#lastRef += 1;
    const ref = this.#lastRef;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ref, { resolve, reject });
      this.#send({ ...command, ref });
    });
  }

  #send(message: ClientMessage): void {
    if (!this.isConnected) return;
    this.#socket?.send(encodeClientMessage(message) as Uint8Array<ArrayBuffer>);
  }

  #ping(): void {
    this.#send({ type: 'ping', clientMs: performance.now() });
  }

  #pingOn(): void {
    this.#ping();
    this.#later(PING_MS, () => this.#pingOn());
  }

  #later(ms: number, call: () => void): void {
    this.#timers.push(setTimeout(call, ms));
    // The oldest ones have long been called.
    if (this.#timers.length > 64) this.#timers.splice(0, 32);
  }

  #clearTimers(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }
}

const disconnected = (): CommandError => new CommandError('DISCONNECTED', 'there is no connection');
