/** The metrics of a node or one of its devices: their aliases, the last values told, and which changes are worth telling. */
import type { MetricDefinition, MetricValues } from './metrics.js';
import type { Metric, MetricValue } from './payload.js';

export class MetricSet {
  readonly #definitions: readonly MetricDefinition[];
  readonly #aliases: ReadonlyMap<string, number>;
  /** As they are now, and as they were last told. */
  readonly #values = new Map<string, MetricValue>();
  readonly #told = new Map<string, MetricValue>();
  readonly #toldOfPast = new Map<string, MetricValue>();

  /** @param firstAlias of the first metric; aliases are unique over a node and its devices (§6.4.8) */
  constructor(definitions: readonly MetricDefinition[], firstAlias: number) {
    this.#definitions = definitions;
    this.#aliases = new Map(definitions.map(({ name }, i) => [name, firstAlias + i]));
  }

  get(name: string): MetricValue {
    return this.#values.get(name) ?? null;
  }

  /** Takes values over; those that are no metric of the set are passed over. */
  set(values: MetricValues): void {
    for (const [name, value] of Object.entries(values)) {
      if (this.#aliases.has(name)) this.#values.set(name, value);
    }
  }

  /** All metrics with names, aliases, units and ranges; they count as told. */
  birth(): Metric[] {
    this.#toldOfPast.clear();
    return this.#definitions.map(({ name, type, unit, range }) => {
      const value = this.get(name);
      this.#told.set(name, value);
      const properties = {
        ...(unit !== undefined && { engUnit: { type: 'String' as const, value: unit } }),
        ...(range && {
          engLow: { type: 'Double' as const, value: range[0] },
          engHigh: { type: 'Double' as const, value: range[1] },
        }),
      };
      const hasProperties = Object.keys(properties).length > 0;
      return {
        name,
        alias: this.#aliases.get(name),
        type,
        value,
        ...(hasProperties && { properties }),
      };
    });
  }

  /** The metrics that have changed by more than their deadband since they were told, by alias; they count as told. */
  changes(): Metric[] {
    return this.#report((name) => this.get(name), this.#told);
  }

  /** The same for values of the past, which do not become those of now. */
  past(values: MetricValues, timestampMs: number): Metric[] {
    const report = this.#report((name) => values[name], this.#toldOfPast);
    return report.map((metric) => ({ ...metric, timestampMs, historical: true }));
  }

  #report(
    valueOf: (name: string) => MetricValue | undefined,
    told: Map<string, MetricValue>,
  ): Metric[] {
    const metrics: Metric[] = [];
    for (const definition of this.#definitions) {
      const { name, type } = definition;
      const value = valueOf(name);
      if (value === undefined || !isWorthTelling(told.get(name), value, definition)) continue;
      told.set(name, value);
      metrics.push({ alias: this.#aliases.get(name), type, value });
    }
    return metrics;
  }
}

function isWorthTelling(
  told: MetricValue | undefined,
  value: MetricValue,
  { deadband }: MetricDefinition,
): boolean {
  if (told === undefined) return true;
  if (typeof told !== 'number' || typeof value !== 'number' || !deadband) return told !== value;
  const change = Math.abs(value - told);
  return change > deadband.absolute && change > (deadband.relative ?? 0) * Math.abs(told);
}
