/** The OpenIGTLink client against the reference library's server (C++). */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'tap';
import { openOpenIgtLink } from '../../../src/io/sources/openigtlink/openigtlink.js';
import { packageRoot } from '../../../src/runtime/package-info.js';

const INCLUDES = '/usr/include/openigtlink';
const skip = existsSync(join(INCLUDES, 'igtlServerSocket.h'))
  ? false
  : `no OpenIGTLink in ${INCLUDES} (libopenigtlink-dev)`;

/** SONOTRACK_TEST_IGTL_SECONDS: how long it streams at 30 pictures a second; otherwise as fast as it goes. */
const SECONDS = Number(process.env.SONOTRACK_TEST_IGTL_SECONDS ?? 0);

test('every picture of the reference server arrives, in order and whole', { skip }, async (t) => {
  const server = join(t.testdir(), 'server');
  const source = join(packageRoot(), 'tests/integration/interop/openigtlink_server.cc');
  execFileSync('g++', ['-O1', source, `-I${INCLUDES}`, '-o', server, '-lOpenIGTLink', '-lpthread']);
  const frames = SECONDS > 0 ? SECONDS * 30 : 300;
  const child = spawn(server, [String(frames), SECONDS > 0 ? '30' : '2000']);
  t.teardown(() => child.kill());
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const client = await openOpenIgtLink(`openigtlink://127.0.0.1:${port}?device=Probe`, {
    realtime: false,
    loop: false,
    frameRateHz: null,
    spacingMm: null,
  });
  t.match(client.info, { widthPx: 64, heightPx: 48, spacingMm: { x: 0.2, y: 0.3 } });
  let received = 0;
  let wrong = 0;
  for await (const { data, captureNs = 0n } of client) {
    const rate = SECONDS > 0 ? 30 : 2000;
    const late = Math.abs(Number(captureNs) - (received * 1e9) / rate);
    if (late > 1000 || data.some((value, i) => value !== ((i + received) & 255))) wrong += 1;
    received += 1;
  }
  t.equal(received, frames);
  t.equal(wrong, 0, 'samples and times');
  t.match(client.counters, {
    images: frames,
    transforms: frames,
    statuses: Math.ceil(frames / 30),
    damaged: 0,
  });
  t.equal(client.transform?.[3], frames - 1);
  t.match(client.status, { code: 1, text: 'scanning' });
  await client.close();
});
