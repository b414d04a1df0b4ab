/** An MQTT broker inside the process, for the demo and for tests; a fleet has one of its own. */
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type Client } from 'aedes';
import { checkInteger } from '../runtime/validate.js';

export interface EmbeddedBroker {
  /** mqtt://127.0.0.1:PORT */
  readonly url: string;
  readonly port: number;
  /** Cuts the connections of the clients whose id begins so, without a goodbye: their last wills are published. */
  disconnect(clientIdPrefix: string): void;
  /** Ends every connection and frees the port. Idempotent. */
  close(): Promise<void>;
}

/** It has no authentication, hence no other address. */
const HOST = '127.0.0.1';

/**
 * Starts a broker on the loopback interface.
 * @param port 0 takes a free one
 * @throws RangeError for a port out of range; the system's error (code EADDRINUSE) when it is taken
 */
export async function startBroker(port: number): Promise<EmbeddedBroker> {
  checkInteger(port, 'port', [0, 65535]);
  const broker = await Aedes.createBroker();
  const sockets = new Map<Socket, Client>();
  const server = createServer((socket) => {
    socket.on('close', () => sockets.delete(socket));
    sockets.set(socket, broker.handle(socket));
  });
  try {
    await listen(server, port);
  } catch (error) {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    throw error;
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the broker has no port');
  let closing: Promise<void> | null = null;
  return {
    url: `mqtt://${HOST}:${bound.port}`,
    port: bound.port,
    disconnect(clientIdPrefix) {
      for (const [socket, client] of sockets) {
        if (client.id?.startsWith(clientIdPrefix)) socket.destroy();
      }
    },
    close() {
      closing ??= stop(broker, server, sockets);
      return closing;
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function stop(
  broker: Aedes,
  server: Server,
  sockets: ReadonlyMap<Socket, Client>,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => broker.close(() => resolve()));
  for (const socket of sockets.keys()) socket.destroy();
  await stopped;
}
