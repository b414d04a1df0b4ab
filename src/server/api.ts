/** /api: the session over REST; openapi.ts describes it. */
import type { Session } from '../live/types.js';
import { packageVersion } from '../runtime/package-info.js';
import { checkObject } from '../runtime/validate.js';
import type { Command, Role } from '../wire/messages.js';
import { execute, NEEDED_ROLE } from './commands.js';
import type { DeviceHistory } from './device-history.js';
import { objectsOf } from './encoder.js';
import { HttpError } from './exchange.js';
import { openApiDocument } from './openapi.js';
import type { StreamHub } from './stream.js';

export interface ApiContext {
  device: unknown;
  source: () => unknown;
  hub: StreamHub;
  history: DeviceHistory;
  session: Session | null;
  recordDir: string | null;
}

export interface ApiRoute {
  needed: Role;
  /** Gives what is answered as JSON. */
  run(context: ApiContext, body: unknown): unknown;
}

const HISTORY_PATH = /^\/api\/device\/history\/(\d{1,15})$/;
const OBJECT_PATH = /^\/api\/session\/objects\/(\d{1,15})$/;

/** Routes of /api by path, beside those of the session. */
export type MoreRoutes = ReadonlyMap<string, ApiRoutes>;

/** The methods of a path, in capitals; none where there is nothing. */
export function methodsOf(path: string, more: MoreRoutes): string[] {
  return Object.keys(routesOf(path, more) ?? {}).map((method) => method.toUpperCase());
}

/** The route of a request; null where there is none, 'method' where there is one for another method. */
export function findRoute(
  method: string,
  path: string,
  more: MoreRoutes,
): ApiRoute | 'method' | null {
  const routes = routesOf(path, more);
  if (!routes) return null;
  return routes[method] ?? 'method';
}

function routesOf(path: string, more: MoreRoutes): ApiRoutes | undefined {
  const after = HISTORY_PATH.exec(path)?.[1];
  if (after !== undefined) return { get: historyRoute(Number(after)) };
  const id = OBJECT_PATH.exec(path)?.[1];
  return id === undefined ? (ROUTES.get(path) ?? more.get(path)) : objectRoutes(Number(id));
}

/** By method, in small letters. */
export type ApiRoutes = Record<string, ApiRoute>;

const view = (run: ApiRoute['run']): ApiRoute => ({ needed: 'view', run });

/** @param read makes the command of the request's body; absent: the body is not looked at */
function command(type: Command['type'], read: (body: unknown) => object = () => ({})): ApiRoute {
  return {
    needed: NEEDED_ROLE[type],
    run: (context, body) => {
      const given = { type, ...read(body) } as Command;
      return execute(sessionOf(context), given, context.recordDir);
    },
  };
}

const ROUTES: ReadonlyMap<string, ApiRoutes> = new Map<string, ApiRoutes>([
  ['/api/openapi.json', { get: view(() => openApiDocument()) }],
  ['/api/session', { get: view(describe) }],
  ['/api/session/result', { get: view(({ hub }) => latestResult(hub)) }],
  [
    '/api/session/prompts',
    {
      post: command('prompt', (body) =>
        checkObject(body, 'body', ['frameId', 'point', 'box', 'objectId']),
      ),
    },
  ],
  ['/api/session/prompts/last', { delete: command('undo') }],
  ['/api/session/objects', { get: view((context) => sessionOf(context).status.objects) }],
  ['/api/session/freeze', { post: freezeRoute() }],
  ['/api/session/live', { post: command('goLive') }],
  ['/api/session/recording', { post: command('startRecording'), delete: command('stopRecording') }],
]);

const objectRoutes = (objectId: number): ApiRoutes => ({
  patch: command('label', (body) => ({
    objectId,
    ...checkObject(body, 'body', ['name', 'colour']),
  })),
  delete: command('remove', () => ({ objectId })),
});

/** What runs, how it is now, and all that is newer than a sequence number. */
const historyRoute = (after: number): ApiRoute =>
  view(({ device, source, session, hub, history }) => ({
    version: packageVersion(),
    nowMs: Date.now(),
    device,
    source: source(),
    state: session?.status.state ?? null,
    counters: session?.counters ?? null,
    viewers: hub.viewers,
    ...history.since(after),
  }));

function freezeRoute(): ApiRoute {
  return {
    needed: NEEDED_ROLE.freeze,
    run: (context, body) => {
      const { frameId } = checkObject(body ?? {}, 'body', ['frameId']);
      const given = frameId === undefined ? { type: 'freeze' } : { type: 'seek', frameId };
      return execute(sessionOf(context), given as Command, context.recordDir);
    },
  };
}

function sessionOf({ session }: ApiContext): Session {
  if (session) return session;
  throw new HttpError('503 Service Unavailable', 'NO_SESSION', 'there is no session');
}

function describe(context: ApiContext): unknown {
  const { status, counters } = sessionOf(context);
  return { device: context.device, source: context.source(), status, counters };
}

function latestResult({ latest }: StreamHub): unknown {
  if (!latest) throw new HttpError('404 Not Found', 'NO_FRAME', 'no frame has come in yet');
  const { id, captureNs, widthPx, heightPx, spacingMm } = latest.frame;
  return {
    frameId: id,
    captureNs: captureNs.toString(),
    widthPx,
    heightPx,
    spacingMm,
    objects: objectsOf(latest),
  };
}
