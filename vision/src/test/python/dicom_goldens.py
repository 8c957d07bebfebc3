"""Writes golden files of DICOM: small synthetic files, and the values of the real ones in shared/data/dicom.

    pip install pydicom numpy pillow; apt-get install dcmtk libgdcm-tools
    python vision/src/test/python/dicom_goldens.py ../shared/data/dicom

writes vision/src/test/resources/golden/image/dicom/*.dcm, dicom.tsv (of these) and dicom_real.tsv (of the real ones): name, frame, window, width,
height, channels, "sha256:" of the 8-bit samples or "refused:" and a part of the message, some samples, and who decoded the stored values. These are
pydicom's, where it has a decoder, else those of GDCM (lossless JPEG), NumPy (deflated frames) or the same picture uncompressed (1-bit run lengths).
The tables are computed here by the standard's formulas, and compared with pydicom's apply_modality_lut and apply_voi_lut.
"""
import hashlib
import io
import subprocess
import sys
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence
from pydicom.uid import UID

warnings.simplefilter("ignore")
OUT = Path(__file__).resolve().parents[1] / "resources" / "golden" / "image"
IMPLICIT, EXPLICIT, DEFLATED, BIG = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
RLE, JPEG, DEFLATED_FRAMES = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.8.1"
LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")


def stored(ds, path):
    """All frames' values [frames, rows, columns(, 3)], and who says so."""
    syntax = ds.file_meta.TransferSyntaxUID
    frames = int(ds.get("NumberOfFrames", 1))
    by = "pydicom"
    if syntax in LOSSLESS:
        with tempfile.TemporaryDirectory() as folder:
            raw = Path(folder) / "raw.dcm"
            subprocess.run(["gdcmconv", "--raw", str(path), str(raw)], check=True, capture_output=True)
            values, by = pydicom.dcmread(raw).pixel_array, "GDCM"
    elif syntax == DEFLATED_FRAMES:
        planes = [zlib.decompressobj(-15).decompress(f) for f in generate_frames(ds.PixelData, number_of_frames=frames)]
        bits = [np.unpackbits(np.frombuffer(p, np.uint8), bitorder="little")[: ds.Rows * ds.Columns] for p in planes]
        values, by = np.stack(bits).reshape(frames, ds.Rows, ds.Columns), "NumPy"
    elif syntax == RLE and ds.BitsAllocated == 1:
        values, by = pydicom.dcmread(Path(path).with_name("liver.dcm")).pixel_array, "uncompressed"
    else:
        values = ds.pixel_array  # YBR as RGB
    if ds.HighBit != ds.BitsStored - 1:  # which pydicom does not shift
        values = np.frombuffer(ds.PixelData, "<u2").reshape(values.shape)
        values, by = values >> (ds.HighBit + 1 - ds.BitsStored) & ((1 << ds.BitsStored) - 1), "NumPy"
    return values.reshape((frames,) + values.shape[values.ndim - (3 if ds.SamplesPerPixel == 3 else 2):]), by


def linear(v, centre, width):
    half, middle = (width - 1) / 2, centre - 0.5
    inside = ((v - middle) / (width - 1) + 0.5) * 255 if width > 1 else 0 * v
    return np.where(v <= middle - half, 0, np.where(v > middle + half, 255, inside))


def first(value):
    return value[0] if isinstance(value, (list, pydicom.multival.MultiValue)) else value


def groups(ds, frame, name):
    for sequence in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        items = ds.get(sequence, [])
        item = items[min(frame, len(items) - 1)] if len(items) else Dataset()
        if name in item:
            return item[name].value[0]
    return ds


