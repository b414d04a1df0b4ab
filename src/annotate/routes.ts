/** /api/annotation: which clip is open, and what the page may do with it. */
import { checkObject } from '../runtime/validate.js';
import type { ApiRoute, ApiRoutes } from '../server/api.js';
import type { Annotator } from './annotator.js';

/** By path and method; `annotator` is asked when a request comes. */
export function annotationRoutes(annotator: () => Annotator): ReadonlyMap<string, ApiRoutes> {
  const act = (work: (body: unknown) => Promise<void>): ApiRoute => ({
    needed: 'operate',
    run: async (_, body) => {
      await work(body);
      return annotator().state;
    },
  });
  return new Map<string, ApiRoutes>([
    ['/api/annotation', { get: { needed: 'view', run: () => annotator().state } }],
    ['/api/annotation/accept', { post: act(() => annotator().accept()) }],
    [
      '/api/annotation/open',
      { post: act((body) => annotator().open(Number(checkObject(body, 'body', ['clip']).clip))) },
    ],
  ]);
}
