/** The live server: the page, the stream, ingest, the REST interface, health and metrics. */
import { setTimeout as delay } from 'node:timers/promises';
import uws from 'uWebSockets.js';
import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocketBehavior,
} from 'uWebSockets.js';
import type { Publisher, Session } from '../live/types.js';
import { checkInteger } from '../runtime/validate.js';
import { PROTOCOL, type Role } from '../wire/messages.js';
import { Access, AccessError, securityHeaders, tokenOf, urlHost } from './access.js';
import { findRoute, methodsOf, type ApiRoute } from './api.js';
import { refusalOf, requireRole } from './commands.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import { DeviceHistory } from './device-history.js';
import { Exchange, HttpError, type Status } from './exchange.js';
import { DEFAULT_LIMITS, RateLimit, type Limits } from './limits.js';
import { Metrics } from './metrics.js';
import { loadPage, type PageFile } from './page.js';
import { SERVER_DEFAULTS, type ServerOptions } from './options.js';
import { isAnswered, taken } from './port.js';
import { StreamHub } from './stream.js';
import { together } from './together.js';
import { checkTls } from './tls.js';

/**
 * uWebSockets.js cannot bind a port while connections of the server before it are still closing; Linux remembers those for
 * a minute.
 */
const RELEASE_MS = 65_000;
const RETRY_MS = 500;
/** Time for what is on its way to viewers when the server closes. */
const DRAIN_MS = 1000;
/** Time for clients to leave after they were told. */
const LEAVE_MS = 300;

export interface LiveServer {
  /** http(s)://HOST:PORT, without a final slash. */
  readonly url: string;
  readonly port: number;
  /** To be given to the session; sends its results to every viewer. */
  readonly publisher: Publisher;
  /** Viewers connected now, and frames that slow ones of all times did not get. */
  readonly viewers: number;
  readonly drops: number;
  /** The most that any viewer has on its way, bytes. */
  readonly backlogBytes: number;
  /** Lets clients give commands: until then, and after `close`, they are refused. */
  attach(session: Session): void;
  /** Another device runs from now on: told to every viewer. */
  useDevice(device: unknown): void;
  /** Takes no one new, tells viewers, lets what is on its way arrive, and frees the port. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the server.
 * @throws RangeError for a host beyond loopback without tokens or origins, TLS files that do not serve, or a port out of
 *   range; Error with code EADDRINUSE when it is taken
 */
export async function startServer(options: ServerOptions): Promise<LiveServer> {
  const settings = { ...SERVER_DEFAULTS, ...options };
  const access = new Access({ ...settings, isTls: settings.tls !== null });
  if (settings.tls) await checkTls(settings.tls);
  checkInteger(settings.port, 'port', [0, 65535]);
  const page = await loadPage(settings.pageDir);
  const server = new Server(settings, access, page);
  const { address } = access;
  if (settings.port !== 0 && (await isAnswered(address, settings.port))) {
    throw taken(address, settings.port);
  }
  await server.listen(address, settings.port, settings.onWait);
  return server;
}

type Settings = Required<Omit<ServerOptions, 'limits'>> & { limits?: Partial<Limits> };

class Server implements LiveServer {
  url = '';
  port = 0;
  readonly publisher: Publisher;

  readonly #settings: Settings;
  readonly #access: Access;
  readonly #page: Map<string, PageFile>;
  readonly #limits: Limits;
  readonly #requests: RateLimit;
  readonly #hub: StreamHub;
  readonly #metrics: Metrics;
  readonly #history: DeviceHistory;
  readonly #app: TemplatedApp;
  #socket: us_listen_socket | null = null;
  #session: Session | null = null;
  #device: unknown;
  #closing: Promise<void> | null = null;
  /** TCP connections, idle ones too. */
  #connections = 0;

