/** The live server: the page, its health, and the stream of frames and masks. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import uws from 'uWebSockets.js';
import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  WebSocket,
} from 'uWebSockets.js';
import type { LiveResult, Publisher, Session } from '../live/types.js';
import { SonotrackError } from '../runtime/errors.js';
import { checkInteger } from '../runtime/validate.js';
import { decodeViewerMessage, encodeMessage, encodeResult, STREAM_VERSION } from './codec.js';
import { loadPage, type PageFile } from './page.js';
import { checkHost, isTrusted, securityHeaders, urlHost } from './security.js';
import { Viewer } from './viewer.js';

export interface ServerOptions {
  /** A loopback address. Default: 127.0.0.1. */
  host?: string;
  /** 0 takes a free one. Default: 8080. */
  port?: number;
  /** Folder of the built page. */
  pageDir: string;
  /** Told to every viewer that connects: what runs, and on which source. */
  device: unknown;
  source: unknown;
  /** Called when the port was left a moment ago and the system has yet to release it, which takes up to a minute. */
  onWait?: () => void;
}

export const SERVER_DEFAULTS = { host: '127.0.0.1', port: 8080 };

/**
 * uWebSockets.js cannot bind a port while connections of the server before it are still closing; Linux remembers those for
 * a minute.
 */
const RELEASE_MS = 65_000;
const RETRY_MS = 500;

/** Most bytes of a message from a viewer. */
const LARGEST_COMMAND = 4096;
/** Bytes held for a viewer beyond which even short messages are dropped: some frames of the largest size. */
const MOST_BUFFERED = 64 * 2 ** 20;
/** Seconds without a pong after which a viewer counts as gone. */
const IDLE_S = 60;

export interface LiveServer {
  /** http://HOST:PORT, without a final slash. */
  readonly url: string;
  readonly port: number;
  /** To be given to the session; sends its results to every viewer. */
  readonly publisher: Publisher;
  /** Viewers connected now, and frames that slow ones of all times did not get. */
  readonly viewers: number;
  readonly drops: number;
  /** Lets viewers click: until then, and after `close`, they are refused. */
  attach(session: Pick<Session, 'click' | 'remove'>): void;
  /** Ends every connection and frees the port. Idempotent. */
  close(): void;
}

interface ViewerData {
  viewer: Viewer | null;
}

/**
 * Starts the server.
 * @throws RangeError for a host that is not loopback or a port out of range; Error with code EADDRINUSE when it is taken
 */
export async function startServer(options: ServerOptions): Promise<LiveServer> {
  const { host, port, pageDir, device, source, onWait } = { ...SERVER_DEFAULTS, ...options };
  const address = checkHost(host);
  checkInteger(port, 'port', [0, 65535]);
  const page = await loadPage(pageDir);
  const server = new Server(page, { device, source });
  if (port !== 0 && (await isAnswered(address, port))) throw taken(address, port);
  await server.listen(address, port, onWait ?? (() => undefined));
  return server;
}

class Server implements LiveServer {
  url = '';
  port = 0;
  readonly publisher: Publisher;

  readonly #page: Map<string, PageFile>;
  readonly #hello: string;
  readonly #viewers = new Set<Viewer>();
  readonly #app: TemplatedApp;
  #socket: us_listen_socket | null = null;
  #session: Pick<Session, 'click' | 'remove'> | null = null;
  #pastDrops = 0;
  /** The result that is being encoded, and the newest one that waits for it. */
  #encoding = false;
  #next: LiveResult | null = null;
  #latest: Uint8Array | null = null;

