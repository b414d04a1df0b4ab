/** The connection to the server: it comes back by itself. */
import { decodeFrame, type FrameHeader, type ServerMessage } from './wire.ts';

export interface Picture {
  header: FrameHeader;
  bitmap: ImageBitmap;
  /** To be called when it is on the screen: the server sends no more than two frames ahead of that. */
  shown(): void;
}

export interface StreamHandlers {
  onPicture(picture: Picture): void;
  onMessage(message: ServerMessage): void;
  onConnection(connected: boolean): void;
}

const RETRY_MS = 1000;

export class Stream {
  readonly #handlers: StreamHandlers;
  #socket: WebSocket | null = null;
  #retry = 0;
  #closed = false;
  /** Pictures decode side by side: one that is overtaken by a newer one is not shown. */
  #arrived = 0;
  #decoded = 0;

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
    this.#connect();
  }

  /** False when there is no connection. */
  send(message: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.close();
  }

  #connect(): void {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/stream`);
    socket.binaryType = 'arraybuffer';
    this.#arrived = 0;
    this.#decoded = 0;
    socket.onopen = () => this.#handlers.onConnection(true);
    socket.onclose = () => {
      this.#handlers.onConnection(false);
      if (!this.#closed) this.#retry = setTimeout(() => this.#connect(), RETRY_MS);
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') {
        this.#handlers.onMessage(JSON.parse(data) as ServerMessage);
      } else {
        void this.#show(socket, data);
      }
    };
    this.#socket = socket;
  }

  async #show(socket: WebSocket, data: ArrayBuffer): Promise<void> {
    const order = ++this.#arrived;
    const { header, picture } = decodeFrame(data);
    const bitmap = await createImageBitmap(
      header.format === 'jpeg'
        ? new Blob([picture], { type: 'image/jpeg' })
        : grayImage(picture, header.widthPx, header.heightPx),
    );
    if (socket !== this.#socket || order < this.#decoded) {
      bitmap.close();
      return;
    }
    this.#decoded = order;
    const shown = (): void => void this.send({ type: 'shown', count: order });
    this.#handlers.onPicture({ header, bitmap, shown });
  }
}

function grayImage(gray: Uint8Array, width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | (gray[i] * 0x010101);
  return image;
}
