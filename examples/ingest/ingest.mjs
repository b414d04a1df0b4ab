/**
 * Sends frames of this process to a live session of another, by credit: it never sends more than the session can take.
 *   sonotrack serve --source ingest: --port 8080
 *   node examples/ingest/ingest.mjs http://127.0.0.1:8080 300
 * Messages are proto/live.proto's IngestFrame and IngestCredit.
 */
import { setTimeout as delay } from 'node:timers/promises';
import protobuf from 'protobufjs';
import { openSource } from 'sonotrack';
import { WebSocket } from 'ws';

const [address = 'http://127.0.0.1:8080', count = '300'] = process.argv.slice(2);
const schema = await protobuf.load(new URL('../../proto/live.proto', import.meta.url).pathname);
const IngestFrame = schema.lookupType('sonotrack.live.v1.IngestFrame');
const IngestCredit = schema.lookupType('sonotrack.live.v1.IngestCredit');

const socket = new WebSocket(`${address.replace('http', 'ws')}/ingest`);
let credit = 0;
let wake = () => undefined;
socket.on('message', (data) => {
  credit += IngestCredit.decode(data).frames;
  wake();
});
socket.on('close', (code, reason) => {
  if (code === 1000) return;
  console.error(`the server closed: ${code} ${reason}`);
  process.exit(1);
});

let sent = 0;
for await (const frame of await openSource(`phantom:?frames=${count}`)) {
  while (credit === 0) await new Promise((resolve) => (wake = resolve));
  credit -= 1;
  const captureNs = process.hrtime.bigint().toString();
  socket.send(
    IngestFrame.encode(IngestFrame.fromObject({ ...frame, id: undefined, captureNs })).finish(),
  );
  sent += 1;
  await delay(33);
}
socket.close(1000);
console.log(`sent ${sent} frames`);
