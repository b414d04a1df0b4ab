/** Names of metrics by alias, as births tell them: what every receiver of Sparkplug data must remember. */
import type { Metric, MetricValue, Payload } from './payload.js';
import type { SparkplugTopic } from './topics.js';

export interface NamedMetrics {
  values: Record<string, MetricValue>;
  /** All of the past. */
  historical: boolean;
  /** Metrics whose alias no birth has told. */
  unknown: number;
  /** Time of the node's birth that was heard last, ms since 1970; null: none was. */
  bornMs: number | null;
}

interface Book {
  bornMs: number | null;
  names: Map<number, string>;
}

export class AliasBook {
  /** By node, over the node and its devices. */
  readonly #books = new Map<string, Book>();

  /** The metrics of a message by name; births are remembered. */
  read({ group, node, type }: SparkplugTopic, { timestampMs, metrics }: Payload): NamedMetrics {
    const key = `${group}/${node}`;
    let book = this.#books.get(key);
    if (type === 'NBIRTH' || (type === 'DBIRTH' && !book)) {
      book = { bornMs: type === 'NBIRTH' ? timestampMs : null, names: new Map() };
      this.#books.set(key, book);
    }
    const names = book?.names;
    const values: Record<string, MetricValue> = {};
    let unknown = 0;
    for (const metric of metrics) {
      const name = nameOf(metric, names);
      if (name === undefined) unknown += 1;
      else values[name] = metric.value;
    }
    const historical = metrics.length > 0 && metrics.every((metric) => metric.historical === true);
    return { values, historical, unknown, bornMs: book?.bornMs ?? null };
  }
}

function nameOf(
  { name, alias }: Metric,
  names: Map<number, string> | undefined,
): string | undefined {
  if (name === undefined) return alias === undefined ? undefined : names?.get(alias);
  if (alias !== undefined) names?.set(alias, name);
  return name;
}
