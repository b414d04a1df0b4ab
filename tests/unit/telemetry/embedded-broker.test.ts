import { test } from 'tap';
import { startBroker } from '../../../src/telemetry/embedded-broker.js';

test('a port that is taken is refused with the code of the system', async (t) => {
  const broker = await startBroker(0);
  await t.rejects(startBroker(broker.port), { code: 'EADDRINUSE' });
  await t.rejects(startBroker(70_000), { name: 'RangeError' });
  await broker.close();
  await broker.close();
});
