/** What a Sparkplug host may command of a running `serve`: nothing but Rebirth, unless it is allowed by name. */
import { checkOneOf } from '../runtime/validate.js';
import type { CommandReport, Commands } from '../telemetry/sparkplug/command-desk.js';
import { LOG_LEVELS, type Log } from './log.js';
import type { RunningDevice } from './running-device.js';

/** As `--allow-command` takes them. */
export const ALLOWABLE = ['profile', 'log-level'] as const;
export type Allowable = (typeof ALLOWABLE)[number];

export function commandsOf(
  allowed: readonly Allowable[],
  { running, log }: { running: RunningDevice; log: Log },
): Commands {
  return {
    ...(allowed.includes('profile') && {
      Profile: { type: 'String', run: (name) => running.switchTo(String(name)) },
    }),
    ...(allowed.includes('log-level') && {
      'Log Level': {
        type: 'String',
        run: async (level) => {
          log.level = checkOneOf(level, 'Log Level', LOG_LEVELS);
          return `the log level is ${log.level}`;
        },
      },
    }),
  };
}

/** Writes what came of a command. */
export function logCommand(log: Log, { name, outcome, result }: CommandReport): void {
  const text = `command ${name}: ${result}`;
  if (outcome === 'refused' || outcome === 'failed') log.warn(text);
  else log.info(text);
}
