import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'tap';
import { openSource } from '../../../../../src/io/sources/index.js';
import { crc64 } from '../../../../../src/io/sources/openigtlink/crc64.js';
import { parseTransform } from '../../../../../src/io/sources/openigtlink/messages.js';
import {
  openOpenIgtLink,
  parseOpenIgtLinkUri,
} from '../../../../../src/io/sources/openigtlink/openigtlink.js';
import { collect } from '../../../../support/collect.js';
import { imageBody, message, serveMessages } from '../../../../support/openigtlink.js';

const SETTINGS = { realtime: false, loop: false, frameRateHz: null, spacingMm: null };

test('the checksum of the check string of ECMA-182', async (t) => {
  t.equal(crc64(Buffer.from('123456789')), 0x6c40df5f0b497347n);
  t.equal(crc64(new Uint8Array()), 0n);
});

test('pictures come with their spacing and times, poses and states beside them', async (t) => {
  const picture = (value: number, seconds: number) =>
    message('IMAGE', imageBody({ size: [2, 1, 1], data: Uint8Array.of(value, 7) }), { seconds });
  const pose = Buffer.alloc(48);
  [1, 0, 0, 0, 1, 0, 0, 0, 1, 10, 20, 30].forEach((value, i) => pose.writeFloatBE(value, 4 * i));
  const status = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(28), Buffer.from('fine\0')]);
  const uri = await serveMessages(t, [
    message('STATUS', status),
    picture(1, 100),
    message('TRANSFORM', pose),
    message('CAPABILITY', Buffer.alloc(4)),
    picture(2, 100.25),
  ]);
  const source = await openOpenIgtLink(uri, SETTINGS);
  t.match(source.info, {
    kind: 'openigtlink',
    frames: null,
    widthPx: 2,
    heightPx: 1,
    channels: 1,
    spacingMm: { x: 0.5, y: 0.25 },
  });
  const frames = await collect(source);
  t.same(
    frames.map(({ data, captureNs, id }) => [...data, captureNs, id]),
    [
      [1, 7, 0n, 0],
      [2, 7, 250_000_000n, 1],
    ],
  );
  t.same(source.counters, { images: 2, transforms: 1, statuses: 1, others: 1, damaged: 0 });
  t.match(source.status, { code: 1, text: 'fine' });
  t.same(source.transform, [1, 0, 0, 10, 0, 1, 0, 20, 0, 0, 1, 30, 0, 0, 0, 1]);
  await source.close();
});

test('a wrong checksum drops the message, counts it and warns', async (t) => {
  const body = imageBody({ size: [1, 1, 1], data: Uint8Array.of(5) });
  const uri = await serveMessages(t, [
    message('IMAGE', body),
    message('IMAGE', body, { crc: 1n }),
    message('IMAGE', body.subarray(0, 40)),
    message('IMAGE', body),
  ]);
  const warnings: string[] = [];
  const listener = (warning: Error): number => warnings.push(warning.message);
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  const source = await openOpenIgtLink(uri, SETTINGS);
  t.equal((await collect(source)).length, 2);
  t.match(source.counters, { images: 2, damaged: 2 });
  await new Promise(setImmediate);
  t.match(warnings, [/1 messages dropped.*IMAGE: its checksum/, /2 messages.*40 bytes/]);
});

test('slices are frames; 16 bits are scaled; RGB, protocol 3 and one device of several are read', async (t) => {
  const words = Uint8Array.from([0x10, 0, 0xff, 0xff]); // big endian
  const extended = Buffer.concat([
    Buffer.from([0, 12, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9]),
    imageBody({ size: [1, 1, 1], components: 3, data: Uint8Array.of(1, 2, 3) }),
    Buffer.from('meta!'),
  ]);
  const uri = await serveMessages(t, [
    message('IMAGE', imageBody({ size: [1, 1, 2], scalar: 5, endian: 1, data: words })),
    message('IMAGE', imageBody({ size: [1, 1, 1], data: Uint8Array.of(9) }), { device: 'Other' }),
    message('IMAGE', extended, { version: 2 }),
  ]);
  const source = await openSource(`${uri}?device=Probe`);
  t.same(
    (await collect(source)).map(({ data }) => [...data]),
    [[0x10], [0xff], [1, 2, 3]],
  );
});

test('a connection that breaks within a message, or that nobody answers, is an error', async (t) => {
  const whole = message('IMAGE', imageBody({ size: [1, 1, 1], data: Uint8Array.of(5) }));
  const uri = await serveMessages(t, [whole, whole.subarray(0, 80)]);
  await t.rejects(collect(await openSource(uri)), { message: /ends after 22 of 73 bytes/ });
  const silent = await serveMessages(t, []);
  await t.rejects(openSource(silent), { code: 'SOURCE_INVALID', message: /before a picture/ });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await t.rejects(openSource(`openigtlink://127.0.0.1:${port}`), { code: 'SOURCE_NOT_FOUND' });
});

test('the URI names host, port and device', async (t) => {
  t.same(parseOpenIgtLinkUri('openigtlink://localhost'), {
    host: 'localhost',
    port: 18944,
    device: null,
  });
  t.same(parseOpenIgtLinkUri('openigtlink://[::1]:9?device=A'), {
    host: '::1',
    port: 9,
    device: 'A',
  });
  t.throws(() => parseOpenIgtLinkUri('openigtlink:'), { name: 'RangeError' });
  t.throws(() => parseOpenIgtLinkUri('openigtlink://h?devic=A'), { message: /did you mean/ });
  t.throws(() => parseTransform(Buffer.alloc(3)), /3 bytes/);
});
