import { test } from 'tap';
import { INGEST_CREDIT, IngestSource } from '../../../src/server/ingest.js';
import { decodeIngestCredit, encodeIngestFrame } from '../../../src/wire/codec.js';

class Socket {
  readonly credits: number[] = [];
  readonly ended: number[] = [];
  send(bytes: Uint8Array): void {
    this.credits.push(decodeIngestCredit(bytes));
  }
  end(code: number): void {
    this.ended.push(code);
  }
}

function connected() {
  const source = new IngestSource();
  const behaviour = source.behaviour(1000);
  const socket = new Socket();
  behaviour.open?.(socket as never);
  const frame = (id: number | null): void => {
    const data = Uint8Array.of(1);
    const sizes = { widthPx: 1, heightPx: 1, channels: 1 as const };
    const bytes = encodeIngestFrame({ id, captureNs: null, spacingMm: null, ...sizes, data });
    behaviour.message?.(socket as never, new Uint8Array(bytes).buffer, true);
  };
  return { source, behaviour, socket, frame };
}

test('a sender gets credit for some frames, and for one more with each that is taken', async (t) => {
  const { source, socket, frame } = connected();
  t.same(socket.credits, [INGEST_CREDIT]);
  for (let i = 0; i < INGEST_CREDIT; i += 1) frame(null);
  const iterator = source[Symbol.asyncIterator]();
  t.match(await iterator.next(), { value: { id: 0, widthPx: 1, captureNs: BigInt } });
  t.same(socket.credits, [INGEST_CREDIT, 1]);
  t.equal(source.frames, INGEST_CREDIT);
  frame(null);
  t.same(socket.ended, []);
});

test('a frame without credit ends the connection, and is not taken', async (t) => {
  const { source, socket, frame } = connected();
  for (let i = 0; i <= INGEST_CREDIT; i += 1) frame(null);
  t.same(socket.ended, [1008]);
  t.equal(source.frames, INGEST_CREDIT);
});

test('ids ascend, also over a new connection; a second sender is turned away', async (t) => {
  const { source, behaviour, socket, frame } = connected();
  frame(5);
  frame(4);
  t.same(socket.ended, [1007]);
  const second = new Socket();
  behaviour.open?.(second as never);
  t.same(second.ended, [1013]);
  behaviour.close?.(socket as never, 1007, new ArrayBuffer(0));
  t.notOk(source.isBusy);
  const third = new Socket();
  behaviour.open?.(third as never);
  t.same(third.credits, [INGEST_CREDIT - 1], 'one frame still waits');
  await source.close();
  t.same(third.ended, [1001]);
});
