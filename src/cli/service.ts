/** What systemd is told of a service of `Type=notify` (sd_notify(3)): by its own command, as Node has no datagram sockets. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ServiceOptions {
  /** False: no sign of life is given, so that systemd restarts the service where that lasts. */
  isWell: () => boolean;
  onTrouble: (message: string) => void;
  /** Default: those of the process. */
  env?: NodeJS.ProcessEnv;
}

export interface Service {
  /** Tells that the service is stopping, and no more after that. */
  stopping(): Promise<void>;
}

/** Signs of life within one period of the watchdog: half of it is what sd_watchdog_enabled(3) advises. */
const SIGNS_A_PERIOD = 2;

/**
 * Tells systemd that everything runs and, where the unit has a WatchdogSec, from then on that it still does. Does nothing
 * where no service manager asks for it (no NOTIFY_SOCKET).
 */
export function startService({ isWell, onTrouble, env = process.env }: ServiceOptions): Service {
  if (!env.NOTIFY_SOCKET) return { stopping: async () => undefined };
  const tell = async (...assignments: string[]): Promise<void> => {
    try {
      await promisify(execFile)('systemd-notify', assignments, { env, timeout: 5000 });
    } catch (error) {
      onTrouble(`systemd was not told ${assignments.join(' ')}: ${(error as Error).message}`);
    }
  };
  void tell('READY=1');
  const periodMs = watchdogPeriodMs(env);
  const timer =
    periodMs &&
    setInterval(() => void (isWell() && tell('WATCHDOG=1')), periodMs / SIGNS_A_PERIOD).unref();
  return {
    stopping: () => {
      if (timer) clearInterval(timer);
      return tell('STOPPING=1');
    },
  };
}

/** Null: the unit has no watchdog, or it watches another process. */
function watchdogPeriodMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | null {
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid) return null;
  const periodMs = Number(WATCHDOG_USEC) / 1000;
  return periodMs > 0 ? periodMs : null;
}
