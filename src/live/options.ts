import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkObject,
  checkOneOf,
} from '../runtime/validate.js';
import { SYSTEM_CLOCK, type SessionClock } from './clock.js';
import type { DeviceLimits, Publisher, SessionOptions } from './types.js';

/** `SessionOptions` says what each of them means. */
export const SESSION_DEFAULTS = {
  publishers: [] as readonly Publisher[],
  channel: 'newest' as 'newest' | 'queue',
  cineSeconds: 10,
  cineMiB: 256,
  maxObjects: 10,
  budgetMs: 1000,
  stallMs: 1000,
  latencyIntervalMs: 1000,
  sceneCuts: true,
  clock: SYSTEM_CLOCK as SessionClock,
};

export type SessionSettings = Required<SessionOptions>;

/** @throws TypeError, RangeError for a wrong option */
export function checkSessionOptions(options: SessionOptions): SessionSettings {
  checkObject(options, 'options', ['source', 'device', ...Object.keys(SESSION_DEFAULTS)]);
  const settings = { ...SESSION_DEFAULTS, ...options };
  checkOneOf(settings.channel, 'channel', ['newest', 'queue']);
  checkNumber(settings.cineSeconds, 'cineSeconds', [0.1, 60]);
  checkLimits(settings);
  checkInteger(settings.maxObjects, 'maxObjects', [1, 10]);
  checkNumber(settings.stallMs, 'stallMs', [100, 60_000]);
  checkNumber(settings.latencyIntervalMs, 'latencyIntervalMs', [10, 60_000]);
  checkBoolean(settings.sceneCuts, 'sceneCuts');
  return settings;
}

/** @throws TypeError, RangeError for a wrong or missing limit */
export function checkDeviceLimits(limits: DeviceLimits): DeviceLimits {
  return checkLimits(checkObject(limits, 'limits', ['budgetMs', 'cineMiB']));
}

function checkLimits<T extends Partial<DeviceLimits>>(limits: T): T & DeviceLimits {
  const budgetMs = checkNumber(limits.budgetMs, 'budgetMs', [10, 60_000]);
  const cineMiB = checkInteger(limits.cineMiB, 'cineMiB', [1, 4096]);
  return { ...limits, budgetMs, cineMiB };
}
