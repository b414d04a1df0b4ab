/** A live server in this process, on a session without models whose frames the test feeds. */
import type { Test } from 'tap';
import { WebSocket } from 'ws';
import { connect, type ClientOptions, type LiveClient } from '../../src/client/index.js';
import type { LiveFrame } from '../../src/client/index.js';
import { createSession } from '../../src/live/session.js';
import type { Session } from '../../src/live/types.js';
import type { ServerOptions } from '../../src/server/options.js';
import { startServer, type LiveServer } from '../../src/server/server.js';
import type { FakeEngineOptions } from '../../src/runtime/fake-engine.js';
import type { FrameSource } from '../../src/sdk/types.js';
import { createDevice, FedSource, frame } from '../unit/live/stub.js';

export interface Served {
  server: LiveServer;
  session: Session;
  source: FedSource;
  /** Feeds the next frame. */
  next(): void;
}

/** Ends with the test. */
export async function serveFake(
  t: Test,
  options: Partial<ServerOptions> = {},
  engine: FakeEngineOptions = {},
): Promise<Served> {
  const source = new FedSource();
  const { device } = createDevice(engine);
  const input: FrameSource = options.ingest ?? source;
  const server = await startServer({
    port: 0,
    pageDir: t.testdir({ 'index.html': '<p>page', assets: { 'a.js': '1' } }),
    device: device.info,
    source: () => input.info,
    ...options,
  });
  const session = createSession({ source: input, device, publishers: [server.publisher] });
  server.attach(session);
  t.teardown(async () => {
    await session.close();
    await server.close();
    await device.close();
  });
  let id = 0;
  return { server, session, source, next: () => source.feed(frame(id++)) };
}

/** A client that ends with the test, and waits for what it is asked for. */
export function connectTo(t: Test, url: string, options: ClientOptions = {}) {
  const client: LiveClient = connect(url, {
    WebSocket: WebSocket as never,
    format: 'gray8',
    ...options,
  });
  t.teardown(() => client.close());
  const frames: LiveFrame[] = [];
  client.on('frame', (arrived) => frames.push(arrived));
  const once = <Name extends Parameters<LiveClient['on']>[0]>(name: Name) =>
    new Promise<Parameters<Parameters<typeof client.on<Name>>[1]>[0]>((resolve) => {
      const off = client.on(name, (event) => {
        off();
        resolve(event);
      });
    });
  /** The first frame that is so, of those that came and those that come. */
  const frameThat = async (matches: (frame: LiveFrame) => boolean): Promise<LiveFrame> => {
    while (true) {
      const found = frames.find(matches);
      if (found) return found;
      await once('frame');
    }
  };
  return { client, frames, once, frameThat };
}
