/** What a host may command beside Rebirth, by allow list: each command is carried out, or refused, and counted. */
import type { MetricDefinition } from './metrics.js';
import type { WrittenMetric } from './edge-node.js';

const COMMAND_NAMES = ['Profile', 'Log Level', 'Install Model', 'Roll Back Model'] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export interface Command {
  type: Extract<MetricDefinition['type'], 'String' | 'Boolean'>;
  /** Resolves to what is told as `Command/Result`; rejects with an error whose message is told. */
  run(value: string | boolean): Promise<string>;
}

/** The allow list. */
export type Commands = Partial<Record<CommandName, Command>>;

/** `done`: carried out; `refused`: not begun; `failed`: begun, and not carried out. */
export type CommandOutcome = 'done' | 'refused' | 'failed';
export type CommandCounts = Record<CommandOutcome, number>;
export const NO_COMMANDS: Readonly<CommandCounts> = { done: 0, refused: 0, failed: 0 };

export interface CommandReport {
  /** The metric that was written, cut to 128 characters; of a device with its name before it. */
  name: string;
  outcome: CommandOutcome | 'running';
  /** One line; begins with the outcome unless the command is done. */
  result: string;
}

const MOST_CHARACTERS = 128;
const CONTROL = 'Node Control/';

export class CommandDesk {
  /** Since the process began. */
  readonly counts: CommandCounts = { ...NO_COMMANDS };
  readonly #commands: Commands;
  readonly #onReport: (report: CommandReport) => void;
  #isBusy = false;

  /** @param onReport told of each command when it begins and when it has ended */
  constructor(commands: Commands, onReport: (report: CommandReport) => void) {
    this.#commands = commands;
    this.#onReport = onReport;
  }

  /** Settles when the command has ended; never rejects. One runs at a time: others are refused meanwhile. */
  async take(written: WrittenMetric): Promise<void> {
    const name = nameOf(written);
    const found = this.#find(written);
    if (typeof found === 'string') return this.#end(name, 'refused', `refused: ${found}`);
    this.#isBusy = true;
    this.#onReport({ name, outcome: 'running', result: 'running' });
    try {
      const result = await found.run(written.value as string | boolean);
      this.#end(name, 'done', result);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#end(name, 'failed', `failed: ${message}`);
    } finally {
      this.#isBusy = false;
    }
  }

  /** The command, or why it is refused. */
  #find({ device, name, value, retained }: WrittenMetric): Command | string {
    if (name === null) return 'the message could not be read';
    if (retained) return 'a retained message is no command';
    const known = COMMAND_NAMES.find((one) => device === null && name === `${CONTROL}${one}`);
    if (!known) return 'unknown command';
    const command = this.#commands[known];
    if (!command) return 'not allowed';
    if (typeof value !== command.type.toLowerCase()) {
      return `expected a value of type ${command.type} but received ${typeof value}`;
    }
    return this.#isBusy ? 'another command is running' : command;
  }

  #end(name: string, outcome: CommandOutcome, result: string): void {
    this.counts[outcome] += 1;
    this.#onReport({ name, outcome, result });
  }
}

function nameOf({ device, name }: WrittenMetric): string {
  const full = [...(device === null ? [] : [device]), name ?? 'unreadable'].join('/');
  // It comes from the network and goes into a log: one line, of bounded length.
  return full.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MOST_CHARACTERS);
}
