/** History in one file, for a host without a database: SQLite compiled to WebAssembly, which needs no compiler. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { COLUMNS, CREATE, minuteOf, rowOf, upsert, type Row } from './history-sql.js';
import type { HistoryStore, Minute } from './history.js';

type Database = InstanceType<typeof sqlite.Database>;

/** @throws the library's error when the file is no database or another process has it open */
export function openSqlite(file: string): HistoryStore {
  mkdirSync(dirname(file), { recursive: true });
  return new SqliteStore(file);
}

class SqliteStore implements HistoryStore {
  readonly name: string;
  readonly #database: Database;

  constructor(file: string) {
    this.name = `SQLite, ${file}`;
    this.#database = new sqlite.Database(file);
    this.#database.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    this.#database.exec(CREATE);
  }

  async add(minutes: readonly Minute[]): Promise<void> {
    const values = COLUMNS.map(() => '?').join(', ');
    const statement = this.#database.prepare(upsert(values, 'MAX', 'MIN'));
    try {
      this.#database.exec('BEGIN');
      try {
        for (const minute of minutes) statement.run(rowOf(minute));
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#database.exec('ROLLBACK');
        throw error;
      }
    } finally {
      statement.finalize();
    }
  }

  async query(node: string, fromMs: number, toMs: number): Promise<Minute[]> {
    const rows = this.#database.all(
      'SELECT * FROM minutes WHERE node = ? AND minute_ms >= ? AND minute_ms < ? ORDER BY minute_ms',
      [node, fromMs, toMs],
    );
    return (rows as unknown as Row[]).map(minuteOf);
  }

  async prune(beforeMs: number): Promise<void> {
    this.#database.run('DELETE FROM minutes WHERE minute_ms < ?', [beforeMs]);
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}
