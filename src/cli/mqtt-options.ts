/** Options of every command that talks to a broker. Secrets come from files or the environment, never as arguments. */
import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { BrokerOptions } from '../telemetry/connection.js';
import { UsageError } from './failure.js';

export interface MqttCliOptions {
  mqttVersion?: 'auto' | '5' | '3.1.1';
  mqttSubscribeQos: '0' | '1';
  mqttUser?: string;
  mqttPasswordFile?: string;
  mqttTokenFile?: string;
  mqttCa?: string;
  mqttCert?: string;
  mqttKey?: string;
}

/** Holds the password where no file does. */
const PASSWORD_VARIABLE = 'SONOTRACK_MQTT_PASSWORD';

export function withMqtt(command: Command): Command {
  return command
    .addOption(
      new Option('--mqtt-version <version>', 'protocol version; auto falls back to 3.1.1')
        .choices(['auto', '5', '3.1.1'])
        .default('auto'),
    )
    .addOption(
      new Option('--mqtt-subscribe-qos <qos>', 'QoS of subscriptions; 0 suits NATS')
        .choices(['0', '1'])
        .default('1'),
    )
    .option('--mqtt-user <name>', 'user name')
    .option('--mqtt-password-file <file>', `file with the password (or set ${PASSWORD_VARIABLE})`)
    .option('--mqtt-token-file <file>', 'file with a token, read again for each connection')
    .option('--mqtt-ca <file>', 'authorities to trust (PEM)')
    .option('--mqtt-cert <file>', 'client certificate (PEM)')
    .option('--mqtt-key <file>', "the client certificate's key (PEM)");
}

/** @throws UsageError when options exclude each other or a file cannot be read */
export async function brokerOf(url: string, options: MqttCliOptions): Promise<BrokerOptions> {
  const { mqttUser, mqttPasswordFile, mqttTokenFile, mqttCa, mqttCert, mqttKey } = options;
  if (mqttPasswordFile !== undefined && mqttTokenFile !== undefined) {
    throw new UsageError('expected either --mqtt-password-file or --mqtt-token-file, not both');
  }
  if ((mqttCert === undefined) !== (mqttKey === undefined)) {
    throw new UsageError('expected both --mqtt-cert and --mqtt-key, or neither');
  }
  const password = await secretOf(mqttPasswordFile, '--mqtt-password-file');
  if (mqttTokenFile !== undefined) await secretOf(mqttTokenFile, '--mqtt-token-file');
  const given = {
    protocol: options.mqttVersion,
    subscribeQos: Number(options.mqttSubscribeQos),
    username: mqttUser,
    password: password ?? process.env[PASSWORD_VARIABLE],
    token: mqttTokenFile && (async () => (await readFile(mqttTokenFile, 'utf8')).trim()),
    ca: await textOf(mqttCa, '--mqtt-ca'),
    cert: await textOf(mqttCert, '--mqtt-cert'),
    key: await textOf(mqttKey, '--mqtt-key'),
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { url, ...Object.fromEntries(set) };
}

const secretOf = async (file: string | undefined, option: string): Promise<string | undefined> =>
  (await textOf(file, option))?.trim();

async function textOf(file: string | undefined, option: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new UsageError(`cannot read ${file} of ${option}: ${reason}`, { cause });
  }
}