  constructor(settings: Settings, access: Access, page: Map<string, PageFile>) {
    this.#settings = settings;
    this.#access = access;
    this.#page = page;
    this.#limits = { ...DEFAULT_LIMITS, ...settings.limits };
    this.#requests = new RateLimit(this.#limits.requestsPerS);
    const { device, source, recordDir, tls } = settings;
    this.#device = device;
    this.#hub = new StreamHub({
      device,
      source,
      recordDir,
      limits: this.#limits,
      onGlassToGlass: (ms) => this.#metrics.onGlassToGlass(ms),
    });
    this.#metrics = new Metrics({
      viewers: () => this.viewers,
      drops: () => this.drops,
      backlogBytes: () => this.backlogBytes,
      ingested: () => settings.ingest?.frames ?? 0,
      session: () => this.#session,
      commands: settings.commands,
    });
    const { health } = settings;
    this.#history = new DeviceHistory({ health, viewerDrops: () => this.drops });
    const metrics: Publisher = {
      name: 'metrics',
      onLatency: (report) => this.#metrics.onLatency(report),
    };
    this.publisher = together('server', [metrics, this.#history, this.#hub.publisher]);
    this.#app = tls
      ? uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile })
      : uws.App();
    this.#route();
  }

  get viewers(): number {
    return this.#hub.viewers;
  }

  get drops(): number {
    return this.#hub.drops;
  }

  get backlogBytes(): number {
    return this.#hub.backlogBytes;
  }

  attach(session: Session): void {
    this.#session = session;
    this.#hub.attach(session);
  }

  useDevice(device: unknown): void {
    this.#device = device;
    this.#hub.useDevice(device);
  }

  async listen(host: string, port: number, onWait: () => void): Promise<void> {
    const untilMs = performance.now() + RELEASE_MS;
    for (let attempt = 0; !this.#tryListen(host, port); attempt += 1) {
      if ((await isAnswered(host, port)) || performance.now() > untilMs) throw taken(host, port);
      if (attempt === 0) onWait();
      await delay(RETRY_MS);
    }
    const scheme = this.#settings.tls ? 'https' : 'http';
    this.url = `${scheme}://${urlHost(host)}:${this.port}`;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#socket) return;
    uws.us_listen_socket_close(this.#socket);
    this.#socket = null;
    this.#session = null;
    this.#hub.attach(null);
    const isAlone = this.#connections === 0;
    await this.#hub.drain(DRAIN_MS);
    // What lies in the system's buffers is lost when a socket is closed by force: clients go by themselves now. A WebSocket
    // counts as closed once its end was sent, so that nothing tells whether it has arrived.
    if (!isAlone) await delay(LEAVE_MS);
    this.#app.close();
  }

  #tryListen(host: string, port: number): boolean {
    this.#app.listen(host, port, (socket) => {
      if (!socket) return;
      this.#socket = socket;
      this.port = uws.us_socket_local_port(socket);
    });
    return this.#socket !== null;
  }

  #route(): void {
    const { ingest } = this.#settings;
    this.#app.filter((response, change) => {
      this.#connections += Number(change);
      if (Number(change) > 0 && this.#connections > this.#limits.connections) response.close();
    });
    this.#app.ws('/stream', {
      ...this.#counted(this.#hub.behaviour()),
      upgrade: (response, request, context) => {
        const isFull = (): boolean => this.viewers >= this.#limits.viewers;
        this.#upgrade(response, request, context, 'view', isFull, (role) => ({
          role,
          viewer: null,
          malformed: 0,
        }));
      },
    });
    if (ingest) {
      this.#app.ws('/ingest', {
        ...this.#counted(ingest.behaviour(this.#limits.ingestBytes)),
        upgrade: (response, request, context) =>
          this.#upgrade(
            response,
            request,
            context,
            'admin',
            () => ingest.isBusy,
            () => ({}),
          ),
      });
    }
    this.#app.any('/*', (response, request) => {
      const exchange = this.#exchange(response, request);
      this.#answer(exchange).catch((error: unknown) => exchange.error(this.#errorOf(error)));
    });
  }

  /** The filter above is not told when a connection that has become a WebSocket closes. */
  #counted<Data>(behaviour: Omit<WebSocketBehavior<Data>, 'upgrade'>): typeof behaviour {
    return {
      ...behaviour,
      close: (...about) => {
        this.#connections -= 1;
        behaviour.close?.(...about);
      },
    };
  }

  #exchange(response: HttpResponse, request: HttpRequest): Exchange {
    const headers = securityHeaders(this.port, this.#settings.tls !== null);
    const onStatus = (status: Status): void => this.#metrics.onStatus(status);
    return new Exchange(response, request, headers, onStatus);
  }

  #errorOf(error: unknown): HttpError {
    if (!(error instanceof AccessError)) return refusalOf(error);
    const code = error.status.startsWith('401') ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    return new HttpError(error.status, code, error.message);
  }

  /**
   * Makes a WebSocket of the request before its handler returns. Later it would have to be done within `response.cork`, which
   * (in uWebSockets.js 20.x) closes the connection at once where the WebSocket came to lie at the address of the response.
   */
  #upgrade<Data>(
    response: HttpResponse,
    request: HttpRequest,
    context: us_socket_context_t,
    needed: Role,
    isFull: () => boolean,
    dataOf: (role: Role) => Data,
  ): void {
    const exchange = this.#exchange(response, request);
    const key = request.getHeader('sec-websocket-key');
    const protocols = request.getHeader('sec-websocket-protocol');
    const extensions = request.getHeader('sec-websocket-extensions');
    try {
      this.#access.checkSource(exchange.host, exchange.origin, this.port);
      const role = this.#access.roleOf(tokenOf(exchange.authorization, protocols));
      requireRole(role, needed);
      if (this.#closing) throw new HttpError('503 Service Unavailable', 'CLOSING', 'closing');
      if (isFull()) throw new HttpError('503 Service Unavailable', 'FULL', 'too many connections');
      // Of the protocols offered only the one that is spoken is confirmed, never the token.
      const spoken = protocols.split(',').some((offered) => offered.trim() === PROTOCOL);
      exchange.handOver();
      response.upgrade(dataOf(role), key, spoken ? PROTOCOL : '', extensions, context);
    } catch (error) {
      exchange.error(this.#errorOf(error));
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { method, path } = exchange;
    this.#access.checkSource(exchange.host, exchange.origin, this.port);
    exchange.add(corsHeaders(exchange.origin));
    if (path.startsWith('/api/')) return this.#answerApi(exchange);
    if (method === 'options') return exchange.empty(preflightHeaders(['GET', 'HEAD']));
    if (method !== 'get' && method !== 'head') throw methodError();
    if (path === '/healthz') return exchange.json('200 OK', { status: 'ok' });
    if (path === '/readyz') return this.#answerReady(exchange);
    if (path === '/metrics') {
      this.#authorise(exchange, 'view');
      const text = await this.#metrics.text();
      return exchange.send('200 OK', this.#metrics.contentType, 'no-store', text);
    }
    const file = this.#page.get(path);
    if (file) {
      const cache = file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
      return exchange.send('200 OK', file.type, cache, file.body);
    }
    if (path === '/') {
      const message = 'the page has not been built: npm run build:web';
      throw new HttpError('503 Service Unavailable', 'NO_PAGE', message);
    }
    throw notFound();
  }

  #answerReady(exchange: Exchange): void {
    const state = this.#session?.status.state;
    const isReady = state !== undefined && state !== 'fault' && !this.#closing;
    const body = { status: isReady ? 'ready' : 'not ready', state: state ?? null };
    exchange.json(isReady ? '200 OK' : '503 Service Unavailable', body);
  }

  async #answerApi(exchange: Exchange): Promise<void> {
    if (!this.#requests.admits(performance.now())) {
      throw new HttpError('429 Too Many Requests', 'TOO_MANY', 'too many requests within a second');
    }
    const { routes } = this.#settings;
    const methods = methodsOf(exchange.path, routes);
    if (exchange.method === 'options' && methods.length > 0) {
      return exchange.empty(preflightHeaders(methods));
    }
    const route = findRoute(exchange.method, exchange.path, routes);
    // The body must be asked for at once; whether it may be used is decided below.
    const reading = exchange.body(this.#limits.bodyBytes);
    reading.catch(() => undefined);
    if (route === null) throw notFound();
    if (route === 'method') throw methodError();
    this.#authorise(exchange, route.needed);
    exchange.json('200 OK', await this.#run(route, await reading));
  }

  async #run(route: ApiRoute, body: string): Promise<unknown> {
    let value: unknown;
    try {
      value = body === '' ? undefined : JSON.parse(body);
    } catch {
      throw new HttpError('400 Bad Request', 'BAD_REQUEST', 'the body is not JSON');
    }
    const { source, recordDir } = this.#settings;
    const context = {
      device: this.#device,
      source,
      recordDir,
      hub: this.#hub,
      history: this.#history,
    };
    return route.run({ ...context, session: this.#session }, value);
  }

  #authorise({ authorization }: Exchange, needed: Role): void {
    requireRole(this.#access.roleOf(tokenOf(authorization, '')), needed);
  }
}

const notFound = (): HttpError =>
  new HttpError('404 Not Found', 'NOT_FOUND', 'there is nothing here');
const methodError = (): HttpError =>
  new HttpError('405 Method Not Allowed', 'METHOD', 'not with this method');
