/** What a command that runs for long writes on standard error, by level. */
import type { Publisher, SessionStatus } from '../live/types.js';

/** Each with those before it. `warn`: faults, trouble with the broker, commands refused; `info`: what happens; `debug`: states and each window. */
export const LOG_LEVELS = ['silent', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export class Log {
  /** May be changed at any time. */
  level: LogLevel;

  constructor(level: LogLevel) {
    this.level = level;
  }

  warn(text: string): void {
    this.#write('warn', `warning: ${text}`);
  }

  info(text: string): void {
    this.#write('info', text);
  }

  debug(text: string): void {
    this.#write('debug', text);
  }

  #write(level: LogLevel, text: string): void {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.level)) return;
    process.stderr.write(`sonotrack: ${text}\n`);
  }
}

/** Writes what a session tells. */
export function sessionLog(log: Log): Publisher {
  let state: SessionStatus['state'] | null = null;
  return {
    name: 'log',
    onNotice: ({ kind, message }) => (kind === 'fault' ? log.warn(message) : log.info(message)),
    onStatus: (status) => {
      if (status.state !== state) log.debug(`state ${status.state}`);
      ({ state } = status);
    },
    onLatency: ({ fps, stages, counters }) => {
      const p95 = stages.total ? `, total p95 ${stages.total.p95.toFixed(1)} ms` : '';
      log.debug(`${fps.toFixed(1)} results/s${p95}, ${counters.dropped} dropped so far`);
    },
  };
}
