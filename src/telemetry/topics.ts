/** Names of topics, and what may stand in them. */
import { checkString, rangeError } from '../runtime/validate.js';

export const latencyTopic = (deviceId: string): string => `sonotrack/v1/${deviceId}/latency`;
export const statusTopic = (deviceId: string): string => `sonotrack/v1/${deviceId}/status`;
export const masksTopic = (deviceId: string): string => `sonotrack/v1/${deviceId}/masks`;

/** @throws RangeError when the name could not stand in a topic */
export function checkDeviceId(deviceId: unknown, name = 'deviceId'): string {
  const id = checkString(deviceId, name);
  if (/^[A-Za-z0-9._-]{1,64}$/.test(id)) return id;
  throw rangeError('1–64 letters, digits, dots, dashes or underscores', name, id);
}
