import { test } from 'tap';
import { Viewer } from '../../../src/server/viewer.js';

/** A socket that holds what was sent until it is drained. */
class SlowSocket {
  readonly sent: number[] = [];
  readonly ended: number[] = [];
  held = 0;

  send(message: Uint8Array): number {
    this.sent.push(message[0]);
    this.held = 1;
    return 1;
  }

  end(code: number): void {
    this.ended.push(code);
  }

  getBufferedAmount(): number {
    return this.held;
  }
}

test('a slow viewer gets the newest frame when it has room, and its drops are counted', async (t) => {
  const socket = new SlowSocket();
  const viewer = new Viewer(socket as never, 'view', 20);
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
  const viewer = new Viewer(socket as never, 'view', 20);
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
  const viewer = new Viewer(socket as never, 'view', 20);
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
  const viewer = new Viewer(socket as never, 'view', 20);
  viewer.closed();
  viewer.sendFrame(Uint8Array.of(1));
  viewer.send(Uint8Array.of(2));
  viewer.end(1001, '');
  viewer.drained();
  t.same(socket.sent, []);
});

test('more than 20 commands within a second are not admitted', async (t) => {
  const viewer = new Viewer(new SlowSocket() as never, 'view', 20);
  const admitted = Array.from({ length: 25 }, () => viewer.admits(5000)).filter(Boolean);
  t.equal(admitted.length, 20);
  t.ok(viewer.admits(6000));
});

test('short messages always go, until a viewer that reads nothing is cut off', async (t) => {
  const socket = new SlowSocket();
  const viewer = new Viewer(socket as never, 'view', 20);
  viewer.send(Uint8Array.of(7));
  viewer.send(Uint8Array.of(8));
  t.same(socket.sent, [7, 8]);
  socket.held = 2 ** 21;
  viewer.send(Uint8Array.of(9));
  t.same(socket.sent, [7, 8]);
  t.same(socket.ended, [1013]);
});
