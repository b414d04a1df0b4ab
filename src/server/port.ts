/** A port that another server holds, or held a moment ago. */
import { connect } from 'node:net';

/** Whether somebody serves there; otherwise the port is only waiting to be released. */
export async function isAnswered(host: string, port: number): Promise<boolean> {
  const probe = connect(port, host);
  return new Promise<boolean>((resolve) => {
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => probe.destroy());
}

export function taken(host: string, port: number): Error {
  const message = `port ${port} of ${host} is taken; choose another with --port, or 0 for a free one`;
  return Object.assign(new Error(message), { code: 'EADDRINUSE' });
}
