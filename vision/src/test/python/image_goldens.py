"""Writes the golden files of dev.graft.vision.image with Pillow, torchvision and PyTorch.

    python vision/src/test/python/image_goldens.py

writes vision/src/test/resources/golden/image/: formats/* (tiny files of each format), formats.tsv (what Pillow decodes from them),
ops.tsv (what Pillow and torchvision make of a synthetic image), colours.tsv and normalize.tsv; with the data folder at hand
(GRAFT_DATA, or ../shared/data beside the repository) photos.tsv too. Values: base64 of the bytes, or
sha256:HEX of them where they are many. Versions are in the first line of each file.
"""
import base64
import hashlib
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image, ImageCms

_library = torch.library.Library("torchvision", "DEF")  # a torchvision wheel of another build lacks its compiled operators
for _name in ("nms", "qnms"):
    _library.define(_name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchvision  # noqa: E402
from torchvision.transforms import InterpolationMode, functional as F, transforms as T  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "resources" / "golden" / "image"
FORMATS = OUT / "formats"
HEADER = f"# Pillow {PIL.__version__}, torchvision {torchvision.__version__}, PyTorch {torch.__version__}\n"


def value(data: bytes) -> str:
    return base64.b64encode(data).decode() if len(data) <= 300 else "sha256:" + hashlib.sha256(data).hexdigest()


def synthetic(width: int, height: int) -> Image.Image:
    """Noise from a formula that the Java side computes too: 31-bit products, bits 13 to 20."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3].astype(np.int64)
    v = ((x * 73 + y * 151 + c * 199 + x * y * 7 + 11) * 265443) & 0x7FFFFFFF
    return Image.fromarray(((v >> 13) & 255).astype(np.uint8), "RGB")


def scene(width: int = 37, height: int = 29) -> Image.Image:
    """Gradients and a disc, smooth enough for lossy formats."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    disc = ((x - width / 2) ** 2 + (y - height / 2) ** 2) < (height / 3) ** 2
    rgb = np.stack([x * 255 / width, y * 255 / height, 128 + 100 * np.sin(x / 4) * np.cos(y / 5)], -1)
    rgb[disc] = [220, 60, 30]
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8), "RGB")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples: np.ndarray, colour: int, depth: int, interlace: bool, palette: bytes = b"", transparency: bytes = b"") -> bytes:
    """A PNG of any colour type, depth and interlacing, each row with another filter; Pillow itself writes few of them."""
    height, width, channels = samples.shape

    def pack(row: np.ndarray) -> bytes:
        if depth == 16:
            return row.astype(">u2").tobytes()
        if depth == 8:
            return row.astype(np.uint8).tobytes()
        bits = "".join(format(int(v), f"0{depth}b") for v in row.reshape(-1))
        return bytes(int(bits[i:i + 8].ljust(8, "0"), 2) for i in range(0, len(bits), 8))

    def rows(part: np.ndarray) -> bytes:
        bpp = max(1, depth * channels // 8)
        above = None
        out = b""
        for n, row in enumerate(part):
            raw = pack(row)
            up = above or bytes(len(raw))
            kind = n % 5
            coded = bytearray()
            for i, v in enumerate(raw):
                a = raw[i - bpp] if i >= bpp else 0
                b = up[i]
                c = up[i - bpp] if i >= bpp else 0
                p = a + b - c
                paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                coded.append((v - [0, a, b, (a + b) // 2, paeth][kind]) & 255)
            out += bytes([kind]) + bytes(coded)
            above = raw
        return out

    if interlace:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
        data = b"".join(rows(p) for p in parts if p.size)
    else:
        data = rows(samples)
    compressed = zlib.compress(data)
    half = len(compressed) // 2
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlace)))
            + (chunk(b"PLTE", palette) if palette else b"") + (chunk(b"tRNS", transparency) if transparency else b"")
            + chunk(b"IDAT", compressed[:half]) + chunk(b"IDAT", compressed[half:]) + chunk(b"IEND", b""))


def without_segment(jpeg: bytes, marker: int) -> bytes:
    i = jpeg.index(bytes([0xFF, marker]))
    return jpeg[:i] + jpeg[i + 2 + struct.unpack(">H", jpeg[i + 2:i + 4])[0]:]


def partial_gif() -> bytes:
    """A 5x4 screen whose only frame is 3x2 at (1, 1): uncompressed codes of 3 bits, a clear code before each pair."""
    palette = bytes([10, 20, 30, 200, 0, 0, 0, 200, 0, 0, 0, 200])
    codes = []
    for pair in ((0, 1), (2, 3), (1, 2)):
        codes += [4, *pair]
    codes.append(5)
    bits = 0
    for i, c in enumerate(codes):
        bits |= c << (3 * i)
    data = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    return (b"GIF89a" + struct.pack("<HHBBB", 5, 4, 0x81, 0, 0) + palette + b"\x21\xf9\x04\x01\x00\x00\x02\x00"
            + b"\x2c" + struct.pack("<HHHHB", 1, 1, 3, 2, 0) + b"\x02" + bytes([len(data)]) + data + b"\x00\x3b")