  constructor(page: Map<string, PageFile>, about: { device: unknown; source: unknown }) {
    this.#page = page;
    this.#hello = encodeMessage({ type: 'hello', version: STREAM_VERSION, ...about });
    this.publisher = {
      name: 'viewers',
      onResult: (result) => this.#offer(result),
      onLatency: (report) => {
        for (const viewer of this.#viewers) {
          viewer.sendText(encodeMessage({ type: 'latency', viewerDrops: viewer.drops, ...report }));
        }
      },
      onNotice: (notice) => this.#tellAll(encodeMessage({ type: 'notice', notice })),
    };
    this.#app = uws
      .App()
      .ws<ViewerData>('/stream', {
        maxPayloadLength: LARGEST_COMMAND,
        maxBackpressure: MOST_BUFFERED,
        idleTimeout: IDLE_S,
        sendPingsAutomatically: true,
        compression: uws.DISABLED,
        upgrade: (response, request, context) => {
          const host = request.getHeader('host');
          if (!isTrusted(host, request.getHeader('origin'), this.port)) {
            this.#refuse(response, '403 Forbidden');
            return;
          }
          response.upgrade<ViewerData>(
            { viewer: null },
            request.getHeader('sec-websocket-key'),
            request.getHeader('sec-websocket-protocol'),
            request.getHeader('sec-websocket-extensions'),
            context,
          );
        },
        open: (socket) => this.#connect(socket),
        drain: (socket) => socket.getUserData().viewer?.drained(),
        message: (socket, message, isBinary) => {
          const { viewer } = socket.getUserData();
          if (viewer) void this.#command(viewer, isBinary ? '' : Buffer.from(message).toString());
        },
        close: (socket) => this.#disconnect(socket),
      })
      .get('/healthz', (response, request) => {
        if (!this.#admit(response, request)) return;
        this.#respond(response, 'application/json', 'no-store', JSON.stringify({ status: 'ok' }));
      })
      .get('/*', (response, request) => {
        if (!this.#admit(response, request)) return;
        const path = request.getUrl();
        const file = this.#page.get(path);
        if (file) {
          const cache = file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
          this.#respond(response, file.type, cache, file.body);
        } else if (path === '/') {
          this.#refuse(
            response,
            '503 Service Unavailable',
            'the page has not been built: npm run build:web\n',
          );
        } else {
          this.#refuse(response, '404 Not Found');
        }
      })
      .any('/*', (response) => this.#refuse(response, '405 Method Not Allowed'));
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  get drops(): number {
    return [...this.#viewers].reduce((sum, viewer) => sum + viewer.drops, this.#pastDrops);
  }

  attach(session: Pick<Session, 'click' | 'remove'>): void {
    this.#session = session;
  }

  async listen(host: string, port: number, onWait: () => void): Promise<void> {
    const untilMs = performance.now() + RELEASE_MS;
    for (let attempt = 0; !this.#tryListen(host, port); attempt += 1) {
      if ((await isAnswered(host, port)) || performance.now() > untilMs) throw taken(host, port);
      if (attempt === 0) onWait();
      await delay(RETRY_MS);
    }
    this.url = `http://${urlHost(host)}:${this.port}`;
  }

  #tryListen(host: string, port: number): boolean {
    this.#app.listen(host, port, (socket) => {
      if (!socket) return;
      this.#socket = socket;
      this.port = uws.us_socket_local_port(socket);
    });
    return this.#socket !== null;
  }

  close(): void {
    if (!this.#socket) return;
    this.#socket = null;
    this.#session = null;
    this.#app.close();
  }

  #connect(socket: WebSocket<ViewerData>): void {
    const viewer = new Viewer(socket);
    socket.getUserData().viewer = viewer;
    this.#viewers.add(viewer);
    viewer.sendText(this.#hello);
    if (this.#latest) viewer.sendFrame(this.#latest);
  }

  #disconnect(socket: WebSocket<ViewerData>): void {
    const { viewer } = socket.getUserData();
    if (!viewer) return;
    viewer.closed();
    this.#viewers.delete(viewer);
    this.#pastDrops += viewer.drops;
  }

  /** Encodes one result at a time; a newer one replaces the one that waits. */
  #offer(result: LiveResult): void {
    if (this.#encoding) {
      if (this.#next) for (const viewer of this.#viewers) viewer.drops += 1;
      this.#next = result;
      return;
    }
    this.#encoding = true;
    encodeResult(result)
      .then((message) => {
        this.#latest = message;
        for (const viewer of this.#viewers) viewer.sendFrame(message);
      })
      .catch(() => {
        for (const viewer of this.#viewers) viewer.drops += 1;
      })
      .finally(() => {
        this.#encoding = false;
        const next = this.#next;
        this.#next = null;
        if (next) this.#offer(next);
      });
  }

  async #command(viewer: Viewer, text: string): Promise<void> {
    let ref: number | null = null;
    try {
      const message = decodeViewerMessage(text);
      if (message.type === 'shown') {
        viewer.shown(message.count);
        return;
      }
      ref = message.ref;
      if (!viewer.admits(performance.now())) {
        throw new RangeError('too many commands within a second');
      }
      if (!this.#session) throw new Error('there is no session');
      if (message.type === 'click') {
        const { objectId, frameId } = await this.#session.click(message.click);
        viewer.sendText(encodeMessage({ type: 'clicked', ref, objectId, frameId }));
      } else {
        await this.#session.remove(message.objectId);
        viewer.sendText(encodeMessage({ type: 'removed', ref, objectId: message.objectId }));
      }
    } catch (error) {
      const code = error instanceof SonotrackError ? error.code : 'BAD_REQUEST';
      const message = error instanceof Error ? error.message : String(error);
      viewer.sendText(encodeMessage({ type: 'refused', ref, code, message }));
    }
  }

  #tellAll(text: string): void {
    for (const viewer of this.#viewers) viewer.sendText(text);
  }

  #admit(response: HttpResponse, request: HttpRequest): boolean {
    if (isTrusted(request.getHeader('host'), request.getHeader('origin'), this.port)) return true;
    this.#refuse(response, '403 Forbidden');
    return false;
  }

  #respond(response: HttpResponse, type: string, cache: string, body: string | Uint8Array): void {
    response.cork(() => {
      response.writeHeader('Content-Type', type).writeHeader('Cache-Control', cache);
      for (const [name, value] of securityHeaders(this.port)) response.writeHeader(name, value);
      response.end(body);
    });
  }

  #refuse(response: HttpResponse, status: string, body = `${status}\n`): void {
    response.cork(() => {
      response.writeStatus(status).writeHeader('Content-Type', 'text/plain; charset=utf-8');
      for (const [name, value] of securityHeaders(this.port)) response.writeHeader(name, value);
      response.end(body);
    });
  }
}

/** Whether somebody serves there; otherwise the port is only waiting to be released. */
async function isAnswered(host: string, port: number): Promise<boolean> {
  const probe = connect(port, host);
  return new Promise<boolean>((resolve) => {
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => probe.destroy());
}

function taken(host: string, port: number): Error {
  const message = `port ${port} of ${host} is taken; choose another with --port, or 0 for a free one`;
  return Object.assign(new Error(message), { code: 'EADDRINUSE' });
}
