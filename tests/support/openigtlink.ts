/** OpenIGTLink messages made byte by byte, and a server that sends them. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { crc64 } from '../../src/io/sources/openigtlink/crc64.js';

export function message(
  type: string,
  body: Buffer,
  change: { device?: string; version?: number; seconds?: number; crc?: bigint } = {},
): Buffer {
  const head = Buffer.alloc(58);
  head.writeUInt16BE(change.version ?? 1, 0);
  head.write(type, 2, 'latin1');
  head.write(change.device ?? 'Probe', 14, 'latin1');
  const seconds = change.seconds ?? 0;
  head.writeUInt32BE(Math.floor(seconds), 34);
  head.writeUInt32BE((seconds % 1) * 2 ** 32, 38);
  head.writeBigUInt64BE(BigInt(body.length), 42);
  head.writeBigUInt64BE(change.crc ?? crc64(body), 50);
  return Buffer.concat([head, body]);
}

export interface ImageFields {
  size: readonly [number, number, number];
  data: Uint8Array;
  components?: number;
  scalar?: number;
  endian?: number;
  /** Columns of the matrix: directions of i, j, k, in mm per pixel. */
  axes?: readonly number[];
}

export function imageBody(fields: ImageFields): Buffer {
  const head = Buffer.alloc(72);
  head.writeUInt16BE(1, 0);
  head.set([fields.components ?? 1, fields.scalar ?? 3, fields.endian ?? 2, 1], 2);
  fields.size.forEach((value, i) => head.writeUInt16BE(value, 6 + 2 * i));
  (fields.axes ?? [0.5, 0, 0, 0, 0.25, 0, 0, 0, 2]).forEach((value, i) =>
    head.writeFloatBE(value, 12 + 4 * i),
  );
  fields.size.forEach((value, i) => head.writeUInt16BE(value, 66 + 2 * i));
  return Buffer.concat([head, fields.data]);
}

/** The URI of a server that sends `messages` to whoever connects, and ends the connection. */
export async function serveMessages(t: Test, messages: readonly Buffer[]): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(Buffer.concat(messages));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `openigtlink://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
