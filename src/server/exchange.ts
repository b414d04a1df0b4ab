/** One HTTP request and its answer, which may come after a wait. */
import type { HttpRequest, HttpResponse } from 'uWebSockets.js';

export type Status =
  | '200 OK'
  | '204 No Content'
  | '400 Bad Request'
  | '401 Unauthorized'
  | '403 Forbidden'
  | '404 Not Found'
  | '405 Method Not Allowed'
  | '409 Conflict'
  | '410 Gone'
  | '413 Payload Too Large'
  | '422 Unprocessable Entity'
  | '429 Too Many Requests'
  | '500 Internal Server Error'
  | '503 Service Unavailable';

export type Header = [name: string, value: string];

/** A request that is answered with this status and message. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: Status;
  readonly code: string;

  constructor(status: Status, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Made within the request's handler: afterwards the request is gone, and only what was read here is left. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly origin: string;
  readonly authorization: string;
  isAborted = false;
  readonly #response: HttpResponse;
  readonly #headers: Header[];
  readonly #onStatus: (status: Status) => void;

  constructor(
    response: HttpResponse,
    request: HttpRequest,
    headers: readonly Header[],
    onStatus: (status: Status) => void,
  ) {
    this.#response = response;
    this.#headers = [...headers];
    this.#onStatus = onStatus;
    this.method = request.getMethod();
    this.path = request.getUrl();
    this.host = request.getHeader('host');
    this.origin = request.getHeader('origin');
    this.authorization = request.getHeader('authorization');
    response.onAborted(() => void (this.isAborted = true));
  }

  /** The body as text; must be called before the handler returns. @throws HttpError 413 */
  body(mostBytes: number): Promise<string> {
    const chunks: Buffer[] = [];
    let length = 0;
    return new Promise((resolve, reject) => {
      this.#response.onAborted(() => {
        this.isAborted = true;
        reject(new HttpError('400 Bad Request', 'ABORTED', 'the request was cut off'));
      });
      this.#response.onData((chunk, isLast) => {
        length += chunk.byteLength;
        if (length > mostBytes) {
          reject(new HttpError('413 Payload Too Large', 'TOO_LARGE', `at most ${mostBytes} bytes`));
          return;
        }
        chunks.push(Buffer.from(chunk.slice(0)));
        if (isLast) resolve(Buffer.concat(chunks).toString('utf8'));
      });
    });
  }

  /** The connection has become a WebSocket, or is about to: nothing may be answered any more. */
  handOver(): void {
    this.isAborted = true;
  }

  /** Headers that the answer gets whatever it will be. */
  add(headers: readonly Header[]): void {
    this.#headers.push(...headers);
  }

  empty(extra: readonly Header[]): void {
    this.send('204 No Content', null, 'no-store', '', extra);
  }

  json(status: Status, value: unknown): void {
    this.send(status, 'application/json', 'no-store', `${JSON.stringify(value)}\n`);
  }

  error({ status, code, message }: HttpError): void {
    const extra: Header[] = status.startsWith('401') ? [['WWW-Authenticate', 'Bearer']] : [];
    const body = `${JSON.stringify({ code, message })}\n`;
    this.send(status, 'application/json', 'no-store', body, extra);
  }

  send(
    status: Status,
    type: string | null,
    cache: string,
    body: string | Uint8Array,
    extra: readonly Header[] = [],
  ): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.#onStatus(status);
    this.#response.cork(() => {
      this.#response.writeStatus(status);
      if (type !== null) this.#response.writeHeader('Content-Type', type);
      this.#response.writeHeader('Cache-Control', cache);
      for (const [name, value] of [...this.#headers, ...extra]) {
        this.#response.writeHeader(name, value);
      }
      if (type === null) this.#response.endWithoutBody();
      else if (this.method === 'head') this.#response.endWithoutBody(Buffer.byteLength(body));
      // A refused body may still be on its way: the connection ends with the answer.
      else this.#response.end(body, status.startsWith('413'));
    });
  }
}