def rle_bmp() -> bytes:
    """4x3, 8 bits, RLE8: runs, one literal run, end of line, end of picture."""
    palette = b"".join(bytes([60 * i, 255 - 60 * i, 30 * i, 0]) for i in range(4))
    data = bytes([4, 1, 0, 0, 2, 2, 2, 3, 0, 0, 0, 4, 0, 1, 2, 3, 0, 0, 0, 1])
    offset = 14 + 40 + len(palette)
    return (b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
            + struct.pack("<IiiHHIIiiII", 40, 4, 3, 1, 8, 1, len(data), 0, 0, 4, 4) + palette + data)


def files() -> dict:
    rgb = scene()
    grey = rgb.convert("L")
    cmyk = Image.merge("CMYK", [*rgb.split(), grey])
    rgba = rgb.copy()
    rgba.putalpha(grey)
    p = rgb.quantize(40)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()  # a profile whose use would show
    icc = icc[:24] + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + icc[36:]  # the same bytes at every run
    exif = Image.Exif()
    exif[0x0112] = 6
    result = {}

    def save(name, image, **options):
        buffer = io.BytesIO()
        image.save(buffer, **options)
        result[name] = buffer.getvalue()

    for mode, name in ((0, "444"), (1, "422"), (2, "420")):
        save(f"rgb_{name}.jpg", rgb, format="JPEG", quality=90, subsampling=mode)
    save("progressive.jpg", rgb, format="JPEG", quality=85, progressive=True)
    save("progressive_grey.jpg", grey, format="JPEG", quality=85, progressive=True)
    save("grey.jpg", grey, format="JPEG", quality=85)
    save("cmyk.jpg", cmyk, format="JPEG", quality=90)
    save("restart.jpg", rgb, format="JPEG", quality=85, restart_marker_blocks=1)
    save("keep_rgb.jpg", rgb, format="JPEG", quality=90, keep_rgb=True)
    save("icc_exif.jpg", rgb, format="JPEG", quality=85, icc_profile=icc, exif=exif)
    result["ycck.jpg"] = result["cmyk.jpg"].replace(b"Adobe\x00\x64\x00\x00\x00\x00\x00", b"Adobe\x00\x64\x00\x00\x00\x00\x02")
    assert result["ycck.jpg"] != result["cmyk.jpg"]
    result["no_jfif_444.jpg"] = without_segment(result["rgb_444.jpg"], 0xE0)
    result["trailing_bytes.jpg"] = result["rgb_420.jpg"] + b"\xff\xd8trailing"

    a = np.array(rgba).astype(np.int64)
    noise = np.array(synthetic(37, 29)).astype(np.int64)
    wide = a * 257 - (noise[:, :, :1] & 63) * (a > 0)
    index = (np.array(grey) // 16).astype(np.int64)[:, :, None]
    colours = bytes((i * k + 40) & 255 for i in range(16) for k in (5, 11, 17))
    for interlace in (False, True):
        tag = "_interlaced" if interlace else ""
        result[f"rgb8{tag}.png"] = png(a[:, :, :3], 2, 8, interlace)
        result[f"rgba8{tag}.png"] = png(a, 6, 8, interlace)
        result[f"rgb16{tag}.png"] = png(wide[:, :, :3], 2, 16, interlace)
        result[f"rgba16{tag}.png"] = png(wide, 6, 16, interlace)
        result[f"la8{tag}.png"] = png(a[:, :, 2:], 4, 8, interlace)
        result[f"la16{tag}.png"] = png(wide[:, :, 2:], 4, 16, interlace)
        result[f"grey16{tag}.png"] = png(wide[:, :, :1], 0, 16, interlace)
        for depth in (1, 2, 4, 8):
            result[f"grey{depth}{tag}.png"] = png(a[:, :, :1] >> (8 - depth), 0, depth, interlace)
            result[f"palette{depth}{tag}.png"] = png(index >> max(0, 4 - depth), 3, depth, interlace, colours, bytes([0, 128, 255]))
    result["rgb8_transparent_colour.png"] = png(a[:, :, :3], 2, 8, False, transparency=struct.pack(">HHH", 220, 60, 30))
    result["palette_index_beyond.png"] = png(index, 3, 8, False, colours[:15])
    save("pillow.png", rgb, format="PNG", icc_profile=icc)

    save("palette.gif", p, format="GIF", interlace=0)
    save("flat.gif", rgb.quantize(4), format="GIF", interlace=0)
    save("interlaced.gif", p, format="GIF", interlace=1)
    save("grey.gif", grey, format="GIF")
    save("animated.gif", p, format="GIF", save_all=True, append_images=[p.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])
    save("noise.gif", synthetic(120, 90).quantize(256, dither=Image.Dither.NONE), format="GIF")
    result["partial.gif"] = partial_gif()

    for name, image in {"rgb": rgb, "grey": grey, "palette": p, "bit": rgb.convert("1"), "rgba": rgba}.items():
        save(f"{name}.bmp", image, format="BMP")
    result["rle.bmp"] = rle_bmp()

    for name, image in {"rgb": rgb, "grey": grey, "rgba": rgba, "cmyk": cmyk, "palette": p, "bit": rgb.convert("1")}.items():
        save(f"{name}_lzw.tif", image, format="TIFF", compression="tiff_lzw")
    save("rgb_raw.tif", rgb, format="TIFF")
    save("rgb_deflate.tif", rgb, format="TIFF", compression="tiff_adobe_deflate")
    save("rgb_packbits.tif", rgb, format="TIFF", compression="packbits")
    save("rgb_predictor.tif", rgb, format="TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    save("rgb_icc.tif", rgb, format="TIFF", icc_profile=icc)
    save("rgb_jpeg.tif", rgb, format="TIFF", compression="jpeg", quality=95)
    save("bit_group4.tif", rgb.convert("1"), format="TIFF", compression="group4")
    save("grey_white_is_zero.tif", grey, format="TIFF", tiffinfo={262: 0})
    save("grey16.tif", Image.fromarray(wide[:, :, 0].astype(np.uint16)), format="TIFF")

    save("lossy.webp", rgb, format="WEBP", quality=90)
    save("lossy_alpha.webp", rgba, format="WEBP", quality=90)
    save("lossless.webp", rgb, format="WEBP", lossless=True)
    save("lossless_alpha.webp", rgba, format="WEBP", lossless=True, exact=True)
    save("lossless_palette.webp", p.convert("RGB"), format="WEBP", lossless=True)
    save("icc.webp", rgb, format="WEBP", lossless=True, icc_profile=icc)
    save("animated.webp", rgb, format="WEBP", lossless=True, save_all=True, append_images=[grey.convert("RGB")])
    return result


def formats():
    FORMATS.mkdir(parents=True, exist_ok=True)
    lines = [HEADER]
    for name, data in sorted(files().items()):
        (FORMATS / name).write_bytes(data)
        image = Image.open(io.BytesIO(data))
        if image.mode.startswith("I"):  # documented difference: Pillow clips these at 255
            high = Image.fromarray((np.array(image).astype(np.int64) >> 8).astype(np.uint8))
            image = high
        rgb = image.convert("RGB")
        lossy = name.startswith("lossy")
        data = rgb.tobytes()
        text = "base64:" + base64.b64encode(data).decode() if lossy else value(data)
        lines.append(f"{name}\t{rgb.width}\t{rgb.height}\t{text}\n")
    (OUT / "formats.tsv").write_text("".join(lines))


def ops():
    modes = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC, "nearest": InterpolationMode.NEAREST}
    lines = [HEADER]

    def add(op, args, width, height, result):
        lines.append("\t".join([op, " ".join(map(str, args)), str(width), str(height), str(result.width), str(result.height),
                                str(len(result.getbands())), value(result.tobytes())]) + "\n")

    sizes = [(97, 61), (61, 97), (1, 1), (1, 40), (40, 1), (2, 3), (256, 171), (500, 7), (8, 333), (640, 480)]
    targets = [(1, 1), (2, 2), (7, 5), (32, 32), (61, 97), (97, 61), (224, 224), (3, 200), (255, 1)]
    for w, h in sizes:
        image = synthetic(w, h)
        for mode in ("bilinear", "bicubic"):
            for tw, th in targets:
                add("resize", [tw, th, mode], w, h, image.resize((tw, th), getattr(Image.Resampling, mode.upper())))
                add("resizeGrey", [tw, th, mode], w, h, image.convert("L").resize((tw, th), getattr(Image.Resampling, mode.upper())))
            for size in (1, 13, 61, 256):
                if max(w, h) * size / min(w, h) < 3000:
                    resized = T.Resize(size, modes[mode])(image)
                    add("shorterSide", [size, mode], w, h, resized)
                    for crop in (1, 12, 60, 61, 224, 300):
                        add("preset", [size, mode, crop], w, h, F.center_crop(resized, [crop, crop]))
        for cw, ch in [(1, 1), (20, 30), (61, 61), (62, 60), (98, 300), (300, 20)]:
            add("centerCrop", [cw, ch], w, h, F.center_crop(image, [ch, cw]))
        add("crop", [-3, -5, 20, 9], w, h, F.crop(image, -5, -3, 9, 20))
        add("crop", [3, 1, 50, 50], w, h, F.crop(image, 1, 3, 50, 50))
        add("resizedCrop", [1, 0, 9, 5, 24, "bilinear"], w, h, F.resized_crop(image, 0, 1, 5, 9, [24, 24], modes["bilinear"]))
        add("flipHorizontal", [], w, h, F.hflip(image))
        add("flipVertical", [], w, h, F.vflip(image))
        add("grayscale", [1], w, h, F.rgb_to_grayscale(image, 1))
        add("grayscale", [3], w, h, F.rgb_to_grayscale(image, 3))
    for w, h in [(97, 61), (61, 97), (64, 64), (1, 1), (1, 9), (33, 33)]:
        image = synthetic(w, h)
        for angle in (0, 90, 180, 270, -90, 360, 1e-9, 0.3, 7.25, 15, -15, 44.9, 45, 123.456, -171.3, 359.99, 720.5):
            for mode in ("nearest", "bilinear"):
                add("rotate", [angle, mode], w, h, F.rotate(image, angle, modes[mode], fill=0))
        for factor in (0, 0.001, 0.3, 0.5, 0.7499, 1, 1.2, 1.75, 3.3, 40):
            add("brightness", [factor], w, h, F.adjust_brightness(image, factor))
            add("contrast", [factor], w, h, F.adjust_contrast(image, factor))
            add("saturation", [factor], w, h, F.adjust_saturation(image, factor))
            add("brightnessGrey", [factor], w, h, F.adjust_brightness(image.convert("L"), factor))
            add("contrastGrey", [factor], w, h, F.adjust_contrast(image.convert("L"), factor))
        for factor in (-0.5, -0.31, -0.004, -0.001, 0, 0.02, 0.25, 0.5):
            add("hue", [factor], w, h, F.adjust_hue(image, factor))
    (OUT / "ops.tsv").write_text("".join(lines))


def colours():
    """All 2^24 colours through Pillow's RGB to HSV, HSV to RGB, and RGB to L."""
    v = np.arange(1 << 24, dtype=np.uint32)
    cube = np.stack([v >> 16, v >> 8 & 255, v & 255], -1).astype(np.uint8).reshape(4096, 4096, 3)
    lines = [HEADER]
    for name, image in {"rgbToHsv": Image.fromarray(cube, "RGB").convert("HSV"), "hsvToRgb": Image.fromarray(cube, "HSV").convert("RGB"),
                        "luma": Image.fromarray(cube, "RGB").convert("L")}.items():
        lines.append(f"{name}\t{value(image.tobytes())}\n")
    (OUT / "colours.tsv").write_text("".join(lines))


def normalize():
    image = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, 2)
    lines = [HEADER]
    tensor = F.normalize(F.to_tensor(Image.fromarray(image, "RGB")), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    lines.append("imageNet\t" + value(tensor.permute(1, 2, 0).contiguous().numpy().astype("<f4").tobytes()) + "\n")
    lite = (torch.from_numpy(image).float() - 127) / 128
    lines.append("efficientNetLite\t" + value(lite.numpy().astype("<f4").tobytes()) + "\n")
    lines.append("unit\t" + value(F.to_tensor(Image.fromarray(image, "RGB")).permute(1, 2, 0).contiguous().numpy().tobytes()) + "\n")
    (OUT / "normalize.tsv").write_text("".join(lines))


def photos(data: Path):
    """One hash for all files of a folder: for each in sorted order its width and height (4 bytes, big endian) and RGB samples."""
    lines = [HEADER]
    for folder in ("images/imagenet_samples", "images/hymenoptera/hymenoptera_data/val/ants", "images/covid_xray_256/Covid-19",
                   "images/brain_tumor_4class/Testing/glioma", "images/brain_tumor_4class/Testing/notumor"):
        digest = hashlib.sha256()
        names = sorted(p for p in (data / folder).iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
        for name in names:
            rgb = Image.open(name).convert("RGB")
            digest.update(struct.pack(">II", rgb.width, rgb.height) + rgb.tobytes())
        lines.append(f"{folder}\t{len(names)}\tsha256:{digest.hexdigest()}\n")
    (OUT / "photos.tsv").write_text("".join(lines))


if __name__ == "__main__":
    formats()
    ops()
    colours()
    normalize()
    folder = Path(os.environ.get("GRAFT_DATA", Path(__file__).resolve().parents[5] / "shared" / "data"))
    if folder.is_dir():
        photos(folder)
