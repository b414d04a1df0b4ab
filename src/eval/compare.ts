/** Two evaluations of the same objects: the mean of the paired differences, which is surer than that of two means. */
import { SonotrackError } from '../runtime/errors.js';
import { intervalOfMean, type Interval } from './bootstrap.js';
import { mean, type ObjectRecord } from './figures.js';
import { overFigures } from './measures.js';

export interface Difference {
  /** This evaluation minus the other. */
  mean: number;
  interval: Interval;
}

export interface Comparison {
  pairs: number;
  /** By set, and over all pairs under `all`. */
  sets: Record<string, ReturnType<typeof differencesOf>>;
  /** Mean DSC after each click over the pairs, by the same names. */
  curves: Record<string, { own: number[]; other: number[] }>;
}

const keyOf = ({ set, id, label }: ObjectRecord): string => `${set}/${id}/${label}`;

/** Objects that both evaluations have are paired. @throws SonotrackError SOURCE_INVALID when there is none */
export function compareObjects(
  own: readonly ObjectRecord[],
  other: readonly ObjectRecord[],
): Comparison {
  const byKey = new Map(other.map((record) => [keyOf(record), record]));
  const pairs = own.flatMap((record) => {
    const partner = byKey.get(keyOf(record));
    return partner && partner.dsc.length > 0 ? [{ record, partner }] : [];
  });
  if (pairs.length === 0) {
    throw new SonotrackError(
      'SOURCE_INVALID',
      'source',
      'expected an evaluation of the same objects to compare with but received one that shares none',
    );
  }
  const groups: Record<string, Pair[]> = { all: pairs };
  for (const set of new Set(pairs.map(({ record }) => record.set))) {
    groups[set] = pairs.filter(({ record }) => record.set === set);
  }
  const each = <T>(of: (group: Pair[]) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, of(group)]));
  return { pairs: pairs.length, sets: each(differencesOf), curves: each(curvesOf) };
}

type Pair = { record: ObjectRecord; partner: ObjectRecord };

/** Where one has fewer clicks, only those of both are compared. */
const clicksOfBoth = (pairs: readonly Pair[]): number =>
  Math.min(...pairs.flatMap(({ record, partner }) => [record.dsc.length, partner.dsc.length]));

function curvesOf(pairs: readonly Pair[]): { own: number[]; other: number[] } {
  const curve = (pick: (pair: Pair) => ObjectRecord): number[] =>
    Array.from({ length: clicksOfBoth(pairs) }, (_, k) => mean(pairs.map((p) => pick(p).dsc[k])));
  return { own: curve(({ record }) => record), other: curve(({ partner }) => partner) };
}

function differencesOf(pairs: readonly Pair[]) {
  const clicks = clicksOfBoth(pairs);
  const cut = (record: ObjectRecord): ObjectRecord => ({
    ...record,
    dsc: record.dsc.slice(0, clicks),
  });
  const groups = pairs.map(({ record }) => `${record.set}/${record.id}`);
  const both = pairs.map(({ record, partner }) => [cut(record), cut(partner)] as const);
  return overFigures(
    both.map(([record]) => record),
    (pick): Difference => {
      const differences = both.map(([record, partner]) => pick(record) - pick(partner));
      return { mean: mean(differences), interval: intervalOfMean(differences, groups) };
    },
  );
}