def grey(ds, v, frame, window):
    values, voi = groups(ds, frame, "PixelValueTransformationSequence"), groups(ds, frame, "FrameVOILUTSequence")
    bits = int(ds.BitsStored)
    lowest = -(1 << bits - 1) if ds.PixelRepresentation else 0
    m = apply_modality_lut(v, values)
    own = ("VOILUTSequence" in voi and len(voi.VOILUTSequence)) or "WindowCenter" in voi
    if window == "full" and own:
        theirs = apply_voi_lut(m, voi if voi is ds else merged(ds, values, voi))
        if "VOILUTSequence" in voi:
            item = voi.VOILUTSequence[0]
            count, start, deep = map(int, item.LUTDescriptor)
            data = item.LUTData
            entries = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.array(data)
            entry = entries[np.clip(np.floor(m + 0.5).astype(int) - start, 0, (count or 65536) - 1)]
            assert start < 0 or (entry == theirs).all()  # with a negative start, pydicom's index overflows
            levels = entry * 255.0 / ((1 << deep) - 1)
        else:
            c, w = float(first(voi.WindowCenter)), float(first(voi.WindowWidth))
            function = voi.get("VOILUTFunction", "LINEAR") or "LINEAR"
            if function == "SIGMOID":
                levels = 255 / (1 + np.exp(-4 * (m - c) / w))
            elif function == "LINEAR_EXACT":
                levels = np.where(m <= c - w / 2, 0, np.where(m > c + w / 2, 255, ((m - c) / w + 0.5) * 255))
            else:
                levels = linear(m.astype(float), c, w)
            slope, intercept = float(values.get("RescaleSlope", 1)), float(values.get("RescaleIntercept", 0))
            low, high = lowest * slope + intercept, (lowest + (1 << bits) - 1) * slope + intercept
            if "ModalityLUTSequence" not in values:
                off = np.abs((theirs - low) / (high - low) * 255 - levels).max()
                assert off < 0.01, off
        levels = np.floor(levels + 0.5)
    elif window == "full":
        if "ModalityLUTSequence" in values:
            levels = m.astype(np.int64) >> (int(values.ModalityLUTSequence[0].LUTDescriptor[2]) - 8)
        else:
            u = v.astype(np.int64) - lowest
            if float(values.get("RescaleSlope", 1)) < 0:
                u = (1 << bits) - 1 - u
            levels = u >> (bits - 8) if bits > 8 else u * 255 // ((1 << bits) - 1)
    elif window == "percentile":
        kept = np.sort(m[~padding(ds, v)].astype(float).ravel())
        low, high = (kept[max(1, int(np.ceil(q * kept.size))) - 1] for q in (0.005, 0.995))
        if low == high:
            low, high = kept[0], kept[-1]
        levels = np.floor((m - low) * 255 / max(high - low, 1) + 0.5)
    else:
        c, w = map(float, window.split(":"))
        levels = np.floor(linear(m.astype(float), c, w) + 0.5)
    levels = np.clip(levels, 0, 255)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        levels = 255 - levels
    return np.where(padding(ds, v), 0, levels).astype(np.uint8)


def merged(ds, values, voi):
    """pydicom takes bits and slope from where it takes the window."""
    one = Dataset()
    for name in ("BitsStored", "PixelRepresentation", "PhotometricInterpretation"):
        setattr(one, name, ds.get(name))
    for part in (values, voi):
        one.update({e.tag: e for e in part if e.VR != "SQ"})
    return one


def padding(ds, v):
    if "PixelPaddingValue" not in ds:
        return np.zeros(v.shape, bool)
    a = ds.PixelPaddingValue
    b = ds.get("PixelPaddingRangeLimit", a)
    return (v >= min(a, b)) & (v <= max(a, b))


def colour(ds, v):
    kind = ds.PhotometricInterpretation
    if kind == "PALETTE COLOR":
        rgb = apply_color_lut(v, ds)
        return (rgb >> 8).astype(np.uint8) if rgb.dtype == np.uint16 else rgb
    return (v >> 8).astype(np.uint8) if v.dtype == np.uint16 else v


