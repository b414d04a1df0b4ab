import { objectColour as rgbOf } from '../../src/io/palette.ts';

/** An object's colour as CSS. */
export function objectColour(id: number, opacity = 1): string {
  const [red, green, blue] = rgbOf(id);
  return `rgb(${red} ${green} ${blue} / ${opacity})`;
}
