/** What the server can be told; here, so that the command line knows it without loading the server's native library. */
import type { AuthKey } from './access.js';
import type { MoreRoutes } from './api.js';
import { processHealth, type DeviceHealth } from './device-history.js';
import type { IngestSource } from './ingest.js';
import type { Limits } from './limits.js';
import type { TlsFiles } from './tls.js';

export interface ServerOptions {
  /** Any address but loopback needs `auth` and `allowedOrigins`. Default: 127.0.0.1. */
  host?: string;
  /** 0 takes a free one. Default: 8080. */
  port?: number;
  /** Folder of the built page. */
  pageDir: string;
  /** Told to every viewer that connects: what runs (until `useDevice`), and on which source. */
  device: unknown;
  source: () => unknown;
  /** What tokens are checked with; null: no tokens, everybody is admin. Default: null. */
  auth?: AuthKey | null;
  /** Origins of other pages that may talk to the server. Default: none. */
  allowedOrigins?: readonly string[];
  /** Default: null, no TLS. */
  tls?: TlsFiles | null;
  /** Serve other addresses than loopback without tokens. Default: false. */
  insecure?: boolean;
  /** Takes frames over /ingest. Default: null, there is no /ingest. */
  ingest?: IngestSource | null;
  /** Folder that recordings go to. Default: null, none can be made. */
  recordDir?: string | null;
  /** Routes of /api by path, beside those of the session. Default: none. */
  routes?: MoreRoutes;
  /** How the machine is, for the dashboard. Default: the memory of the process alone. */
  health?: () => DeviceHealth;
  /** Commands that came otherwise than over the server, by what came of them. Default: none. */
  commands?: () => Readonly<Record<string, number>>;
  limits?: Partial<Limits>;
  /** Called when the port was left a moment ago and the system has yet to release it, which takes up to a minute. */
  onWait?: () => void;
}

export const SERVER_DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  auth: null,
  allowedOrigins: [] as readonly string[],
  tls: null,
  insecure: false,
  ingest: null,
  recordDir: null,
  routes: new Map() as MoreRoutes,
  health: processHealth,
  commands: () => ({}),
  onWait: () => undefined,
};
