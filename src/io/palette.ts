export type Colour = readonly [red: number, green: number, blue: number];

/** Colours of objects 1, 2, … after Okabe and Ito, which stay apart for colour-blind eyes; in overlay files and on the page. */
const OBJECT_COLOURS: readonly Colour[] = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 200, 140],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 130, 220],
];

/** The colour of an object, 0–255 each; after the last it begins again. */
export const objectColour = (id: number): Colour =>
  OBJECT_COLOURS[Math.max(0, id - 1) % OBJECT_COLOURS.length];
