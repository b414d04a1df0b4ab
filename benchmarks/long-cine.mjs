// Peak memory while a cine of 10,000 frames is read from end to end, and a frame here and there:
//
//   node benchmarks/long-cine.mjs [--frames 10000] [--python .venv/bin/python] [--out FILE]
//
// The files are written by pydicom (uncompressed, and JPEG baseline in one fragment a frame) and ffmpeg (H.264); each is read
// in a process of its own, and once more cut to a hundredth, which shows what does not grow with the length.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSource } from 'sonotrack';
import { phantomFrames, report } from './lib.mjs';

const [WIDTH, HEIGHT] = [480, 360];
const LOOP = 50;
/** Frames read by their number, spread over the whole. */
const PICKED = 50;

const DICOM = `
import io, sys
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage, generate_uid

raw, out, count, width, height, kind = sys.argv[1:7]
count, width, height = int(count), int(width), int(height)
loop = np.fromfile(raw, np.uint8).reshape(-1, height, width)
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = UltrasoundMultiFrameImageStorage
ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit if kind == "jpeg" else ExplicitVRLittleEndian
ds.Modality, ds.PatientName, ds.PatientID = "US", "", ""
ds.Rows, ds.Columns, ds.NumberOfFrames, ds.FrameTime = height, width, count, "33.3"
ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
ds.BitsAllocated = ds.BitsStored = 8
ds.HighBit, ds.PixelRepresentation = 7, 0
if kind == "jpeg":
    coded = []
    for frame in loop:
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=90)
        coded.append(buffer.getvalue())
    ds.PixelData = encapsulate([coded[i % len(loop)] for i in range(count)])
    ds["PixelData"].is_undefined_length = True
else:
    ds.PixelData = np.concatenate([loop] * -(-count // len(loop)))[:count].tobytes()
ds["PixelData"].VR = "OB"
ds.save_as(out, enforce_file_format=True)
`;

const { values: options } = parseArgs({
  options: {
    frames: { type: 'string', default: '10000' },
    python: { type: 'string', default: '.venv/bin/python' },
    read: { type: 'string' },
    out: { type: 'string' },
  },
});
if (options.read) await read(options.read);
else await measure(Number(options.frames));

/** In a process of its own: every frame once, then some by number where the source can. */
async function read(file) {
  const source = await openSource(file);
  const began = performance.now();
  let frames = 0;
  for await (const frame of source) {
    frames += 1;
    if (frame.data.length === 0) throw new Error('an empty frame');
  }
  const seconds = (performance.now() - began) / 1000;
  let picked = 0;
  for (let i = 0; source.frameAt && i < PICKED; i += 1) {
    await source.frameAt(Math.floor(((i * 7919) % PICKED) * (frames / PICKED)));
    picked += 1;
  }
  await source.close();
  const peakRssMiB = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ frames, picked, framesPerSecond: frames / seconds, peakRssMiB }));
}

async function measure(frames) {
  const folder = mkdtempSync(join(tmpdir(), 'sonotrack-long-cine-'));
  try {
    const raw = join(folder, 'loop.gray');
    const loop = await phantomFrames(LOOP);
    writeFileSync(raw, Buffer.concat(loop.map(({ data }) => data)));
    const dicom = (kind) => (file, count) =>
      execFileSync(
        options.python,
        ['-c', DICOM, raw, file, count, WIDTH, HEIGHT, kind].map(String),
      );
    const video = (file, count) =>
      execFileSync(
        'ffmpeg',
        ['-v', 'error', '-nostdin', '-stream_loop', '-1', '-f', 'rawvideo', '-pix_fmt', 'gray']
          .concat(['-s', `${WIDTH}x${HEIGHT}`, '-r', '30', '-i', raw, '-frames:v', String(count)])
          .concat(['-c:v', 'libx264', '-preset', 'ultrafast', '-f', 'mp4', file]),
      );
    const kinds = {
      'DICOM, uncompressed': dicom('raw'),
      'DICOM, JPEG': dicom('jpeg'),
      'video, H.264': video,
    };
    const files = {};
    for (const [name, write] of Object.entries(kinds)) {
      const measured = {};
      for (const [length, count] of Object.entries({ short: frames / 100, long: frames })) {
        const file = join(folder, 'cine');
        write(file, count);
        const told = execFileSync(process.execPath, [process.argv[1], '--read', file]);
        measured[length] = { fileMiB: statSync(file).size / 2 ** 20, ...JSON.parse(told) };
        rmSync(file);
      }
      const growthMiB = measured.long.peakRssMiB - measured.short.peakRssMiB;
      files[name] = { ...measured, growthMiB };
    }
    report({ scenario: 'long-cine', framePx: [WIDTH, HEIGHT], files }, options.out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
