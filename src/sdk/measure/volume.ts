/** Volume of a structure outlined on the parallel slices of a stack. */
import { typeError } from '../../runtime/validate.js';
import { Mask } from '../mask.js';
import type { SpacingMm } from '../types.js';

export interface VolumeSpacing {
  spacingMm: SpacingMm | null;
  /** Distance of neighbouring slices; null when unknown. */
  sliceSpacingMm: number | null;
}

/**
 * Sum of the slices' areas times their distance (a stack of discs); `info` of a NIfTI or MetaImage source knows both.
 * @returns `voxels`, and `mm3`, null when a spacing is unknown
 * @throws TypeError when an element is no Mask
 * @example
 * measureVolume(masks, { spacingMm: info.spacingMm, sliceSpacingMm: info.volume?.sliceSpacingMm ?? null });
 */
export function measureVolume(
  slices: readonly Mask[],
  { spacingMm, sliceSpacingMm }: VolumeSpacing,
): { voxels: number; mm3: number | null } {
  const voxels = slices.reduce((sum, mask, i) => {
    if (!(mask instanceof Mask)) throw typeError('a Mask', `slices[${i}]`, mask);
    return sum + mask.areaPx;
  }, 0);
  const known = spacingMm !== null && sliceSpacingMm !== null;
  return { voxels, mm3: known ? voxels * spacingMm.x * spacingMm.y * sliceSpacingMm : null };
}
