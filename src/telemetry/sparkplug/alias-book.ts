/** Names of metrics by alias, as births tell them: what every receiver of Sparkplug data must remember. */
import type { Metric, MetricValue, Payload } from './payload.js';
import type { SparkplugTopic } from './topics.js';

export interface NamedMetrics {
  values: Record<string, MetricValue>;
  /** All of the past. */
  historical: boolean;
  /** Metrics whose alias no birth has told. */
  unknown: number;
}

export class AliasBook {
  /** By node, over the node and its devices. */
  readonly #names = new Map<string, Map<number, string>>();

  /** The metrics of a message by name; births are remembered. */
  read({ group, node, type }: SparkplugTopic, { metrics }: Payload): NamedMetrics {
    const key = `${group}/${node}`;
    if (type === 'NBIRTH') this.#names.set(key, new Map());
    let names = this.#names.get(key);
    if (!names && type === 'DBIRTH') this.#names.set(key, (names = new Map()));
    const values: Record<string, MetricValue> = {};
    let unknown = 0;
    for (const metric of metrics) {
      const name = nameOf(metric, names);
      if (name === undefined) unknown += 1;
      else values[name] = metric.value;
    }
    const historical = metrics.length > 0 && metrics.every((metric) => metric.historical === true);
    return { values, historical, unknown };
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
