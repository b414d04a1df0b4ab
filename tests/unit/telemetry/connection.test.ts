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

const portOf = ({ client }: BrokerConnection): string =>
  String((client?.stream as unknown as { remotePort: number }).remotePort);
