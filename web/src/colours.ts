import { objectColour as rgbOf } from '../../src/io/palette.ts';

/** An object's own colour ('#rrggbb') or that of its number, as CSS. */
export function objectColour(id: number, own: string | null = null, opacity = 1): string {
  const [red, green, blue] = own
    ? [1, 3, 5].map((at) => parseInt(own.slice(at, at + 2), 16))
    : rgbOf(id);
  return `rgb(${red} ${green} ${blue} / ${opacity})`;
}

/** As an input of type colour takes it. */
export function objectHex(id: number, own: string | null): string {
  if (own) return own;
  return `#${rgbOf(id)
    .map((value) => value.toString(16).padStart(2, '0'))
    .join('')}`;
}
