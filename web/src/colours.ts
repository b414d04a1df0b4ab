/** Okabe and Ito's palette, which stays apart for colour-blind eyes; overlay files use the same. */
const COLOURS = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 200, 140],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 130, 220],
];

export function objectColour(id: number, opacity = 1): string {
  const [red, green, blue] = COLOURS[Math.max(0, id - 1) % COLOURS.length];
  return `rgb(${red} ${green} ${blue} / ${opacity})`;
}
