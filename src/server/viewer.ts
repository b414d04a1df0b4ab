/** One connected viewer: it gets the newest frame that it has room for, and never a backlog. */
import type { WebSocket } from 'uWebSockets.js';

/** The part of a socket that a viewer needs. */
export type ViewerSocket = Pick<WebSocket<unknown>, 'send' | 'getBufferedAmount'>;

/** Clicks and removals that a viewer may send within a second; more are refused. */
const COMMANDS_PER_S = 20;

/**
 * Frames on their way to a viewer that it has not shown yet: one travels while another is drawn. The system's own buffers
 * would take in a second's worth before the socket tells of any.
 */
const MOST_UNSHOWN = 2;

export class Viewer {
  /** Frames that were replaced by a newer one because this viewer was slow. */
  drops = 0;
  readonly #socket: ViewerSocket;
  #pending: Uint8Array | null = null;
  #open = true;
  #sent = 0;
  #shown = 0;
  #commands = 0;
  #secondMs = 0;

  constructor(socket: ViewerSocket) {
    this.#socket = socket;
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

  sendText(text: string): void {
    if (this.#open) this.#socket.send(text, false);
  }

  /** The socket has sent some of what it held. */
  drained(): void {
    this.#flush();
  }

  /** The socket is gone: touching it would throw. */
  closed(): void {
    this.#open = false;
    this.#pending = null;
  }

  /** Counts a command; false when there were too many within this second. */
  admits(nowMs: number): boolean {
    if (nowMs - this.#secondMs >= 1000) {
      this.#secondMs = nowMs;
      this.#commands = 0;
    }
    this.#commands += 1;
    return this.#commands <= COMMANDS_PER_S;
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
