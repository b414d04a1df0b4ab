/** A device and a fleet host on RabbitMQ, with the configuration and the rights that the docs give. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { test } from 'tap';
import { FleetHost } from '../../../src/fleet/host.js';
import { encodeSparkplug } from '../../../src/telemetry/sparkplug/payload.js';
import { noRabbit, startRabbit } from '../../support/rabbitmq.js';
import { jsonOf, subscribe } from '../../support/subscriber.js';
import { DEVICE } from '../../support/telemetry-device-path.js';

test(
  'a device and the fleet host meet on RabbitMQ',
  { skip: noRabbit, timeout: 120_000 },
  async (t) => {
    const broker = await startRabbit();
    t.teardown(() => broker.close());
    const fleet = new FleetHost({ broker: { url: broker.urlOf('fleet'), longestWaitMs: 500 } });
    t.teardown(() => fleet.close());
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await delay(20);
    };
    await until(() => fleet.connected);
    const seen = await subscribe(broker.urlOf('fleet'), 'sonotrack/v1/#', { protocolVersion: 4 });
    t.teardown(() => seen.end());

    // The host's STATE is retained by now, and comes under another topic.
    const options = {
      url: broker.urlOf('bay-4'),
      dir: t.testdir(),
      everyMs: 50,
      sparkplug: { primaryHost: 'fleet' },
      echo: true,
    };
    const child = spawn(process.execPath, [DEVICE, JSON.stringify(options)], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const node = () => fleet.nodes.get('sonotrack/bay-4');
    await until(() => (node()?.windows.count ?? 1) === 0 && fleet.counters.windows > 10);
    t.equal(node()?.online, true);
    t.equal(node()?.values.get('Properties/Profile'), 'x86-cpu');
    const latency = jsonOf(await seen.until(({ topic }) => topic === 'sonotrack/v1/bay-4/latency'));
    t.match(latency, { deviceId: 'bay-4', sequence: Number });

    await t.test('commands reach the device', async (t) => {
      const metrics = [{ name: 'Node Control/Profile', type: 'String' as const, value: 'other' }];
      const payload = Buffer.from(encodeSparkplug({ timestampMs: 1, metrics }));
      await seen.publish('spBv1.0/sonotrack/NCMD/bay-4', payload);
      await until(() => node()?.values.get('Command/Result') === 'changed to other');
      t.equal(node()?.values.get('Command/Done'), 1);
    });

    await t.test(
      'a retained message is told to who names its topic, not to a wildcard',
      async (t) => {
        const topic = 'sonotrack/v1/bay-4/status';
        const exact = await subscribe(broker.urlOf('fleet'), topic, { protocolVersion: 4 });
        t.match(jsonOf(await exact.until(({ retained }) => retained)), { status: 'online' });
        await exact.end();
        t.notOk(seen.all.some(({ retained }) => retained));
      },
    );

    await t.test('a device can neither speak for another nor listen to it', async (t) => {
      /** Whether the broker lets it pass; else it closes the connection. */
      const passes = async (act: (client: MqttClient) => Promise<unknown>): Promise<boolean> => {
        const client = await mqtt.connectAsync(broker.urlOf('bay-4'), {
          protocolVersion: 4,
          reconnectPeriod: 0,
          clientId: 'sparkplug-other-bay-4',
        });
        const refused = new Promise<boolean>((resolve) =>
          client.once('close', () => resolve(false)),
        );
        const done = act(client).then(
          () => true,
          () => false,
        );
        const outcome = await Promise.race([done, refused]);
        await client.endAsync(true);
        return outcome;
      };
      const publish = (topic: string) =>
        passes((client) => client.publishAsync(topic, '{}', { qos: 1 }));
      const listen = (topic: string) =>
        passes((client) => client.subscribeAsync(topic, { qos: 1 }));
      t.ok(await publish('sonotrack/v1/bay-4/status'));
      t.notOk(await publish('sonotrack/v1/bay-5/status'));
      t.notOk(await publish('spBv1.0/sonotrack/NCMD/bay-5'));
      t.notOk(await publish('spBv1.0/STATE/fleet'));
      t.ok(await listen('spBv1.0/sonotrack/NCMD/bay-4'));
      t.ok(await listen('spBv1.0/STATE/fleet'));
      t.notOk(await listen('spBv1.0/sonotrack/NCMD/bay-5'));
      t.notOk(await listen('spBv1.0/#'));
    });

    child.kill('SIGKILL');
    await until(() => node()?.online === false);
    t.equal(fleet.counters.damaged, 0);
  },
);
