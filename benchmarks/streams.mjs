// Streams at 30 frames a second into live tracking: does every frame turn up somewhere?
//
//   node benchmarks/streams.mjs [--seconds 300] [--out FILE]
//
// An OpenIGTLink server in a process of its own sends the phantom, and ffmpeg decodes a video of it as it plays; each goes
// into a live session that tracks one structure, the newest frame first. Both run at once. A frame that was sent is received,
// lost on the way, or of a damaged message; one that was received is tracked, replaced by a newer one, or still under way.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSession, openDevice, openSource } from 'sonotrack';
import { crc64 } from '../dist/io/sources/openigtlink/crc64.js';
import { phantomFrames, report } from './lib.mjs';

const RATE_HZ = 30;
const [WIDTH, HEIGHT] = [480, 360];
/** Frames of the phantom, sent there and back again, over and over: so it never jumps. */
const LOOP = 60;
const CLICK = { x: 240.5, y: 170.5, label: 1 };

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    send: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const count = Math.round(Number(options.seconds) * RATE_HZ);
if (options.send) await send();
else await measure();

async function loopFrames() {
  const frames = await phantomFrames(LOOP);
  return [...frames, ...frames.toReversed()];
}

/** IMAGE message, version 1 (OpenIGTLink protocol, 2-D, 8-bit gray). */
function imageMessage({ data, widthPx, heightPx, spacingMm }, seconds) {
  const body = Buffer.alloc(72 + data.length);
  body.writeUInt16BE(1, 0);
  body.set([1, 3, 2, 1], 2); // one component, uint8, little endian, RAS
  [widthPx, heightPx, 1].forEach((v, i) => {
    body.writeUInt16BE(v, 6 + 2 * i);
    body.writeUInt16BE(v, 66 + 2 * i);
  });
  [spacingMm.x, 0, 0, 0, spacingMm.y, 0, 0, 0, 1, 0, 0, 0].forEach((v, i) =>
    body.writeFloatBE(v, 12 + 4 * i),
  );
  body.set(data, 72);
  const head = Buffer.alloc(58);
  head.writeUInt16BE(1, 0);
  head.write('IMAGE', 2, 'latin1');
  head.write('Probe', 14, 'latin1');
  head.writeUInt32BE(Math.floor(seconds), 34);
  head.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 38);
  head.writeBigUInt64BE(BigInt(body.length), 42);
  head.writeBigUInt64BE(crc64(body), 50);
  return Buffer.concat([head, body]);
}

/** The sending process: as a scanner it does not wait; what the connection does not take at once lies in memory. */
async function send() {
  const frames = await loopFrames();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send({ port: server.address().port });
  const [socket] = await once(server, 'connection');
  const beganMs = performance.now();
  let waiting = 0;
  for (let i = 0; i < count; i += 1) {
    const dueMs = beganMs + (i * 1000) / RATE_HZ;
    const early = dueMs - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    socket.write(imageMessage(frames[i % frames.length], 1000 + i / RATE_HZ));
    waiting = Math.max(waiting, socket.writableLength);
  }
  const sendSeconds = (performance.now() - beganMs) / 1000;
  process.send({ sent: count, sendSeconds, mostWaitingMiB: waiting / 2 ** 20 });
  socket.end();
  await once(socket, 'close');
  server.close();
}

/** Tracks one structure through a live source until it ends. */
async function follow(device, source) {
  const session = createSession({ source, device, channel: 'newest', budgetMs: 60_000 });
  let clicked = false;
  let tracked = 0;
  let lastId = -1;
  let disorder = 0;
  session.on('result', ({ frame, timings, objects, revised }) => {
    if (revised) return;
    if (frame.id <= lastId) disorder += 1;
    lastId = frame.id;
    if (timings && objects.length > 0) tracked += 1;
    if (clicked) return;
    clicked = true;
    session.click({ frameId: frame.id, ...CLICK }).catch((error) => console.error(error.message));
  });
  const began = performance.now();
  await session.done;
  const { received, processed, dropped, skipped, resets, faults } = session.counters;
  return {
    received,
    processed,
    tracked,
    /** Replaced by a newer frame before it was looked at: tracking was busy. */
    droppedByTracking: dropped,
    skippedWhileFrozen: skipped,
    resets,
    faults,
    outOfOrder: disorder,
    unaccounted: received - processed - dropped - skipped,
    seconds: (performance.now() - began) / 1000,
  };
}

async function openIgtLink(device) {
  const child = fork(process.argv[1], ['--send', '--seconds', options.seconds]);
  const [{ port }] = await once(child, 'message');
  const source = await openSource(`openigtlink://127.0.0.1:${port}`);
  const told = once(child, 'message');
  const followed = await follow(device, source);
  const [{ sent, ...sender }] = await told;
  const { damaged, others } = source.counters;
  return {
    sent,
    ...sender,
    damaged,
    others,
    lostOnTheWay: sent - followed.received - damaged,
    ...followed,
  };
}

async function video(device) {
  const folder = mkdtempSync(join(tmpdir(), 'sonotrack-streams-'));
  try {
    const frames = await loopFrames();
    const raw = join(folder, 'loop.gray');
    writeFileSync(raw, Buffer.concat(frames.map(({ data }) => data)));
    const file = join(folder, 'phantom.mkv');
    const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...args]);
    const input = [
      '-f',
      'rawvideo',
      '-pix_fmt',
      'gray',
      '-s',
      `${WIDTH}x${HEIGHT}`,
      '-r',
      `${RATE_HZ}`,
    ];
    const loops = String(Math.ceil(count / frames.length) - 1);
    const short = join(folder, 'short.mkv');
    ffmpeg(...input, '-i', raw, '-c:v', 'ffv1', short);
    ffmpeg('-stream_loop', loops, '-i', short, '-c', 'copy', '-frames:v', String(count), file);
    const probe = ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets'];
    const sent = Number(execFileSync('ffprobe', [...probe, '-of', 'csv=p=0', file]));
    const source = await openSource(file, { realtime: true });
    const followed = await follow(device, source);
    return { sent, lostOnTheWay: sent - followed.received, ...followed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure() {
  const device = await openDevice();
  const [igtl, decoded] = await Promise.all([openIgtLink(device), video(device)]);
  await device.close();
  const { engine, executionProvider } = device.info;
  report(
    {
      scenario: 'streams',
      rateHz: RATE_HZ,
      framePx: [WIDTH, HEIGHT],
      engine,
      executionProvider,
      openigtlink: igtl,
      ffmpeg: decoded,
    },
    options.out,
  );
}
