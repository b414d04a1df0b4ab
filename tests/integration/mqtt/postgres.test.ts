/** History in a real PostgreSQL, started for the test on a socket of its own. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { openPostgres } from '../../../src/fleet/history-postgres.js';
import { History } from '../../../src/fleet/history.js';
import { freePort } from '../../support/mosquitto.js';

const ROOT = '/usr/lib/postgresql';
const version = existsSync(ROOT)
  ? readdirSync(ROOT).find((name) => existsSync(join(ROOT, name, 'bin', 'initdb')))
  : undefined;
const skip = version ? false : 'there is no PostgreSQL (Debian package postgresql)';

/** The server refuses to run as root. */
function asPostgres(program: string, ...args: string[]): void {
  const path = join(ROOT, version ?? '', 'bin', program);
  const isRoot = process.getuid?.() === 0;
  const [command, all] = isRoot
    ? ['runuser', ['-u', 'postgres', '--', path, ...args]]
    : [path, args];
  execFileSync(command as string, all as string[], { stdio: 'ignore', cwd: '/' });
}

test(
  'minutes are added to in PostgreSQL as they are in SQLite',
  { skip, timeout: 60_000 },
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'sonotrack-postgres-'));
    if (process.getuid?.() === 0) {
      const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
      chownSync(dir, uid, uid);
    }
    const data = join(dir, 'data');
    asPostgres('initdb', '-D', data, '-A', 'trust', '-U', 'fleet', '-N');
    const port = await freePort();
    const flags = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off`;
    asPostgres('pg_ctl', '-D', data, '-o', flags, '-l', join(dir, 'log'), '-w', 'start');
    t.teardown(() => {
      asPostgres('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
      rmSync(dir, { recursive: true, force: true });
    });
    const store = await openPostgres(`postgres://fleet:secret@127.0.0.1:${port}/postgres`);
    t.equal(store.name, `PostgreSQL, 127.0.0.1:${port}/postgres`, 'no secrets');
    const history = new History(store, 1);
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const window = (p95: number | null, quality: number) =>
      new Map(
        Object.entries({ 'Frames/Rate': 30, 'Latency/total/P95': p95, 'Quality/Min': quality }),
      );
    history.add('g/a', now, window(50, 0.9));
    await history.flush();
    history.add('g/a', now + 1, window(20, 0.7));
    history.add('g/a', now + 2, window(null, 0.8));
    for (let i = 0; i < 2500; i += 1) history.add(`g/n${i}`, now, window(i, 0.9));
    history.add('g/a', now - 3 * 24 * 3600_000, window(1, 1));
    t.match(await history.query('g/a', 0, now + 60_000).then((rows) => rows.at(-1)), {
      node: 'g/a',
      minuteMs: now,
      windows: 3,
      fpsSum: 90,
      p95Ms: 50,
      quality: 0.7,
      p50Ms: null,
    });
    t.match(await history.query('g/n2499', 0, now + 60_000), [{ p95Ms: 2499 }]);
    t.equal(history.errors, 0);
    await history.close();
    await t.rejects(openPostgres(`postgres://fleet@127.0.0.1:${await freePort()}/postgres`), {
      code: 'ECONNREFUSED',
    });
  },
);
