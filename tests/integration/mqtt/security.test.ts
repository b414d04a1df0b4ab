/** Real brokers that ask who is there: TLS with client certificates, user and password, an access list. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type Test } from 'tap';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { BrokerConnection, type BrokerOptions } from '../../../src/telemetry/connection.js';
import { makeCertificates, noMosquitto, startMosquitto } from '../../support/mosquitto.js';
import { subscribe } from '../../support/subscriber.js';

const skip = noMosquitto;

/** Whether the broker lets the client in, or why not. */
async function attempt(t: Test, broker: BrokerOptions): Promise<string> {
  return new Promise((resolve) => {
    const connection = new BrokerConnection(
      { ...broker, longestWaitMs: 100 },
      {
        clientId: 'sonotrack-bay-4',
        onUp: () => resolve('in'),
      },
    );
    t.teardown(() => connection.close());
    const timer = setInterval(() => {
      if (connection.lastError !== null) resolve(connection.lastError);
    }, 20);
    t.teardown(() => clearInterval(timer));
  });
}

test(
  'TLS: the authority given is trusted, and a client certificate is asked for',
  { skip },
  async (t) => {
    const files = makeCertificates(t.testdir());
    const broker = await startMosquitto(
      `allow_anonymous true\ncafile ${files.ca}\ncertfile ${files.cert}\nkeyfile ${files.key}\nrequire_certificate true`,
    );
    t.teardown(() => broker.close());
    const url = broker.url.replace('mqtt:', 'mqtts:');
    const text = (file: string): string => readFileSync(file, 'utf8');
    const client = { cert: text(files.clientCert), key: text(files.clientKey) };
    t.equal(await attempt(t, { url, ca: text(files.ca), ...client }), 'in');
    t.match(
      await attempt(t, { url, ...client }),
      /certificate/,
      'an unknown authority is not trusted',
    );
    t.not(
      await attempt(t, { url, ca: text(files.ca) }),
      'in',
      'without a certificate it is refused',
    );
  },
);

test(
  'the access list of the documentation gives a device its own topics and commands, and no others',
  { skip },
  async (t) => {
    const dir = t.testdir();
    const passwords = join(dir, 'passwords');
    for (const name of ['bay-4', 'bay-5', 'fleet']) {
      const create = name === 'bay-4' ? ['-c'] : [];
      execFileSync('mosquitto_passwd', [...create, '-b', passwords, name, `secret of ${name}`]);
    }
    const acl = join(packageRoot(), 'docs', 'how-to', 'mosquitto', 'acl.conf');
    const broker = await startMosquitto(
      `allow_anonymous false\npassword_file ${passwords}\nacl_file ${acl}`,
    );
    t.teardown(() => broker.close());
    const { url } = broker;
    const as = (username: string) => ({ username, password: `secret of ${username}` });
    t.equal(await attempt(t, { url, ...as('bay-4') }), 'in');
    t.equal(
      await attempt(t, { url, username: 'bay-4', token: async () => 'secret of bay-4' }),
      'in',
    );
    t.match(await attempt(t, { url, username: 'bay-4', password: 'wrong' }), /Not authorized/);

    const fleet = await subscribe(url, '#', as('fleet'));
    const other = await subscribe(url, 'sonotrack/v1/bay-4/#', as('bay-5'));
    const device = await subscribe(url, 'spBv1.0/sonotrack/NCMD/bay-4', as('bay-4'));
    t.teardown(() => Promise.all([fleet.end(), other.end(), device.end()]));
    await device.publish('sonotrack/v1/bay-5/latency', 'forged');
    await device.publish('spBv1.0/sonotrack/NDATA/bay-5', 'forged');
    await device.publish('sonotrack/v1/bay-4/latency', 'own');
    await device.publish('spBv1.0/sonotrack/NDATA/bay-4', 'own');
    await fleet.until(({ topic }) => topic === 'spBv1.0/sonotrack/NDATA/bay-4');
    t.notOk(fleet.all.some(({ payload }) => payload.toString() === 'forged'));
    await other.publish('spBv1.0/sonotrack/NCMD/bay-4', 'forged');
    await fleet.publish('spBv1.0/sonotrack/NCMD/bay-4', 'command');
    const command = await device.until(() => true);
    t.equal(command.payload.toString(), 'command', 'only the fleet commands');
    t.same(other.all, [], 'a device does not read what another sends');
  },
);
