/** From a bitmap to a path that a canvas can draw smoothly at any size. */

/** A closed polygon x0, y0, x1, y1, …: the corners of the edges between pixels. */
type Polygon = number[];

// Right, down, left, up on the screen.
const DX = [1, 0, -1, 0];
const DY = [0, 1, 0, -1];

/** Closed outlines of a bitmap u8[h, w], foreground on the right hand of the direction of travel. */
export function trace(bitmap: Uint8Array, width: number, height: number): Polygon[] {
  const inside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && bitmap[y * width + x] === 1;
  const walked = new Uint8Array(bitmap.length);
  const polygons: Polygon[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (inside(x, y) && !inside(x, y - 1) && !walked[y * width + x]) {
        polygons.push(follow(x, y, width, walked, inside));
      }
    }
  }
  return polygons;
}

function follow(
  startX: number,
  startY: number,
  width: number,
  walked: Uint8Array,
  inside: (x: number, y: number) => boolean,
): Polygon {
  const polygon: Polygon = [];
  let [x, y, direction] = [startX, startY, 0];
  do {
    // Each pixel is entered once from its top edge: that marks its outline as done.
    if (direction === 0) walked[y * width + x] = 1;
    x += DX[direction];
    y += DY[direction];
    const next = turn(x, y, direction, inside);
    if (next !== direction) polygon.push(x, y);
    direction = next;
  } while (x !== startX || y !== startY || direction !== 0);
  return polygon;
}

/** At a corner, keep to the foreground: left when the pixel ahead on the left is inside, else straight, else right. */
function turn(
  x: number,
  y: number,
  direction: number,
  inside: (x: number, y: number) => boolean,
): number {
  const around = [inside(x, y), inside(x - 1, y), inside(x - 1, y - 1), inside(x, y - 1)];
  const left = (direction + 3) % 4;
  if (around[left]) return left;
  return around[direction] ? direction : (direction + 1) % 4;
}

/** Rounds off the steps of the pixels: the corners steer curves between the middles of the edges. */
export function smoothPath(polygons: readonly Polygon[]): Path2D {
  const path = new Path2D();
  for (const polygon of polygons) {
    const count = polygon.length / 2;
    const corner = (i: number): [number, number] => [
      polygon[2 * (i % count)],
      polygon[2 * (i % count) + 1],
    ];
    const middle = (i: number): [number, number] => {
      const [x0, y0] = corner(i);
      const [x1, y1] = corner(i + 1);
      return [(x0 + x1) / 2, (y0 + y1) / 2];
    };
    path.moveTo(...middle(0));
    for (let i = 1; i <= count; i++) path.quadraticCurveTo(...corner(i), ...middle(i));
    path.closePath();
  }
  return path;
}
