/**
 * Leaves out corners of a closed ring x0, y0, x1, y1, … as long as each lies within `tolerancePx` of the line that is drawn
 * instead (Douglas and Peucker, 1973). Empty when less than a triangle is left: a part smaller than the tolerance.
 */
export function simplifyRing(ring: ArrayLike<number>, tolerancePx: number): ArrayLike<number> {
  const count = ring.length / 2;
  if (tolerancePx === 0 || count < 3) return ring;
  // The ring is cut at its first corner and the one farthest from it, and both halves are simplified.
  let far = 0;
  let most = -1;
  for (let i = 1; i < count; i += 1) {
    const distance = Math.hypot(ring[2 * i] - ring[0], ring[2 * i + 1] - ring[1]);
    if (distance > most) [far, most] = [i, distance];
  }
  const kept = [0, far];
  const spans: [number, number][] = [
    [0, far],
    [far, count],
  ];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [from, to] = span;
    let worst = -1;
    let offset = tolerancePx;
    for (let i = from + 1; i < to; i += 1) {
      const distance = distanceToLine(ring, i, from, to % count);
      if (distance > offset) [worst, offset] = [i, distance];
    }
    if (worst < 0) continue;
    kept.push(worst);
    spans.push([from, worst], [worst, to]);
  }
  if (kept.length < 3) return [];
  return kept.sort((a, b) => a - b).flatMap((i) => [ring[2 * i], ring[2 * i + 1]]);
}

/** Distance of corner `i` to the segment between two others, px. */
function distanceToLine(ring: ArrayLike<number>, i: number, from: number, to: number): number {
  const [x, y] = [ring[2 * i] - ring[2 * from], ring[2 * i + 1] - ring[2 * from + 1]];
  const [dx, dy] = [ring[2 * to] - ring[2 * from], ring[2 * to + 1] - ring[2 * from + 1]];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / squared));
  return Math.hypot(x - along * dx, y - along * dy);
}
