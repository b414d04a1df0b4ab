import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Aedes, type Subscription } from 'aedes';
import { test } from 'tap';
import { BrokerConnection, checkBroker } from '../../../src/telemetry/connection.js';
import { startBroker } from '../../../src/telemetry/embedded-broker.js';

test('of several servers the next one is tried when one is gone', async (t) => {
  const [first, second] = [await startBroker(0), await startBroker(0)];
  t.teardown(() => second.close());
  let onUp = (): void => undefined;
  const up = (): Promise<void> => new Promise((resolve) => (onUp = resolve));
  const connected = up();
  const connection = new BrokerConnection(
    { url: `${first.url},${second.url}`, longestWaitMs: 100 },
    { clientId: 'one', onUp: () => onUp() },
  );
  t.teardown(() => connection.close());
  await connected;
  t.equal(portOf(connection), new URL(first.url).port);
  const again = up();
  await first.close();
  await again;
  t.equal(portOf(connection), new URL(second.url).port);
  t.equal(connection.reconnects, 1);
});

test('each of several URLs is checked', async (t) => {
  t.throws(() => checkBroker({ url: 'mqtt://a,mqtt://' }), {
    message: 'expected an mqtt:// or mqtts:// URL for `url` but received "mqtt://" (string)',
  });
  t.doesNotThrow(() => checkBroker({ url: 'mqtt://me:a,b@one,mqtts://two:8883' }));
});

test('a refused subscription cuts the connection, and the waits between attempts grow', async (t) => {
  const asked: { atMs: number; qos: number }[] = [];
  const broker = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription: Subscription, done) => {
      asked.push({ atMs: performance.now(), qos: subscription.qos });
      // Null refuses it.
      done(null, asked.length > 2 ? subscription : null);
    },
  });
  const server = createServer(broker.handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => broker.close(() => server.close()));
  const { port } = server.address() as AddressInfo;
  const errors: (string | null)[] = [];
  const troubles: string[] = [];
  let onAgreed = (): void => undefined;
  const agreed = new Promise<void>((resolve) => (onAgreed = resolve));
  const connection: BrokerConnection = new BrokerConnection(
    { url: `mqtt://127.0.0.1:${port}`, subscribeQos: 0 },
    {
      clientId: 'one',
      onTrouble: (message) => troubles.push(message),
      onUp: (client) =>
        void connection.subscribe(client, ['a']).then((all) => {
          errors.push(connection.lastError);
          if (all) onAgreed();
        }),
    },
  );
  t.teardown(() => connection.close());
  await agreed;
  t.match(errors, [/^subscription refused: /, /^subscription refused: /, null]);
  t.match(troubles, [/^one: subscription refused: /]);
  t.equal(troubles.length, 1, 'told once while it stays the same');
  t.strictSame(
    asked.map(({ qos }) => qos),
    [0, 0, 0],
  );
  // 500 ms doubled once, at half of it by jitter.
  t.ok(asked[2].atMs - asked[1].atMs >= 500);
});

test('a broker that closes on MQTT 5 without a word is tried with 3.1.1, and stays so', async (t) => {
  const versions: number[] = [];
  const broker = await Aedes.createBroker();
  const server = createServer((socket) =>
    socket.once('data', (data) => {
      // CONNECT: its protocol level stands behind the name `MQTT` (MQTT 3.1.1 §3.1.2.2).
      const level = data[data.indexOf('MQTT') + 4];
      versions.push(level);
      if (level === 5) return void socket.end();
      socket.unshift(data);
      broker.handle(socket);
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => broker.close(() => server.close()));
  const { port } = server.address() as AddressInfo;
  let onUp = (): void => undefined;
  const up = (): Promise<void> => new Promise((resolve) => (onUp = resolve));
  const first = up();
  const connection = new BrokerConnection(
    { url: `mqtt://127.0.0.1:${port}`, longestWaitMs: 100 },
    { clientId: 'one', onUp: () => onUp() },
  );
  t.teardown(() => connection.close());
  await first;
  t.same(versions, [5, 4]);
  t.equal(connection.lastError, null);
  const second = up();
  connection.drop();
  await second;
  t.same(versions, [5, 4, 4]);
});

test('the QoS of subscriptions is 0 or 1', async (t) => {
  const broker = { url: 'mqtt://a', subscribeQos: 2 as 1 };
  t.throws(() => checkBroker(broker), { message: /for `subscribeQos` but received 2/ });
});

const portOf = ({ client }: BrokerConnection): string =>
  String((client?.stream as unknown as { remotePort: number }).remotePort);
