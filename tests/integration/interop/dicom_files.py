"""DICOM files of all transfer syntaxes and pixel kinds that are read, and pydicom's decode of them: dicom_files.py FOLDER [OTHERS]

Prints a list of {file, exact, pixels: base64 of 8-bit gray or RGB}, of the files of the folder OTHERS too. Written by
pydicom, dcmtk and openjpeg.
"""

import base64
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import openjpeg.utils
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import apply_color_lut, get_decoder
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000,
    JPEG2000Lossless,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

OUT = Path(sys.argv[1])
FRAMES, HEIGHT, WIDTH = 3, 61, 75
RANDOM = np.random.default_rng(3)


def picture(frame, peak, samples):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    base = (0.5 + 0.4 * np.sin(x / 9 + frame) * np.cos(y / 7)) * peak
    values = base[..., None] * np.array([1, 0.8, 0.6])[:samples]
    return np.clip(values + RANDOM.normal(0, peak / 60, (HEIGHT, WIDTH, samples)), 0, peak)


def palette(bits):
    def add(ds):
        i = np.arange(256)
        for colour, values in zip(("Red", "Green", "Blue"), (i, 255 - i, i * 7 % 256), strict=True):
            data = (values * 257).astype("<u2") if bits == 16 else values.astype(np.uint8)
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, bits])
            setattr(ds, f"{colour}PaletteColorLookupTableData", data.tobytes())

    return add


def write(
    name, syntax, samples=1, allocated=8, stored=None, signed=False, kind=None, planar=0, words=False, more=None
):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.NumberOfFrames = HEIGHT, WIDTH, samples, FRAMES
    ds.PhotometricInterpretation = kind or ("RGB" if samples == 3 else "MONOCHROME2")
    if samples == 3:
        ds.PlanarConfiguration = planar
    ds.BitsAllocated, ds.BitsStored = allocated, stored or allocated
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(signed)
    values = np.stack([picture(f, 2**ds.BitsStored - 1, samples) for f in range(FRAMES)]).round()
    values = values.astype(np.int64) - (2 ** (ds.BitsStored - 1) if signed else 0)
    values = values.astype(f"{'i' if signed else 'u'}{allocated // 8}")
    raw = (values.transpose(0, 3, 1, 2) if planar else values).tobytes()
    raw += b"\0" * (len(raw) % 2)
    if syntax == ExplicitVRBigEndian and (allocated == 16 or words):
        raw = np.frombuffer(raw, "<u2").byteswap().tobytes()
    if more:
        more(ds)
    ds.PixelData = raw
    ds["PixelData"].VR = "OW" if allocated == 16 or words else "OB"
    path = OUT / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def run(*command):
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def rewrite(source, name, frames, syntax=None, kind=None, **how):
    ds = pydicom.dcmread(source)
    ds.PixelData = encapsulate(frames, **how)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    if syntax:
        ds.file_meta.TransferSyntaxUID = syntax
    if kind:
        ds.PhotometricInterpretation = kind
    ds.save_as(OUT / f"{name}.dcm", enforce_file_format=True)


KINDS = {
    "m8": {},
    "m1": {"kind": "MONOCHROME1"},
    "m12": {"allocated": 16, "stored": 12},
    "m16": {"allocated": 16},
    "s8": {"signed": True},
    "s12": {"allocated": 16, "stored": 12, "signed": True},
    "rgb": {"samples": 3},
    "rgbp": {"samples": 3, "planar": 1},
    "ybr": {"samples": 3, "kind": "YBR_FULL"},
    "pal8": {"kind": "PALETTE COLOR", "more": palette(8)},
    "pal16": {"kind": "PALETTE COLOR", "more": palette(16)},
}


