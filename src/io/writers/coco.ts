/** Masks as a COCO data set (cocodataset.org, "Data format"): one JSON file of images, categories and annotations. */
import type { Mask } from '../../sdk/types.js';

/**
 * Takes image after image and keeps run lengths, which lose nothing. Categories are the objects' ids; ids of images count
 * from 1 in their order; an empty mask has no annotation.
 */
export class CocoWriter {
  readonly #images: object[] = [];
  readonly #annotations: object[] = [];
  readonly #categories = new Set<number>();

  add(
    image: { fileName: string; widthPx: number; heightPx: number },
    objects: readonly { id: number; mask: Mask }[],
  ): void {
    const id = this.#images.length + 1;
    this.#images.push({
      id,
      file_name: image.fileName,
      width: image.widthPx,
      height: image.heightPx,
    });
    for (const { id: category, mask } of objects) {
      if (!mask.box) continue;
      const [x0, y0, x1, y1] = mask.box;
      this.#categories.add(category);
      this.#annotations.push({
        id: this.#annotations.length + 1,
        image_id: id,
        category_id: category,
        segmentation: mask.rle(),
        area: mask.areaPx,
        bbox: [x0, y0, x1 - x0, y1 - y0],
        iscrowd: 0,
      });
    }
  }

  /** The file's text. @param names of categories, by object id */
  encode(names: Readonly<Record<number, string>> = {}): string {
    const ids = [...this.#categories].sort((a, b) => a - b);
    return `${JSON.stringify({
      info: { description: 'sonotrack masks' },
      images: this.#images,
      categories: ids.map((id) => ({ id, name: names[id] ?? `object ${id}` })),
      annotations: this.#annotations,
    })}\n`;
  }
}
