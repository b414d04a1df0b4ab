import { InvalidArgumentError, type Command } from 'commander';
import { FAULTS, type Fault } from '../telemetry/simulated-device.js';
import { Simulator } from '../telemetry/simulator.js';
import { SPARKPLUG_DEFAULTS } from '../telemetry/sparkplug/sender.js';
import { checkDeviceId } from '../telemetry/topics.js';
import { brokerOf, withMqtt, type MqttCliOptions } from './mqtt-options.js';
import { print, type GlobalOptions } from './shared.js';
import { untilSignal } from './signal.js';

interface SimulateOptions extends GlobalOptions, MqttCliOptions {
  mqtt: string;
  devices: number;
  rate: number;
  prefix: string;
  fault: { fault: Fault; share: number }[];
  sparkplugGroup: string;
  primaryHost?: string;
  seconds?: number;
}

const EXAMPLES = `
Faults: slow, drops, hot, model, disconnect, gap; each for a share of the devices.

Examples:
  $ sonotrack simulate --mqtt mqtt://127.0.0.1 --devices 50
  $ sonotrack simulate --mqtt mqtt://127.0.0.1 --devices 200 --fault slow:0.05 --fault disconnect:0.02`;

export function addSimulate(program: Command): void {
  const simulate = program
    .command('simulate')
    .description('Devices that are not there: real Sparkplug nodes with made-up latency.')
    .requiredOption('--mqtt <url>', 'broker')
    .option('--devices <n>', 'how many, 1–20000', integer(1, 20_000), 10)
    .option('--rate <hz>', 'windows per second of each, 0.01–50', rate, 1)
    .option('--prefix <text>', 'name of the nodes up to their number', 'sim-')
    .option(
      '--fault <name[:share]>',
      'fault of a share of the devices (0.1); repeatable',
      fault,
      [],
    )
    .option('--sparkplug-group <name>', 'Sparkplug group', SPARKPLUG_DEFAULTS.group)
    .option('--primary-host <id>', 'send only while this host is online')
    .option('--seconds <n>', 'stop by itself after so long', integer(1, 1e7))
    .addHelpText('after', EXAMPLES)
    .action(() => run(simulate.optsWithGlobals()));
  withMqtt(simulate);
}

async function run(options: SimulateOptions): Promise<void> {
  const { devices, rate: rateHz, prefix, fault: faults, sparkplugGroup: group } = options;
  checkDeviceId(`${prefix}1`, 'prefix');
  checkDeviceId(group, 'sparkplugGroup');
  const broker = await brokerOf(options.mqtt, options);
  const { primaryHost } = options;
  const simulator = new Simulator({
    broker: { keepaliveS: 60, ...broker },
    devices,
    rateHz,
    prefix,
    faults,
    group,
    ...(primaryHost !== undefined && { primaryHost }),
  });
  const stopped = untilSignal(options.seconds);
  try {
    await simulator.start();
    process.stdout.write(`ready ${devices} devices\n`);
    await stopped.signal;
  } finally {
    stopped.dispose();
    simulator.stop();
    const { counts } = simulator;
    await simulator.close();
    const { windows, unsent, born } = counts;
    print(
      options,
      counts,
      `${born} of ${devices} devices online at the end; ${windows} windows, ${unsent} unsent`,
    );
  }
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected an integer from ${least} to ${most}.`);
  };
}

function rate(text: string): number {
  const value = Number(text);
  if (value >= 0.01 && value <= 50) return value;
  throw new InvalidArgumentError('expected a number from 0.01 to 50 (Hz).');
}

function fault(text: string, before: SimulateOptions['fault']): SimulateOptions['fault'] {
  const [name, share = '0.1'] = text.split(':');
  const known = FAULTS.find((candidate) => candidate === name);
  const value = Number(share);
  if (known && value > 0 && value <= 1) return [...before, { fault: known, share: value }];
  throw new InvalidArgumentError(`expected one of ${FAULTS.join(', ')}, with a share from 0 to 1.`);
}
