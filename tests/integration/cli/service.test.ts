/** What a service manager hears from `serve`, by systemd's own command, and whether systemd takes the unit that is shipped. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type Test } from 'tap';
import { startService } from '../../../src/cli/service.js';
import { packageRoot } from '../../../src/runtime/package-info.js';
import { serve } from '../../support/cli.js';
import { skipWithout, startPython } from '../../support/python.js';

const noSystemd = existsSync('/usr/bin/systemd-notify')
  ? false
  : 'there is no systemd-notify (Debian package systemd)';
const skip = noSystemd || skipWithout('socket');

/** A service manager's end: it prints what it is told, a line an assignment. */
const MANAGER = `
import socket, sys
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.bind(sys.argv[1])
print('bound')
while True:
    print(end.recv(4096).decode())
`;

/** A watchdog's period, as sd_watchdog_enabled(3) gives it. */
const PERIOD_MS = 400;

async function listen(t: Test) {
  // A socket's path has 107 characters at most: the test's own folder would not do.
  const folder = mkdtempSync(join(tmpdir(), 'sonotrack-service-'));
  const path = join(folder, 'notify');
  const manager = startPython(MANAGER, path);
  t.teardown(() => {
    manager.kill();
    rmSync(folder, { recursive: true });
  });
  const heard: string[] = [];
  let onLine = (): void => undefined;
  createInterface({ input: manager.stdout }).on('line', (line) => {
    heard.push(line);
    onLine();
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise<void>((resolve) => (onLine = resolve));
  };
  await until(() => heard.includes('bound'));
  const count = (line: string): number => heard.filter((other) => other === line).length;
  return { path, count, until };
}

test('serve says when it is ready, that it lives, and that it stops', { skip }, async (t) => {
  const { path, count, until } = await listen(t);
  const variables = { NOTIFY_SOCKET: path, WATCHDOG_USEC: String(PERIOD_MS * 1000) };
  Object.assign(process.env, variables);
  t.teardown(() => Object.keys(variables).forEach((name) => delete process.env[name]));
  const serving = await serve();
  await until(() => count('READY=1') === 1 && count('WATCHDOG=1') >= 2);
  t.equal(count('STOPPING=1'), 0);
  t.equal(await serving.stop(), 0);
  await until(() => count('STOPPING=1') === 1);
  t.equal(serving.stderr(), '');
});

test('a service that is not well gives no sign of life', { skip }, async (t) => {
  const { path, count, until } = await listen(t);
  let isWell = true;
  const service = startService({
    isWell: () => isWell,
    onTrouble: (message) => t.fail(message),
    env: { PATH: process.env.PATH, NOTIFY_SOCKET: path, WATCHDOG_USEC: String(PERIOD_MS * 1000) },
  });
  await until(() => count('WATCHDOG=1') >= 2);
  isWell = false;
  // One may be on its way.
  await delay(PERIOD_MS);
  const before = count('WATCHDOG=1');
  await delay(3 * PERIOD_MS);
  t.equal(count('WATCHDOG=1'), before);
  isWell = true;
  await until(() => count('WATCHDOG=1') > before);
  await service.stopping();
  t.equal(count('READY=1'), 1);
});

test('no sign of life for another process', { skip }, async (t) => {
  const { path, count, until } = await listen(t);
  const service = startService({
    isWell: () => true,
    onTrouble: (message) => t.fail(message),
    env: {
      PATH: process.env.PATH,
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: '10000',
      WATCHDOG_PID: String(process.pid + 1),
    },
  });
  await until(() => count('READY=1') === 1);
  await delay(200);
  await service.stopping();
  t.equal(count('WATCHDOG=1'), 0);
});

test('a manager that cannot be told is trouble, and no end', { skip }, async (t) => {
  const troubles: string[] = [];
  const service = startService({
    isWell: () => true,
    onTrouble: (message) => troubles.push(message),
    env: { PATH: process.env.PATH, NOTIFY_SOCKET: join(t.testdir(), 'nobody') },
  });
  await service.stopping();
  while (troubles.length < 2) await delay(10);
  t.match(troubles.sort(), [/systemd was not told READY=1/, /systemd was not told STOPPING=1/]);
});

test('without a service manager nobody is told', async (t) => {
  const onTrouble = (message: string): void => void t.fail(message);
  await startService({ isWell: () => true, onTrouble, env: {} }).stopping();
});

test('systemd takes the unit', { skip: noSystemd }, (t) => {
  const unit = join(packageRoot(), 'deploy/systemd/sonotrack.service');
  const output = execFileSync('systemd-analyze', ['verify', '--man=no', unit], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.equal(output, '');
  t.end();
});
