/** Two measures of the same overlap: IoU, as SAM-like models predict it, and DSC, as the tracker's `quality` is given. */

export const dscOfIou = (iou: number): number => (2 * iou) / (1 + iou);
export const iouOfDsc = (dsc: number): number => dsc / (2 - dsc);

/**
 * The DSC to be expected where a model expects `dsc`, and only the share `doubt` of its doubt is founded (the manifest's
 * `scoreDoubt` and `correctionDoubt`). 0, nothing found, stays 0.
 */
export const foundedDsc = (dsc: number, doubt: number): number =>
  dsc > 0 ? 1 - doubt * (1 - dsc) : 0;
/** The same of an IoU. */
export const foundedIou = (iou: number, doubt: number): number =>
  iouOfDsc(foundedDsc(dscOfIou(iou), doubt));
