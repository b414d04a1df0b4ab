import { test } from 'tap';
import { Viewer } from '../../../src/server/viewer.js';

/** A socket that holds what was sent until it is drained. */
class SlowSocket {
  readonly sent: (string | number)[] = [];
  held = 0;

  send(message: unknown, isBinary?: boolean): number {
    this.sent.push(isBinary ? (message as Uint8Array)[0] : String(message));
    if (isBinary) this.held = 1;
    return 1;
  }

  getBufferedAmount(): number {
    return this.held;
  }
}

test('a slow viewer gets the newest frame when it has room, and its drops are counted', async (t) => {
  const socket = new SlowSocket();
  const viewer = new Viewer(socket as never);
  for (const id of [1, 2, 3, 4]) viewer.sendFrame(Uint8Array.of(id));
  t.same(socket.sent, [1]);
  t.equal(viewer.drops, 2);
  viewer.drained();
  t.same(socket.sent, [1], 'still full');
  socket.held = 0;
  viewer.drained();
  t.same(socket.sent, [1, 4]);
  socket.held = 0;
  viewer.drained();
  t.same(socket.sent, [1, 4], 'nothing is sent twice');
});

test('a viewer that shows nothing gets two frames, then the newest once it has shown one', async (t) => {
  const socket = new SlowSocket();
  const viewer = new Viewer(socket as never);
  for (const id of [1, 2, 3, 4]) {
    viewer.sendFrame(Uint8Array.of(id));
    socket.held = 0;
  }
  t.same(socket.sent, [1, 2]);
  t.equal(viewer.drops, 1);
  viewer.shown(1);
  t.same(socket.sent, [1, 2, 4]);
  socket.held = 0;
  viewer.sendFrame(Uint8Array.of(5));
  viewer.shown(1);
  t.same(socket.sent, [1, 2, 4], 'the same count again is no news');
  viewer.shown(1000);
  t.same(socket.sent, [1, 2, 4, 5]);
});

test('a fast viewer gets every frame', async (t) => {
  const socket = new SlowSocket();
  const viewer = new Viewer(socket as never);
  for (const id of [1, 2, 3, 4]) {
    viewer.sendFrame(Uint8Array.of(id));
    socket.held = 0;
    viewer.shown(id);
  }
  t.same(socket.sent, [1, 2, 3, 4]);
  t.equal(viewer.drops, 0);
});

test('nothing touches a socket that is gone', async (t) => {
  const socket = new SlowSocket();
  const viewer = new Viewer(socket as never);
  viewer.closed();
  viewer.sendFrame(Uint8Array.of(1));
  viewer.sendText('x');
  viewer.drained();
  t.same(socket.sent, []);
});

test('more than 20 commands within a second are not admitted', async (t) => {
  const viewer = new Viewer(new SlowSocket() as never);
  const admitted = Array.from({ length: 25 }, () => viewer.admits(5000)).filter(Boolean);
  t.equal(admitted.length, 20);
  t.ok(viewer.admits(6000));
});
