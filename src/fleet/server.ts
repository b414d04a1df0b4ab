/** The fleet over HTTP: the page, its API, and /metrics. On loopback only, since it has no authentication of its own. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkInteger, checkOneOf } from '../runtime/validate.js';
import { loadPage, type PageFile } from '../server/page.js';
import type { Alerts } from './alerts.js';
import type { History } from './history.js';
import type { FleetHost } from './host.js';
import type { NodeState } from './node-state.js';
import { FleetMetrics } from './prometheus.js';

export interface FleetServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  fleet: FleetHost;
  alerts: Alerts;
  history: History | null;
  /** Folder of the built pages. */
  pageDir: string;
}

export interface FleetServer {
  readonly url: string;
  close(): Promise<void>;
}

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const EVALUATE_MS = 1000;
const LONGEST_QUERY_MS = 31 * 24 * 3600_000;

/** @throws RangeError for another address than loopback; the system's error (EADDRINUSE) when the port is taken */
export async function startFleetServer(options: FleetServerOptions): Promise<FleetServer> {
  const { host, port, fleet, alerts, pageDir } = options;
  checkOneOf(host, 'host', ['127.0.0.1', '::1', 'localhost']);
  checkInteger(port, 'port', [0, 65535]);
  const page = await loadPage(pageDir);
  const metrics = new FleetMetrics(fleet, alerts);
  const server = createServer((request, response) => {
    respond(request, response, { ...options, page, metrics }).catch(() => {
      if (!response.headersSent) send(response, 500, 'text/plain', 'internal error\n');
    });
  });
  server.listen(port, host === 'localhost' ? '127.0.0.1' : host);
  await once(server, 'listening');
  const timer = setInterval(() => alerts.evaluate(fleet.nodes.values(), Date.now()), EVALUATE_MS);
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    async close() {
      clearInterval(timer);
      await closed(server);
    },
  };
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  const ended = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await ended;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  context: FleetServerOptions & { page: Map<string, PageFile>; metrics: FleetMetrics },
): Promise<void> {
  const { fleet, alerts, history, page, metrics } = context;
  // A name that was made to resolve to this machine is turned away.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) {
    return send(response, 403, 'text/plain', 'forbidden\n');
  }
  if (request.method !== 'GET') return send(response, 405, 'text/plain', 'method not allowed\n');
  const url = new URL(request.url ?? '/', 'http://fleet');
  const json = (value: unknown): void =>
    send(response, 200, 'application/json', JSON.stringify(value));
  const { pathname } = url;
  if (pathname === '/healthz') return json({ status: fleet.connected ? 'ok' : 'disconnected' });
  if (pathname === '/metrics')
    return send(response, 200, metrics.contentType, await metrics.text());
  if (pathname === '/api/fleet') {
    return json({
      connected: fleet.connected,
      nowMs: Date.now(),
      counters: { ...fleet.counters, missing: fleet.missing },
      devices: [...fleet.nodes.values()].map(summaryOf),
      alerts: alerts.active,
    });
  }
  const [, , kind, ...rest] = pathname.split('/');
  if (pathname.startsWith('/api/') && (kind === 'device' || kind === 'history')) {
    const node = fleet.nodes.get(rest.map(decodeURIComponent).join('/'));
    if (!node) return send(response, 404, 'application/json', '{"error":"no such device"}');
    if (kind === 'device') {
      const values = Object.fromEntries(node.values);
      return json({ ...summaryOf(node), nowMs: Date.now(), values });
    }
    const to = Number(url.searchParams.get('to') ?? Date.now() + 60_000);
    const from = Number(url.searchParams.get('from') ?? to - 3600_000);
    if (!(from <= to && to - from <= LONGEST_QUERY_MS)) {
      return send(
        response,
        400,
        'application/json',
        '{"error":"expected `from` and `to`, ms since 1970, at most 31 days apart"}',
      );
    }
    return json(history ? await history.query(node.key, from, to) : []);
  }
  const file = page.get(pathname === '/' ? '/fleet.html' : pathname);
  if (!file) return send(response, 404, 'text/plain', 'not found\n');
  send(response, 200, file.type, file.body);
}

/** A row of the page's table. */
function summaryOf(node: NodeState) {
  const { values } = node;
  const number = (name: string): number | null => {
    const value = values.get(name);
    return typeof value === 'number' ? value : null;
  };
  const text = (name: string): string | null => {
    const value = values.get(name);
    return typeof value === 'string' ? value : null;
  };
  return {
    key: node.key,
    online: node.online,
    sinceMs: node.sinceMs,
    heardMs: node.heardMs || null,
    windowMs: node.windowMs,
    fps: number('Frames/Rate'),
    p50Ms: number('Latency/total/P50'),
    p95Ms: number('Latency/total/P95'),
    p99Ms: number('Latency/total/P99'),
    dropShare: node.dropShare,
    quality: number('Quality/Mean'),
    temperatureC: number('Health/Temperature'),
    memoryMb: number('Health/Memory'),
    thermalStep: number('Health/Thermal Step'),
    objects: number('Objects/Count'),
    missing: node.windows.count,
    queue: number('Queue/Depth'),
    models: text('Properties/Models/Bundle'),
    profile: text('Properties/Profile'),
    provider: text('Properties/Execution Provider'),
    version: text('Properties/Version'),
  };
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body);
}
