/** Two measures of the same overlap: IoU, as SAM-like models predict it, and DSC, as the tracker's `quality` is given. */

export const dscOfIou = (iou: number): number => (2 * iou) / (1 + iou);
export const iouOfDsc = (dsc: number): number => dsc / (2 - dsc);