def row(path, frame=0, window="full", refused=None):
    name = Path(path).name
    if refused:
        return [name, frame + 1, window, 0, 0, 0, "refused:" + refused, "", ""]
    ds = pydicom.dcmread(path)
    values, by = stored(ds, path)
    v = values[frame]
    out = grey(ds, v, frame, window) if ds.PhotometricInterpretation.startswith("MONO") else colour(ds, v)
    near = ds.PhotometricInterpretation.startswith("YBR") or ds.file_meta.TransferSyntaxUID == JPEG
    some = out.reshape(-1)[:: max(1, out.size // 8)][:8]
    sha = "near" if near else "sha256:" + hashlib.sha256(out.tobytes()).hexdigest()
    some = ",".join(map(str, out.reshape(-1) if near and out.size < 4000 else some))
    return [name, frame + 1, window, out.shape[1], out.shape[0], 1 if out.ndim == 2 else 3, sha, some, by]


def table(name, rows):
    head = f"# by vision/src/test/python/dicom_goldens.py with pydicom {pydicom.__version__}\n"
    (OUT / name).write_text(head + "".join("\t".join(map(str, r)) + "\n" for r in rows))


# --- small synthetic files

R = np.random.default_rng(22)
ROWS, COLUMNS = 12, 16


def smooth(low, high, shape=(ROWS, COLUMNS)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    wave = (np.sin(x / 3) + np.cos(y / 4) + 2) / 4 + R.uniform(-0.02, 0.02, shape)
    return np.clip(np.rint(low + wave * (high - low)), low, high).astype(np.int64)


def make(name, syntax, pixels, kind="MONOCHROME2", allocated=16, bits=None, signed=0, frames=1, high=None, planar=0, vr=None, raw=None, **more):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    meta.TransferSyntaxUID = UID(syntax)
    ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Geheimnis^Gerda", "ID-7531", "19010203"
    ds.SamplesPerPixel = 3 if kind[:3] in ("RGB", "YBR") else 1
    ds.PhotometricInterpretation = kind
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.BitsAllocated, ds.BitsStored = allocated, bits or allocated
    ds.HighBit = high if high is not None else ds.BitsStored - 1
    ds.PixelRepresentation = signed
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = planar
    if frames > 1:
        ds.NumberOfFrames = frames
    for key, value in more.items():
        setattr(ds, key, value)
    shift = ds.HighBit + 1 - ds.BitsStored
    cells = (pixels & ((1 << ds.BitsStored) - 1)) << shift
    order = ">" if syntax == BIG else "<"
    data = raw if raw is not None else cells.astype(order + ("u2" if allocated == 16 else "u1")).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = vr or ("OW" if allocated == 16 else "OB")
    path = OUT / "dicom" / (name + ".dcm")
    pydicom.dcmwrite(path, ds, implicit_vr=syntax == IMPLICIT, little_endian=syntax != BIG, force_encoding=syntax == BIG, enforce_file_format=syntax != BIG)
    return path


def lut(descriptor, entries, vr="US"):
    item = Dataset()
    item.add_new(0x00283002, "US" if descriptor[1] >= 0 else "SS", descriptor)
    item.add_new(0x00283006, vr, entries if vr == "US" else np.asarray(entries, "<u2").tobytes())
    return Sequence([item])


def rle(path):
    ds = pydicom.dcmread(path)
    ds.compress(UID(RLE), generate_instance_uid=False)
    ds.save_as(path.with_name("rle_" + path.name))
    return path.with_name("rle_" + path.name)


def synthetic():
    (OUT / "dicom").mkdir(parents=True, exist_ok=True)
    for old in (OUT / "dicom").glob("*.dcm"):
        old.unlink()
    rows = []
    ct = smooth(-1000, 1500)
    ct[0, :5] = -2000
    hu = dict(bits=12, signed=1, RescaleSlope="2", RescaleIntercept="-24.5", WindowCenter=["40", "300"], WindowWidth=["400", "1500"])
    for label, syntax in (("explicit", EXPLICIT), ("implicit", IMPLICIT), ("big", BIG), ("deflated", DEFLATED)):
        path = make("ct_" + label, syntax, ct, **hu)
        rows += [row(path), row(path, window="-600:1500"), row(path, window="percentile")]
    rows.append(row(rle(OUT / "dicom" / "ct_explicit.dcm")))
    rows.append(row(make("ct_padding", EXPLICIT, ct, **{**hu, "bits": 16}, PixelPaddingValue=-2000), window="percentile"))
    rows.append(row(OUT / "dicom" / "ct_padding.dcm"))
    rows.append(row(make("padding_range", EXPLICIT, smooth(0, 4095), kind="MONOCHROME1", bits=12, PixelPaddingValue=3000, PixelPaddingRangeLimit=3500)))
    rows.append(row(make("high_bit", EXPLICIT, smooth(0, 1023), bits=10, high=11)))
    rows.append(row(make("no_window", EXPLICIT, smooth(0, 4095), bits=12)))
    rows.append(row(make("mono1", EXPLICIT, smooth(0, 4095), kind="MONOCHROME1", bits=12, WindowCenter="2000", WindowWidth="3000")))
    rows.append(row(make("negative_slope", EXPLICIT, smooth(0, 4095), bits=12, RescaleSlope="-1", RescaleIntercept="4095")))
    rows.append(row(make("exact", EXPLICIT, smooth(0, 4095), bits=12, WindowCenter="2000", WindowWidth="1000.5", VOILUTFunction="LINEAR_EXACT")))
    rows.append(row(make("sigmoid", EXPLICIT, smooth(0, 4095), bits=12, WindowCenter="2000", WindowWidth="1000", VOILUTFunction="SIGMOID")))
    rows.append(row(make("width_1", EXPLICIT, smooth(0, 4095), bits=12, WindowCenter="2000", WindowWidth="1")))
    curve = np.rint(1000 * np.sqrt(np.arange(300))).astype(int)
    rows.append(row(make("modality_lut", EXPLICIT, smooth(0, 511), bits=9, ModalityLUTSequence=lut([300, 100, 16], list(map(int, curve))))))
    rows.append(row(OUT / "dicom" / "modality_lut.dcm", window="percentile"))
    both = dict(ModalityLUTSequence=lut([300, 100, 16], list(map(int, curve // 20)), "OW"), VOILUTSequence=lut([600, 200, 12], [int(x * x / 88) for x in range(600)]))
    rows.append(row(make("both_luts", EXPLICIT, smooth(0, 511), kind="MONOCHROME1", bits=9, **both)))
    rows.append(row(make("voi_lut_signed", IMPLICIT, smooth(-300, 300), bits=12, signed=1, VOILUTSequence=lut([256, -128, 8], list(range(256))))))
    rows.append(row(make("bits8", EXPLICIT, smooth(0, 255), allocated=8)))
    rows.append(row(make("bits8_big_words", BIG, smooth(0, 255), allocated=8, vr="OW", raw=smooth(0, 255).astype("<u2").astype("u1").tobytes())))
    rows.append(row(make("bits5", EXPLICIT, smooth(0, 31), allocated=8, bits=5)))
    many = np.stack([smooth(0, 1000 * (i + 1)) for i in range(4)])
    for syntax in (EXPLICIT, BIG):
        path = make("frames" + ("_big" if syntax == BIG else ""), syntax, many, bits=12, frames=4)
        rows += [row(path, 0), row(path, 3)]
    rows.append(row(rle(OUT / "dicom" / "frames.dcm"), 2))
    rows.append(row(OUT / "dicom" / "frames.dcm", 4, refused="frame 5 of 4 is asked for"))
    bits = R.integers(0, 2, (3, ROWS, COLUMNS))
    path = make("bits1", EXPLICIT, bits, allocated=1, bits=1, frames=3, raw=np.packbits(bits.reshape(-1), bitorder="little").tobytes())
    rows += [row(path, 0), row(path, 2)]
    shared, own = Dataset(), []
    shared.PixelValueTransformationSequence = Sequence([Dataset()])
    shared.PixelValueTransformationSequence[0].RescaleSlope, shared.PixelValueTransformationSequence[0].RescaleIntercept = "2", "-1000"
    for i in range(4):
        item = Dataset()
        item.FrameVOILUTSequence = Sequence([Dataset()])
        item.FrameVOILUTSequence[0].WindowCenter, item.FrameVOILUTSequence[0].WindowWidth = str(500 * i), str(2000 + 500 * i)
        own.append(item)
    path = make("enhanced", EXPLICIT, many, bits=12, frames=4, SharedFunctionalGroupsSequence=Sequence([shared]), PerFrameFunctionalGroupsSequence=Sequence(own))
    rows += [row(path, 0), row(path, 2)]
    rgb = np.stack([smooth(0, 255), smooth(30, 200), smooth(255, 10)[::-1]], -1)
    path = make("rgb", EXPLICIT, rgb, kind="RGB", allocated=8)
    rows += [row(path), row(rle(path))]
    rows.append(row(make("rgb_planes", EXPLICIT, rgb.transpose(2, 0, 1), kind="RGB", allocated=8, planar=1)))
    rows.append(row(make("rgb16", EXPLICIT, rgb * 257, kind="RGB", allocated=16)))
    rows.append(row(make("ybr", EXPLICIT, rgb, kind="YBR_FULL", allocated=8)))
    pairs = np.stack([rgb[:, ::2, 0], rgb[:, 1::2, 0], rgb[:, ::2, 1], rgb[:, ::2, 2]], -1)
    rows.append(row(make("ybr_422", EXPLICIT, pairs, kind="YBR_FULL_422", allocated=8)))

    def palette(entries, first, bits, word):
        more = {}
        for i, name in enumerate(("Red", "Green", "Blue")):
            more[name + "PaletteColorLookupTableDescriptor"] = [len(entries) % 65536, first, bits]
            more[name + "PaletteColorLookupTableData"] = entries[:, i].astype(word).tobytes()
        return more

    colours = R.integers(0, 65536, (200, 3))
    rows.append(row(make("palette16", EXPLICIT, smooth(0, 255), kind="PALETTE COLOR", allocated=8, **palette(colours, 20, 16, "<u2"))))
    rows.append(row(make("palette8", IMPLICIT, smooth(0, 255), kind="PALETTE COLOR", allocated=8, **palette(colours >> 8, 0, 8, "u1"))))
    segments = [0, 3, 0, 100, 40000, 1, 50, 65535, 1, 60, 0]  # a run, two lines; pydicom counts the offsets of copies in words
    more = {}
    for i, name in enumerate(("Red", "Green", "Blue")):
        more[name + "PaletteColorLookupTableDescriptor"] = [113, 0, 16]
        more["Segmented" + name + "PaletteColorLookupTableData"] = np.array(segments, "<u2").tobytes()
    rows.append(row(make("palette_segments", EXPLICIT, smooth(0, 130), kind="PALETTE COLOR", allocated=8, **more)))

    def jpeg(pixels, **how):
        out = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(out, "JPEG", quality=95, **how)
        return encapsulate([out.getvalue()])

    rows.append(row(make("jpeg_grey", JPEG, smooth(0, 255), allocated=8, raw=jpeg(smooth(0, 255)), WindowCenter="100", WindowWidth="120")))
    rows.append(row(make("jpeg_ybr", JPEG, rgb, kind="YBR_FULL_422", allocated=8, raw=jpeg(rgb, subsampling=0))))
    for name, source, how in (("lossless16", "ct_explicit", "+e1"), ("lossless_sv6", "no_window", "+e6"), ("lossless_rgb", "rgb", "+e1"), ("extended12", "no_window", "+ee")):
        target = OUT / "dicom" / (name + ".dcm")
        options = {"+e1": ["+e1"], "+e6": ["+el", "+sv", "6"], "+ee": ["+ee"]}[how]
        subprocess.run(["dcmcjpeg", *options, str(OUT / "dicom" / (source + ".dcm")), str(target)], check=True)
        rows.append(row(target, refused="12 bits a sample is not read unless it is lossless" if how == "+ee" else None))
    table("dicom.tsv", rows)


def real(folder):
    rows = []
    for path in sorted(folder.glob("*.dcm")):
        ds = pydicom.dcmread(path)
        if "JPEG 2000" in ds.file_meta.TransferSyntaxUID.name:
            rows.append(row(path, refused="transfer syntax " + ("JPEG 2000 (Lossless Only)" if path.stem == "693_J2KR" else "JPEG 2000 (")))
            continue
        for window in ("full", "percentile", "100:700") if ds.PhotometricInterpretation.startswith("MONO") else ("full",):
            for frame in {0, int(ds.get("NumberOfFrames") or 1) - 1}:
                rows.append(row(path, frame, window))
    table("dicom_real.tsv", rows)


synthetic()
if len(sys.argv) > 1:
    real(Path(sys.argv[1]))
