/** What a Sparkplug host may command of a running `serve`: nothing but Rebirth, unless it is allowed by name. */
import { checkOneOf } from '../runtime/validate.js';
import type { CommandReport, Commands } from '../telemetry/sparkplug/command-desk.js';
import { LOG_LEVELS, type Log } from './log.js';
import type { RemoteModels } from './remote-models.js';
import type { RunningDevice } from './running-device.js';

/** As `--allow-command` takes them. */
export const ALLOWABLE = ['profile', 'log-level', 'install-model', 'roll-back-model'] as const;
export type Allowable = (typeof ALLOWABLE)[number];

/** @param means `models`: null where models are not changed from afar */
export function commandsOf(
  allowed: readonly Allowable[],
  { running, log, models }: { running: RunningDevice; log: Log; models: RemoteModels | null },
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
    ...(models &&
      allowed.includes('install-model') && {
        'Install Model': { type: 'String', run: (name) => models.install(String(name)) },
      }),
    ...(models &&
      allowed.includes('roll-back-model') && {
        'Roll Back Model': {
          type: 'Boolean',
          run: async (value) => {
            if (value !== true) throw new RangeError('expected true');
            return models.rollBack();
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
