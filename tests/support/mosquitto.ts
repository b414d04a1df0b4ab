/** A real broker in a process of its own, on loopback. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PROGRAM = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'].find((path) => existsSync(path));

/** Why tests with a real broker cannot run here; false when they can. */
export const noMosquitto: string | false = PROGRAM
  ? false
  : 'there is no mosquitto (Debian package mosquitto)';

export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** Ends it: as a power cut does, or (SIGTERM) with its state saved where it is configured so. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a broker on a free port; `config` is added to its configuration, where DIR stands for its folder. */
export async function startMosquitto(
  config = 'allow_anonymous true',
  files: Record<string, string> = {},
): Promise<Mosquitto> {
  const dir = mkdtempSync(join(tmpdir(), 'sonotrack-mosquitto-'));
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
  }
  const user = process.getuid?.() === 0 ? 'user root\n' : '';
  const lines = `${user}listener ${port} 127.0.0.1\n${config.replaceAll('DIR', dir)}\n`;
  writeFileSync(join(dir, 'mosquitto.conf'), lines);
  let child: ChildProcess | null = null;
  const broker: Mosquitto = {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    async kill(signal = 'SIGKILL') {
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      child = null;
      await ended;
    },
    async start() {
      if (!PROGRAM) throw new Error('there is no mosquitto');
      const started = spawn(PROGRAM, ['-c', join(dir, 'mosquitto.conf')], { stdio: 'ignore' });
      child = started;
      while (!(await answers(port))) {
        if (started.exitCode !== null) throw new Error(`mosquitto ended: ${started.exitCode}`);
        await delay(20);
      }
    },
    async close() {
      await broker.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await broker.start();
  return broker;
}

/** An authority with a server's and a client's certificate for 127.0.0.1, PEM; made by openssl. */
export function makeCertificates(
  dir: string,
): Record<'ca' | 'cert' | 'key' | 'clientCert' | 'clientKey', string> {
  const file = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
  );
  for (const [name, subject] of [
    ['server', '/CN=127.0.0.1'],
    ['client', '/CN=bay-4'],
  ]) {
    writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1\n');
    openssl(
      'req',
      ...newKey,
      '-subj',
      subject,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
    );
    openssl(
      'x509',
      '-req',
      '-in',
      file(`${name}.csr`),
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      file('ext'),
      '-out',
      file(`${name}.crt`),
    );
  }
  return {
    ca: file('ca.crt'),
    cert: file('server.crt'),
    key: file('server.key'),
    clientCert: file('client.crt'),
    clientKey: file('client.key'),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether something listens on the port. */
export async function answers(port: number): Promise<boolean> {
  const probe = connect(port, '127.0.0.1');
  return new Promise<boolean>((resolve) => {
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => probe.destroy());
}
