/** DICOM SEG against pydicom and highdicom, COCO against pycocotools. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'tap';
import { CocoWriter } from '../../../src/io/writers/coco.js';
import { DicomSegWriter } from '../../../src/io/writers/dicom-seg.js';
import { Mask } from '../../../src/sdk/mask.js';
import { dicomFile, region } from '../../support/dicom.js';
import { disc } from '../../support/frames.js';
import { runPython, skipWithout } from '../../support/python.js';

const [WIDTH, HEIGHT, FRAMES] = [21, 13, 3];

/** Two discs that move; the second is gone on the last frame. */
const objectsOf = (frame: number): { id: number; mask: Mask }[] =>
  [
    { id: 1, centre: [5 + frame, 6, 3] },
    { id: 7, centre: [15, 5, frame === 2 ? 0 : 2] },
  ].map(({ id, centre }) => ({
    id,
    mask: Mask.fromBitmap(disc(WIDTH, HEIGHT, centre), WIDTH, HEIGHT),
  }));

const READ_SEG = `
import json, sys, pydicom, highdicom as hd
ds = pydicom.dcmread(sys.argv[1])
seg = hd.seg.segread(sys.argv[1])
uid = ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID
pixels = seg.get_pixels_by_source_frame(source_sop_instance_uid=uid, source_frame_numbers=[1, 2, 3],
                                        assert_missing_frames_are_empty=True)
print(json.dumps({
    'shape': ds.pixel_array.shape,
    'frames': [int(f.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber)
               for f in ds.PerFrameFunctionalGroupsSequence],
    'stored': ds.pixel_array.astype(int).ravel().tolist(),
    'pixels': pixels.transpose(0, 3, 1, 2).astype(int).ravel().tolist(),
    'labels': [s.segment_label for s in seg.SegmentSequence],
    'spacing': [float(v) for v in ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing],
    'patient': str(ds.PatientName), 'study': ds.StudyInstanceUID, 'source': uid,
}))
`;

const skipSeg = skipWithout('pydicom', 'highdicom');

test(
  'a DICOM segmentation of a cine, by source frame and segment',
  { skip: skipSeg },
  async (t) => {
    const folder = t.testdir();
    const source = join(folder, 'cine.dcm');
    await writeFile(
      source,
      dicomFile({
        widthPx: WIDTH,
        heightPx: HEIGHT,
        frames: FRAMES,
        elements: [['00186011', 'SQ', [region({ box: [0, 0, 20, 12] })]]],
        pixels: new Uint8Array(WIDTH * HEIGHT * FRAMES),
      }),
    );
    const writer = await DicomSegWriter.of(source);
    for (let frame = 0; frame < FRAMES; frame += 1) writer.add(frame, objectsOf(frame));
    const path = join(folder, 'masks.dcm');
    await writeFile(path, writer.encode({ 1: { label: 'left ventricle' } }));
    const read = await runPython<Record<string, unknown>>(READ_SEG, path);
    t.same(read.shape, [5, HEIGHT, WIDTH], 'the empty mask has no frame');
    t.same(read.frames, [1, 1, 2, 2, 3]);
    const bits = [0, 1, 2].flatMap((frame) =>
      objectsOf(frame).map(({ mask }) => [...mask.toBitmap()]),
    );
    t.same(read.pixels, bits.flat(), 'as highdicom hands them out');
    t.same(read.stored, bits.slice(0, 5).flat());
    t.match(read, {
      labels: ['left ventricle', 'object 7'],
      spacing: [0.2, 0.1],
      patient: 'Doe^Jane',
      study: '1.2.3.4',
      source: '1.2.3.4.5',
    });
  },
);

const READ_COCO = `
import json, sys
from pycocotools.coco import COCO
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(sys.argv[1])
print(json.dumps([{
    'image': a['image_id'], 'category': coco.cats[a['category_id']]['name'], 'box': a['bbox'], 'area': a['area'],
    'file': coco.imgs[a['image_id']]['file_name'], 'mask': coco.annToMask(a).astype(int).ravel().tolist()}
    for a in coco.anns.values()]))
`;

const skipCoco = skipWithout('pycocotools');

test('a COCO data set, masks and boxes', { skip: skipCoco }, async (t) => {
  const path = join(t.testdir(), 'coco.json');
  const images = [0, 1, 2].map((frame) => ({
    fileName: `${frame}.png`,
    widthPx: WIDTH,
    heightPx: HEIGHT,
    objects: objectsOf(frame),
  }));
  const writer = new CocoWriter();
  for (const { objects, ...image } of images) writer.add(image, objects);
  await writeFile(path, writer.encode({ 7: 'nodule' }));
  const read = await runPython<Record<string, unknown>[]>(READ_COCO, path);
  const expected = images.flatMap(({ objects, fileName }, index) =>
    objects
      .filter(({ mask }) => mask.box)
      .map(({ id, mask }) => {
        const [x0, y0, x1, y1] = mask.box ?? [0, 0, 0, 0];
        return {
          image: index + 1,
          category: id === 7 ? 'nodule' : 'object 1',
          box: [x0, y0, x1 - x0, y1 - y0],
          area: mask.areaPx,
          file: fileName,
          mask: [...mask.toBitmap()],
        };
      }),
  );
  t.equal(expected.length, 5);
  t.same(read, expected);
});
