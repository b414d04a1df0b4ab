/** History in PostgreSQL: for large fleets, and hosts that share it. */
import pg from 'pg';
import { COLUMNS, CREATE, minuteOf, rowOf, upsert, type Row } from './history-sql.js';
import type { HistoryStore, Minute } from './history.js';

/** Rows of one statement; PostgreSQL takes at most 65,535 parameters. */
const ROWS = 1000;

/** Creates the table where it is missing. @throws the database's error when it cannot be reached */
export async function openPostgres(url: string): Promise<HistoryStore> {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  // A connection that is lost while it is idle is replaced; those in use reject.
  pool.on('error', () => undefined);
  try {
    await pool.query(CREATE);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return new PostgresStore(pool, new URL(url));
}

class PostgresStore implements HistoryStore {
  readonly name: string;
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool, { host, pathname }: URL) {
    this.name = `PostgreSQL, ${host}${pathname}`;
    this.#pool = pool;
  }

  async add(minutes: readonly Minute[]): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      for (let from = 0; from < minutes.length; from += ROWS) {
        const rows = minutes.slice(from, from + ROWS).map(rowOf);
        const values = rows
          .map((row, i) => row.map((_, j) => `$${i * COLUMNS.length + j + 1}`).join(', '))
          .join('), (');
        await client.query(upsert(values, 'GREATEST', 'LEAST'), rows.flat());
      }
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  async query(node: string, fromMs: number, toMs: number): Promise<Minute[]> {
    const { rows } = await this.#pool.query<Row>(
      'SELECT * FROM minutes WHERE node = $1 AND minute_ms >= $2 AND minute_ms < $3 ORDER BY minute_ms',
      [node, fromMs, toMs],
    );
    return rows.map(minuteOf);
  }

  async prune(beforeMs: number): Promise<void> {
    await this.#pool.query('DELETE FROM minutes WHERE minute_ms < $1', [beforeMs]);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
