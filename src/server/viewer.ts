/** One connected viewer: it gets the newest frame that it has room for, and never a backlog. */
import type { WebSocket } from 'uWebSockets.js';
import type { PictureFormat, Role } from '../wire/messages.js';
import { RateLimit } from './limits.js';

/** The part of a socket that a viewer needs. */
export type ViewerSocket = Pick<WebSocket<unknown>, 'send' | 'getBufferedAmount' | 'end'>;

/**
 * Frames on their way to a viewer that it has not shown yet: one travels while another is drawn. The system's own buffers
 * would take in a second's worth before the socket tells of any.
 */
const MOST_UNSHOWN = 2;
/** Bytes held for a viewer that reads nothing, short messages included; then it is cut off. */
const MOST_HELD = 2 ** 20;

export class Viewer {
  /** Frames that were replaced by a newer one because this viewer was slow. */
  drops = 0;
  /** How it wants pictures; null: it has not said, and gets no frames. */
  format: PictureFormat | null = null;
  readonly role: Role;
  readonly #socket: ViewerSocket;
  readonly #commands: RateLimit;
  #pending: Uint8Array | null = null;
  #open = true;
  #sent = 0;
  #shown = 0;

  constructor(socket: ViewerSocket, role: Role, commandsPerS: number) {
    this.#socket = socket;
    this.role = role;
    this.#commands = new RateLimit(commandsPerS);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** No frame was sent to it yet. */
  get isFresh(): boolean {
    return this.#open && this.#sent === 0 && !this.#pending;
  }

  /** Bytes on their way: what the socket holds and the one frame that waits for room. */
  get backlogBytes(): number {
    return this.#open ? this.#socket.getBufferedAmount() + (this.#pending?.length ?? 0) : 0;
  }

  sendFrame(message: Uint8Array): void {
    if (!this.#open) return;
    if (this.#pending) this.drops += 1;
    this.#pending = message;
    this.#flush();
  }

  /** The viewer has shown, or passed over, the first `count` frames that it was sent. */
  shown(count: number): void {
    this.#shown = Math.min(Math.max(count, this.#shown), this.#sent);
    this.#flush();
  }

  /** A short message, which is never left out; a viewer that lets too many pile up is cut off. */
  send(message: Uint8Array): void {
    if (!this.#open) return;
    if (this.#socket.getBufferedAmount() > MOST_HELD) this.end(1013, 'too slow');
    else this.#socket.send(message, true);
  }

  /** The socket has sent some of what it held. */
  drained(): void {
    this.#flush();
  }

  /** Ends the connection with a WebSocket close code. */
  end(code: number, reason: string): void {
    if (this.#open) this.#socket.end(code, reason);
  }

  /** The socket is gone: touching it would throw. */
  closed(): void {
    this.#open = false;
    this.#pending = null;
  }

  /** Counts a command; false when there were too many within this second. */
  admits(nowMs: number): boolean {
    return this.#commands.admits(nowMs);
  }

  #flush(): void {
    const message = this.#pending;
    if (!message || !this.#open) return;
    if (this.#sent - this.#shown >= MOST_UNSHOWN || this.#socket.getBufferedAmount() > 0) return;
    this.#pending = null;
    this.#sent += 1;
    this.#socket.send(message, true);
  }
}
