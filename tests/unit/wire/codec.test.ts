import fc from 'fast-check';
import { test } from 'tap';
import {
  decodeClientMessage,
  decodeIngestCredit,
  decodeIngestFrame,
  decodeServerMessage,
  encodeClientMessage,
  encodeIngestCredit,
  encodeIngestFrame,
  encodeServerMessage,
  WireError,
} from '../../../src/wire/codec.js';
import type { ClientMessage, ServerMessage } from '../../../src/wire/messages.js';

/** Random messages a kind; the seed stands in the failure's text. */
const RUNS = 20_000;

const id = fc.integer({ min: 0, max: 2 ** 31 });
const bigId = fc.maxSafeNat();
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const box = fc.tuple(finite, finite, finite, finite);
const clientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({
    type: fc.constant('subscribe' as const),
    format: fc.constantFrom('jpeg', 'gray8', 'none'),
  }),
  fc.record({ type: fc.constant('shown' as const), count: id, glassToGlassMs: fc.option(finite) }),
  fc.record({ type: fc.constant('ping' as const), clientMs: finite }),
  fc.record(
    {
      type: fc.constant('prompt' as const),
      ref: id,
      frameId: bigId,
      point: fc.record({ x: finite, y: finite, label: fc.constantFrom(0 as const, 1 as const) }),
      box,
      objectId: fc.option(id),
    },
    { requiredKeys: ['type', 'ref', 'frameId'] },
  ),
  fc.record({
    type: fc.constantFrom('undo', 'freeze', 'goLive', 'startRecording', 'stopRecording'),
    ref: id,
  }),
  fc.record({ type: fc.constant('remove' as const), ref: id, objectId: id }),
  fc.record(
    {
      type: fc.constant('label' as const),
      ref: id,
      objectId: id,
      name: fc.option(fc.string({ minLength: 1 })),
      colour: fc.option(fc.string({ minLength: 1 })),
    },
    { requiredKeys: ['type', 'ref', 'objectId'] },
  ),
  fc.record({ type: fc.constant('seek' as const), ref: id, frameId: bigId }),
) as fc.Arbitrary<ClientMessage>;

/** −0 and the absence of zero are one on the wire. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}` : v === 0 ? 0 : v)));

/** With the members of objects in one order. */
function sorted(value: unknown): unknown {
  if (!value || typeof value !== 'object' || Array.isArray(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => a.localeCompare(b));
  return Object.fromEntries(members.map(([key, inner]) => [key, sorted(inner)]));
}

test('every message of a viewer comes out as it went in', async (t) => {
  fc.assert(
    fc.property(clientMessage, (message) => {
      const back = decodeClientMessage(encodeClientMessage(message));
      return JSON.stringify(sorted(plain(back))) === JSON.stringify(sorted(plain(message)));
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('a frame comes out as it went in, with a clock finer than a double', async (t) => {
  const message: ServerMessage = {
    type: 'frame',
    frame: {
      id: 2 ** 40,
      captureNs: 2n ** 62n + 1n,
      widthPx: 3,
      heightPx: 2,
      spacingMm: { x: 0.1, y: 0.2 },
      format: 'gray8',
      picture: Uint8Array.of(1, 2, 3, 4, 5, 6),
      revised: true,
      timings: { queueMs: 1, preprocessMs: 2, inferenceMs: 3, postprocessMs: 4, totalMs: 10 },
      objects: [
        {
          id: 1,
          status: 'ask',
          quality: 0.5,
          areaPx: 2,
          areaMm2: null,
          box: [0, 0, 2, 1],
          rle: [1, 2, 3],
        },
        { id: 2, status: 'lost', quality: 0, areaPx: 0, areaMm2: 0, box: null, rle: [6] },
      ],
    },
  };
  const back = decodeServerMessage(encodeServerMessage(message));
  if (back.type !== 'frame') throw new Error('not a frame');
  t.same([...back.frame.picture], [1, 2, 3, 4, 5, 6]);
  t.same({ ...back.frame, picture: null }, { ...message.frame, picture: null });
});

test('status, latency, notices and answers come out as they went in', async (t) => {
  const messages: ServerMessage[] = [
    { type: 'hello', version: 1, device: { engine: 'native' }, source: null, role: 'operate' },
    {
      type: 'status',
      status: {
        state: 'frozen',
        objects: [
          { id: 1, name: 'ventricle', colour: null },
          { id: 2, name: null, colour: '#ff0000' },
        ],
        cine: { firstId: 0, lastId: 9, frames: 10, seconds: 0.3 },
        viewedId: 0,
        canUndo: true,
        catchingUp: 3,
        recording: false,
      },
    },
    {
      type: 'latency',
      latency: {
        fps: 30,
        stages: { total: { p50: 1, p95: 2, p99: 3 } },
        counters: { received: 1, processed: 2, dropped: 3, skipped: 4, faults: 5, resets: 6 },
        viewerDrops: 7,
      },
    },
    { type: 'notice', kind: 'reset', message: 'the scene changed' },
    { type: 'answer', ref: 5, objectId: null, frameId: 0 },
    { type: 'refusal', ref: 6, code: 'EMPTY_MASK', message: 'nothing' },
    { type: 'pong', clientMs: 1.5, serverNs: 2n ** 60n },
  ];
  for (const message of messages)
    t.same(decodeServerMessage(encodeServerMessage(message)), message);
});

test(`${RUNS} random and ${RUNS} damaged messages are read or refused, and nothing else happens`, async (t) => {
  const readers = [decodeClientMessage, decodeIngestFrame, decodeServerMessage, decodeIngestCredit];
  const survives = (bytes: Uint8Array): boolean => {
    for (const read of readers.slice(0, 2)) {
      try {
        read(bytes);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
    }
    return true;
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: RUNS });
  const damage = fc.tuple(clientMessage, fc.nat(), fc.nat({ max: 255 }), fc.nat());
  fc.assert(
    fc.property(damage, ([message, at, value, cut]) => {
      const bytes = encodeClientMessage(message);
      if (bytes.length === 0) return true;
      const damaged = bytes.slice(0, bytes.length - (cut % bytes.length));
      damaged[at % damaged.length] = value;
      return survives(damaged);
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

test('an ingested frame must hold what it says', async (t) => {
  const frame = {
    id: 7,
    captureNs: 5n,
    widthPx: 2,
    heightPx: 2,
    channels: 1 as const,
    spacingMm: { x: 0.1, y: 0.1 },
    data: Uint8Array.of(1, 2, 3, 4),
  };
  const back = decodeIngestFrame(encodeIngestFrame(frame));
  t.same({ ...back, data: [...back.data] }, { ...frame, data: [1, 2, 3, 4] });
  t.match(decodeIngestFrame(encodeIngestFrame({ ...frame, id: null, captureNs: null })), {
    id: null,
    captureNs: null,
  });
  const bad: [object, RegExp][] = [
    [{ widthPx: 3 }, /`data` holds 4 bytes, expected 6/],
    [{ widthPx: 0 }, /`width_px` is 0/],
    [{ heightPx: 20000 }, /`height_px` is 20000/],
    [{ channels: 2 }, /`channels` is 2/],
    [{ spacingMm: { x: 0, y: 1 } }, /`spacing_mm`/],
    [{ spacingMm: { x: Infinity, y: 1 } }, /finite/],
  ];
  for (const [change, message] of bad) {
    const bytes = encodeIngestFrame({ ...frame, ...change } as never);
    t.throws(() => decodeIngestFrame(bytes), { name: 'WireError', message });
  }
  t.equal(decodeIngestCredit(encodeIngestCredit(4)), 4);
});
