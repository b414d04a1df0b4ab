/** How far a mean may be off by chance: percentile bootstrap (Efron and Tibshirani 1993, chapter 13). */
import { seededRandom } from '../io/sources/phantom/random.js';

/** The ends of a 95 % confidence interval. */
export type Interval = [low: number, high: number];

const RESAMPLES = 1000;
const SEED = 1;
const TAIL = 0.025;

/**
 * Of the mean of `values`. Those of one group (an image, a clip) are drawn together, since they are not independent.
 * The same values give the same interval on every machine. Both must be of one length and not empty.
 */
export function intervalOfMean(values: readonly number[], groups: readonly string[]): Interval {
  const byGroup = new Map<string, { sum: number; count: number }>();
  values.forEach((value, i) => {
    const group = byGroup.get(groups[i]) ?? { sum: 0, count: 0 };
    byGroup.set(groups[i], { sum: group.sum + value, count: group.count + 1 });
  });
  const all = [...byGroup.values()];
  const random = seededRandom(SEED);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < all.length; i += 1) {
      const drawn = all[Math.floor(random() * all.length)];
      sum += drawn.sum;
      count += drawn.count;
    }
    return sum / count;
  }).sort();
  return [means[Math.floor(TAIL * RESAMPLES)], means[Math.ceil((1 - TAIL) * RESAMPLES) - 1]];
}
