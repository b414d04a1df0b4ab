import { Mask } from '../sdk/mask.js';
import type { LabelMap } from './label-png.js';

export interface LabelledObject {
  label: number;
  /** Where the label map has this label; never empty. */
  truth: Mask;
}

/** The objects of a label map, in order of their labels; 0 is background. */
export function objectsOf({ labels, widthPx, heightPx }: LabelMap): LabelledObject[] {
  const values = [...new Set(labels)].filter(Boolean).sort((a, b) => a - b);
  return values.map((label) => ({
    label,
    truth: Mask.fromBitmap(
      labels.map((value) => (value === label ? 1 : 0)),
      widthPx,
      heightPx,
    ),
  }));
}