def generate():
    plain = {}
    for name, options in KINDS.items():
        plain[name] = write(f"{name}-explicit", ExplicitVRLittleEndian, **options)
        write(f"{name}-implicit", ImplicitVRLittleEndian, **options)
        if not name.startswith("pal"):
            write(f"{name}-big", ExplicitVRBigEndian, **options)
    write("m8-big-words", ExplicitVRBigEndian, words=True)
    for name in plain:
        if not name.startswith(("s8", "pal8")):
            run("dcmcrle", plain[name], OUT / f"{name}-rle.dcm")
    for name in ("m8", "m1", "m12", "m16", "s12", "rgb", "ybr", "pal16"):
        run("dcmcjpeg", "+e1", plain[name], OUT / f"{name}-lossless-first.dcm")
        for predictor in range(1, 8):
            run("dcmcjpeg", "+el", "+sv", predictor, plain[name], OUT / f"{name}-lossless-{predictor}.dcm")
        run("dcmcjpls", "+el", plain[name], OUT / f"{name}-jpegls.dcm")
    for layout in ("+il", "+is", "+in"):
        run("dcmcjpls", "+el", layout, plain["rgb"], OUT / f"rgb-jpegls{layout}.dcm")
    for name in ("m8", "m12", "rgb"):
        run("dcmcjpls", "+en", plain[name], OUT / f"{name}-jpegls-near.dcm")
    for name in ("m8", "m1", "rgb", "ybr"):
        run("dcmcjpeg", "+eb", "+q", 95, plain[name], OUT / f"{name}-lossy.dcm")
        run("dcmcjpeg", "+ee", "+q", 95, plain[name], OUT / f"{name}-lossy-extended.dcm")
    run("dcmcjpeg", "+eb", "+cr", "+q", 95, plain["rgb"], OUT / "rgb-lossy-as-rgb.dcm")
    for name in ("m8", "m12", "m16", "s12", "rgb"):
        ds = pydicom.dcmread(plain[name])
        colour = name == "rgb"
        options = {"bits_stored": ds.BitsStored, "photometric_interpretation": 1 if colour else 2, "use_mct": colour}
        lossless = [bytes(openjpeg.utils.encode_array(f, **options)) for f in ds.pixel_array]
        packed = [bytes(openjpeg.utils.encode_array(f, compression_ratios=[4], **options)) for f in ds.pixel_array]
        rewrite(plain[name], f"{name}-j2k", lossless, JPEG2000Lossless, "YBR_RCT" if colour else None)
        rewrite(plain[name], f"{name}-j2k-near", packed, JPEG2000, "YBR_ICT" if colour else None)
    streams = list(generate_frames(pydicom.dcmread(OUT / "m8-lossless-1.dcm").PixelData, number_of_frames=FRAMES))
    for table in (True, False):
        rewrite(OUT / "m8-lossless-1.dcm", f"m8-fragments-{table}", streams, fragments_per_frame=3, has_bot=table)
    ds = pydicom.dcmread(plain["ybr"])
    ybr = ds.pixel_array if ds.PhotometricInterpretation == "YBR_FULL" else None
    raw = np.frombuffer(ds.PixelData, np.uint8)[: ybr.size].reshape(ybr.shape)[:, :, :74]
    halved = np.stack([raw[:, :, 0::2, 0], raw[:, :, 1::2, 0], raw[:, :, 0::2, 1], raw[:, :, 0::2, 2]], -1)
    ds.Columns, ds.PhotometricInterpretation, ds.PixelData = 74, "YBR_FULL_422", halved.tobytes()
    ds.save_as(OUT / "ybr422-explicit.dcm", enforce_file_format=True)


def decoded(path):
    """u8[frames, h, w] or u8[frames, h, w, 3] by pydicom; no window."""
    ds = pydicom.dcmread(path)
    stored, meta = get_decoder(ds.file_meta.TransferSyntaxUID).as_array(ds, raw=False)
    if meta["photometric_interpretation"] == "PALETTE COLOR":
        bits = ds.RedPaletteColorLookupTableDescriptor[2]
        rgb = np.stack([apply_color_lut(f, ds) for f in stored.reshape(-1, ds.Rows, ds.Columns)])
        return rgb >> (bits - 8) if rgb.max() > 255 else rgb
    if ds.SamplesPerPixel == 3:
        return stored
    values = stored.astype(np.int64) + (2 ** (ds.BitsStored - 1) if ds.PixelRepresentation else 0)
    values >>= max(0, ds.BitsStored - 8)
    return 255 - values if ds.PhotometricInterpretation == "MONOCHROME1" else values


generate()
print(
    json.dumps(
        [
            {
                "file": str(path),
                "exact": "lossy" not in path.name,
                "pixels": base64.b64encode(decoded(path).astype(np.uint8).tobytes()).decode(),
            }
            for folder in sys.argv[1:]
            for path in sorted(Path(folder).glob("*.dcm"))
        ]
    )
)
