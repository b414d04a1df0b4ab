/** The REST interface as an OpenAPI 3.1 document: GET /api/openapi.json. */
import { packageVersion } from '../runtime/package-info.js';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const refusals = (...statuses: number[]) =>
  Object.fromEntries(
    [400, 401, 403, 429, 503, ...statuses].map((status) => [
      String(status),
      { description: 'refused; nothing has changed', ...json(ref('Refusal')) },
    ]),
  );
const outcome = {
  description: 'in the state and published',
  ...json(ref('Outcome')),
};
const objectId = {
  name: 'objectId',
  in: 'path',
  required: true,
  schema: { type: 'integer', minimum: 0 },
};
const id = { type: 'integer', minimum: 0 };
const nullable = (type: string) => ({ type: [type, 'null'] });

export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'sonotrack live server',
      version: packageVersion(),
      description:
        'One live session. Frames and masks stream over WS /stream (proto/live.proto). Not for diagnostic use.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }],
    paths: {
      '/api/session': {
        get: {
          summary: 'What runs: device, source, state, counters (role view)',
          responses: { 200: { description: 'ok', ...json(ref('Session')) }, ...refusals() },
        },
      },
      '/api/device/history/{after}': {
        parameters: [{ name: 'after', in: 'path', required: true, schema: id }],
        get: {
          summary: 'Windows and events newer than a sequence number, 0 for all (role view)',
          responses: {
            200: { description: 'ok', ...json(ref('DeviceHistory')) },
            ...refusals(),
          },
        },
      },
      '/api/session/result': {
        get: {
          summary: 'The newest frame with its masks as run lengths (role view)',
          responses: { 200: { description: 'ok', ...json(ref('Result')) }, ...refusals(404) },
        },
      },
      '/api/session/prompts': {
        post: {
          summary: 'A click, a box or both, on a frame that is kept (role operate)',
          requestBody: { required: true, ...json(ref('Prompt')) },
          responses: { 200: outcome, ...refusals(404, 409, 410, 413, 422) },
        },
      },
      '/api/session/prompts/last': {
        delete: {
          summary: 'Takes the last prompt back (role operate)',
          responses: { 200: outcome, ...refusals(409, 410) },
        },
      },
      '/api/session/objects': {
        get: {
          summary: 'Objects followed now (role view)',
          responses: {
            200: { description: 'ok', ...json({ type: 'array', items: ref('Label') }) },
            ...refusals(),
          },
        },
      },
      '/api/session/objects/{objectId}': {
        parameters: [objectId],
        patch: {
          summary: 'Names or colours an object; null takes it away (role operate)',
          requestBody: {
            required: true,
            ...json({
              type: 'object',
              properties: { name: nullable('string'), colour: nullable('string') },
            }),
          },
          responses: { 200: outcome, ...refusals(404, 413, 422) },
        },
        delete: {
          summary: 'Stops following an object (role operate)',
          responses: { 200: outcome, ...refusals(404) },
        },
      },
      '/api/session/freeze': {
        post: {
          summary: 'Holds the latest frame, or goes to `frameId` of the cine (role operate)',
          requestBody: json({ type: 'object', properties: { frameId: id } }),
          responses: { 200: outcome, ...refusals(410, 413, 422) },
        },
      },
      '/api/session/live': {
        post: {
          summary: 'Goes on with the next frame (role operate)',
          responses: { 200: outcome, ...refusals() },
        },
      },
      '/api/session/recording': {
        post: {
          summary: "Begins a recording in the server's folder (role admin)",
          responses: { 200: outcome, ...refusals(409) },
        },
        delete: {
          summary: 'Ends the recording (role admin)',
          responses: { 200: outcome, ...refusals(409) },
        },
      },
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: {
        Refusal: {
          type: 'object',
          required: ['code', 'message'],
          properties: { code: { type: 'string' }, message: { type: 'string' } },
        },
        DeviceHistory: {
          type: 'object',
          required: [
            'version',
            'nowMs',
            'device',
            'source',
            'state',
            'viewers',
            'windows',
            'events',
          ],
          properties: {
            version: { type: 'string' },
            nowMs: { type: 'number' },
            device: { type: 'object' },
            source: { type: 'object' },
            state: nullable('string'),
            counters: { type: ['object', 'null'] },
            viewers: { type: 'integer' },
            windows: { type: 'array', items: { type: 'object' } },
            events: {
              type: 'array',
              items: {
                type: 'object',
                required: ['sequence', 'atMs', 'kind', 'message'],
                properties: {
                  sequence: { type: 'integer' },
                  atMs: { type: 'number' },
                  kind: { type: 'string' },
                  message: { type: 'string' },
                },
              },
            },
          },
        },
        Outcome: {
          type: 'object',
          required: ['objectId', 'frameId'],
          properties: { objectId: nullable('integer'), frameId: nullable('integer') },
        },
        Prompt: {
          type: 'object',
          required: ['frameId'],
          additionalProperties: false,
          properties: {
            frameId: id,
            point: {
              type: 'object',
              required: ['x', 'y', 'label'],
              description: 'frame px, pixel centres at +0.5; label 1 foreground, 0 background',
              properties: {
                x: { type: 'number', minimum: 0 },
                y: { type: 'number', minimum: 0 },
                label: { enum: [0, 1] },
              },
            },
            box: {
              type: 'array',
              description: 'half-open x0, y0, x1, y1, px',
              items: { type: 'number', minimum: 0 },
              minItems: 4,
              maxItems: 4,
            },
            objectId: {
              ...nullable('integer'),
              description:
                'null starts another object; absent: the one under the point, or another one',
            },
          },
        },
        Label: {
          type: 'object',
          required: ['id', 'name', 'colour'],
          properties: { id, name: nullable('string'), colour: nullable('string') },
        },
        Session: {
          type: 'object',
          required: ['device', 'source', 'status', 'counters'],
          properties: {
            device: { type: 'object' },
            source: { type: 'object' },
            status: { type: 'object' },
            counters: { type: 'object', additionalProperties: { type: 'integer' } },
          },
        },
        Result: {
          type: 'object',
          required: ['frameId', 'captureNs', 'widthPx', 'heightPx', 'spacingMm', 'objects'],
          properties: {
            frameId: id,
            captureNs: { type: 'string', description: 'decimal digits' },
            widthPx: id,
            heightPx: id,
            spacingMm: nullable('object'),
            objects: {
              type: 'array',
              items: {
                type: 'object',
                required: ['id', 'status', 'quality', 'areaPx', 'areaMm2', 'box', 'rle'],
                properties: {
                  id,
                  status: { enum: ['tracking', 'ask', 'lost'] },
                  quality: { type: 'number' },
                  areaPx: id,
                  areaMm2: nullable('number'),
                  box: nullable('array'),
                  rle: {
                    type: 'array',
                    items: id,
                    description:
                      'COCO run lengths: column-major, runs of 0 and 1 in turn, beginning with 0',
                  },
                },
              },
            },
          },
        },
      },
    },
  };
}
