/** RabbitMQ with its MQTT plugin in a process of its own, on loopback, with the configuration that the docs give. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../src/runtime/package-info.js';
import { answers, freePort } from './mosquitto.js';

const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Why tests with it cannot run here; false when they can. */
export const noRabbit: string | false = existsSync(PROGRAM)
  ? false
  : 'there is no RabbitMQ (Debian package rabbitmq-server)';

export interface Rabbit {
  /** With the user's name and password. */
  urlOf(user: string): string;
  close(): Promise<void>;
}

const PASSWORD = 'secret';

/** Starts it on free ports; every user of the docs' definitions.json gets the same password. */
export async function startRabbit(): Promise<Rabbit> {
  const dir = mkdtempSync(join(tmpdir(), 'sonotrack-rabbitmq-'));
  const docs = join(packageRoot(), 'docs', 'how-to', 'rabbitmq');
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  const definitions = JSON.parse(readFileSync(join(docs, 'definitions.json'), 'utf8')) as {
    users: { password_hash: string }[];
  };
  for (const user of definitions.users) user.password_hash = hashOf(PASSWORD);
  writeFileSync(join(dir, 'definitions.json'), JSON.stringify(definitions));
  const config = readFileSync(join(docs, 'rabbitmq.conf'), 'utf8')
    .replace(/^(ssl_options|mqtt\.listeners)\..*\n/gm, '')
    .replace('/etc/rabbitmq', dir);
  writeFileSync(join(dir, 'rabbitmq.conf'), `${config}mqtt.listeners.tcp.1 = 127.0.0.1:${port}\n`);
  const env = {
    ...process.env,
    HOME: dir,
    RABBITMQ_NODENAME: 'sonotrack@localhost',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(docs, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(dir, 'db'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_FEATURE_FLAGS_FILE: join(dir, 'flags'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
  const child = spawn(PROGRAM, { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    // The script runs the node as its child and passes this on; the name server stays unless it is told.
    child.kill('SIGTERM');
    await ended;
    try {
      execFileSync('epmd', ['-port', String(names), '-kill'], { env, stdio: 'ignore' });
    } catch {
      // It was not started, or has gone.
    }
    rmSync(dir, { recursive: true, force: true });
  };
  while (!(await answers(port))) {
    if (child.exitCode !== null) {
      await close();
      throw new Error(`RabbitMQ ended: ${child.exitCode}`);
    }
    await delay(50);
  }
  return { urlOf: (user) => `mqtt://${user}:${PASSWORD}@127.0.0.1:${port}`, close };
}

/** As RabbitMQ keeps passwords: four bytes of salt, and SHA-256 over them and the password. */
function hashOf(password: string): string {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}
