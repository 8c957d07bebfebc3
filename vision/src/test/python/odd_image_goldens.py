"""Writes golden files of images that are read seldom and often wrongly: TIFF of odd depths and turned ones, lossless and cut JPEG, damaged
PNG, Netpbm, and files that are refused by name.

    pip install tifffile imagecodecs
    python vision/src/test/python/odd_image_goldens.py

writes vision/src/test/resources/golden/image/odd/* and odd.tsv (name, width, height, what is right, and who says so). "Pillow": what Pillow
reads. "source": what was encoded, where Pillow reads no such file or clips it; samples of more than 8 bits by their high bits, of Netpbm
by round(255 v / maxval). "near": what Pillow reads, base64, for files that JPEG libraries may decode differently. "refused": a part of the message.
"""
import base64
import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image
import PIL

from image_goldens import png, scene, value

OUT = Path(__file__).resolve().parents[1] / "resources" / "golden" / "image"
RGB = np.array(scene())
GREY = np.array(scene().convert("L"))
GREY16 = (GREY.astype(np.uint16) << 8) | (255 - GREY)
RGB16 = (RGB.astype(np.uint16) << 8) | (255 - RGB)

rows = {}


def add(name, data, right, by):
    (OUT / "odd" / name).write_bytes(data)
    if by == "refused":
        rows[name] = ("0", "0", right, by)
        return
    if by in ("Pillow", "near"):
        right = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    right = np.asarray(right)
    assert right.dtype == np.uint8
    if right.ndim == 2:
        right = np.repeat(right[:, :, None], 3, 2)
    text = "base64:" + base64.b64encode(right.tobytes()).decode() if by == "near" else value(right.tobytes())
    rows[name] = (str(right.shape[1]), str(right.shape[0]), text, by)


def tiff(data, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, data, software="", **options)
    return buffer.getvalue()


def big_endian_12() -> bytes:
    """One strip of packed 12-bit rows; tifffile writes these wrongly."""
    height, width = GREY.shape
    packed = b""
    for row in GREY16 >> 4:
        bits = "".join(format(int(v), "012b") for v in row)
        packed += bytes(int(bits[i:i + 8].ljust(8, "0"), 2) for i in range(0, len(bits), 8))
    tags = [(256, width), (257, height), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, len(packed))]
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, v) for tag, v in tags)
    return b"MM\x00\x2a" + struct.pack(">I", 8 + len(packed)) + packed + struct.pack(">H", len(tags)) + entries + bytes(4)


def tiffs():
    for bits in (10, 12, 14):
        grey, rgb = GREY16 >> (16 - bits), RGB16 >> (16 - bits)
        add(f"grey{bits}.tif", tiff(grey, bitspersample=bits, photometric="minisblack"), GREY, "source")
        add(f"grey{bits}_white_is_zero.tif", tiff(grey, bitspersample=bits, photometric="miniswhite"), 255 - GREY, "source")
        add(f"rgb{bits}.tif", tiff(rgb, bitspersample=bits, photometric="rgb", rowsperstrip=7), RGB, "source")
        add(f"rgb{bits}_planar.tif", tiff(np.moveaxis(rgb, -1, 0), bitspersample=bits, photometric="rgb", planarconfig="separate"), RGB, "source")
    add("grey12_big_endian.tif", big_endian_12(), GREY, "source")
    add("grey6.tif", tiff(GREY >> 2, bitspersample=6, photometric="minisblack"), ((GREY >> 2).astype(int) * 255 // 63).astype(np.uint8), "source")
    add("grey16_big_endian.tif", tiff(GREY16, byteorder=">"), GREY, "source")
    add("grey16_white_is_zero.tif", tiff(GREY16, photometric="miniswhite"), 255 - GREY, "source")
    add("grey16_predictor.tif", tiff(GREY16, compression="lzw", predictor=True), GREY, "source")
    add("grey16_signed.tif", tiff((GREY16.astype(np.int32) - 32768).astype(np.int16)), GREY, "source")
    add("grey16_alpha.tif", tiff(np.dstack([GREY16, RGB16[:, :, 0]]), photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig"), GREY,
        "source")
    add("rgb16_bigtiff.tif", tiff(RGB16, photometric="rgb", bigtiff=True), RGB, "Pillow")
    add("rgb16_planar.tif", tiff(np.moveaxis(RGB16, -1, 0), photometric="rgb", planarconfig="separate"), RGB, "source")  # Pillow 12.3 takes its 16 bits for 8
    add("rgba16.tif", tiff(np.dstack([RGB16, GREY16]), photometric="rgb", extrasamples=["unassalpha"]), RGB, "Pillow")
    add("rgb_tiled.tif", tiff(RGB, photometric="rgb", tile=(16, 16)), RGB, "Pillow")
    for orientation in range(0, 10):
        add(f"orientation{orientation}.tif", tiff(RGB, photometric="rgb", compression="lzw", extratags=[(274, 3, 1, orientation, True)]), None, "Pillow")
    add("orientation6_grey12.tif", tiff(GREY16 >> 4, bitspersample=12, extratags=[(274, 3, 1, 6, True)]), np.rot90(GREY, -1), "source")
    add("orientation5_long_tag.tif", tiff(GREY, extratags=[(274, 4, 1, 5, True)]), GREY.T, "source")
    for name, text in {"zstd": "Zstandard compression (50000)", "lzma": "LZMA compression (34925)", "jpeg2000": "JPEG 2000 compression (34712)",
                       "webp": "WebP compression (50001)", "jpegxl": "JPEG XL compression (50002)", "lerc": "LERC compression (34887)",
                       "jpegxr": "JPEG XR compression (34934)", "png": "PNG compression (34933)"}.items():
        add(f"{name}.tif", tiff(RGB[:16, :16], photometric="rgb", compression=name), "a TIFF with " + text + " is not read", "refused")
    unknown = bytearray(tiff(RGB[:4, :4], photometric="rgb"))
    i = unknown.index(struct.pack("<HHIH", 259, 3, 1, 1))
    unknown[i + 8:i + 10] = struct.pack("<H", 12345)
    add("unknown_compression.tif", bytes(unknown), "a TIFF with compression 12345 is not read", "refused")
    add("float.tif", tiff(GREY.astype(np.float32)), "floating-point samples", "refused")
    add("half.tif", tiff(GREY.astype(np.float16)), "floating-point samples", "refused")
    add("grey32.tif", tiff(GREY.astype(np.uint32)), "32 bits a sample", "refused")
    add("rgb4.tif", tiff(RGB >> 4, bitspersample=4, photometric="rgb"), "RGB samples of 4 bits", "refused")
    add("grey9.tif", tiff(GREY16 >> 7, bitspersample=9, photometric="minisblack"), "this kind of TIFF is not read", "refused")
    add("grey12_jpeg.tif", tiff(GREY16 >> 4, compression="jpeg"), "JPEG compression and 12 bits", "refused")
    add("lab.tif", tiff(RGB, photometric="cielab"), "CIE L*a*b* colours", "refused")


def scans(jpeg):
    """Where each scan ends."""
    ends = []
    i = 2
    while jpeg[i + 1] != 0xD9:
        marker, length = jpeg[i + 1], struct.unpack(">H", jpeg[i + 2:i + 4])[0]
        i += 2 + length
        if marker == 0xDA:
            while jpeg[i] != 0xFF or jpeg[i + 1] == 0 or 0xD0 <= jpeg[i + 1] <= 0xD7:
                i += 1
            ends.append(i)
    return ends


def jpegs():
    def pillow(**options):
        buffer = io.BytesIO()
        scene().save(buffer, "JPEG", **options)
        return buffer.getvalue()

    for name, image in {"440": RGB, "440_even": RGB[:28], "440_one_row": RGB[:1], "440_two_rows": RGB[:2], "440_narrow": RGB[:, :1], "411": RGB}.items():
        add(f"{name}.jpg", imagecodecs.jpeg8_encode(np.ascontiguousarray(image), level=90, subsampling=name[:3]), None, "Pillow")
    for predictor in range(1, 8):
        add(f"lossless{predictor}.jpg", imagecodecs.jpeg8_encode(RGB, lossless=True, predictor=predictor), RGB, "Pillow")
        bits = 8 + predictor
        add(f"lossless_grey{bits}.jpg", imagecodecs.jpeg8_encode(GREY16 >> (16 - bits), lossless=True, predictor=predictor, bitspersample=bits), GREY, "source")
    add("lossless_grey8.jpg", imagecodecs.jpeg8_encode(GREY, lossless=True), GREY, "Pillow")
    add("lossless_grey16.jpg", imagecodecs.jpeg8_encode(GREY16, lossless=True, predictor=4, bitspersample=16), GREY, "source")
    for bits, predictor in ((12, 7), (15, 5), (9, 1)):
        # a point transform of one bit: sample = 2 * (coded - a quarter of the range); the encoder cannot write one, so the header is changed
        wanted = (GREY16 >> (16 - bits)) & 0xFFFE
        coded = bytearray(imagecodecs.jpeg8_encode((wanted >> 1) + (1 << (bits - 2)), lossless=True, predictor=predictor, bitspersample=bits))
        at = coded.index(b"\xff\xda")
        coded[at + 1 + coded[at + 3]] = 1
        assert (imagecodecs.jpeg8_decode(bytes(coded)) == wanted).all()
        add(f"lossless_point{bits}.jpg", bytes(coded), (wanted >> (bits - 8)).astype(np.uint8), "source")
    add("lossless_rgb12.jpg", imagecodecs.jpeg8_encode(RGB16 >> 4, lossless=True, bitspersample=12), "a lossless JPEG (SOF3) of 3 components of 12 bits", "refused")
    add("grey12.jpg", imagecodecs.jpeg8_encode(GREY16 >> 4, bitspersample=12), "a JPEG with 12 bits a sample is not read unless it is lossless", "refused")

    base, progressive = pillow(quality=85), pillow(quality=85, progressive=True)
    for n in (8, 64, 3000):
        add(f"zeros_for_end_{n}.jpg", base[:-2] + bytes(n), None, "Pillow")
    add("letters_for_end.jpg", base[:-2] + b"a" * 64, None, "Pillow")
    add("zeros_for_end_progressive.jpg", progressive[:-2] + bytes(64), np.array(Image.open(io.BytesIO(progressive))), "source")
    for cut, zeros in ((3, 64), (40, 64), (40, 5000), (200, 5000)):
        add(f"zeros_for_pixels_{cut}_{zeros}.jpg", pillow(quality=85, subsampling=0)[:-cut] + bytes(zeros), "its pixels end early", "refused")
    for name, whole in {"420": progressive, "444": pillow(quality=85, progressive=True, subsampling=0)}.items():
        for n, end in enumerate(scans(whole)[:-1], 1):
            add(f"cut_{name}_{n}.jpg", whole[:end] + b"\xff\xd9", None, "near")


def pngs():
    whole = png(RGB, 2, 8, False)
    first = whole.index(b"IDAT")
    length = struct.unpack(">I", whole[first - 4:first])[0]
    wrong = bytearray(whole)
    wrong[first + 4 + length] ^= 255
    add("idat_checksum.png", bytes(wrong), RGB, "Pillow")
    wrong[first + 4 + length // 2] ^= 16
    add("idat_damaged.png", bytes(wrong), "the PNG data is corrupt", "refused")
    add("no_end_chunk.png", whole[:whole.index(b"IEND") - 4], RGB, "Pillow")
    add("no_last_checksum.png", whole[:whole.index(b"IEND") - 8], RGB, "source")
    wrong = bytearray(whole)
    wrong[30] ^= 255
    add("header_checksum.png", bytes(wrong), "checksum of the chunk", "refused")


def netpbm():
    height, width = GREY.shape
    size = f"{width} {height}\n".encode()
    bits = GREY > 127

    def text(samples):
        return b"\n".join(b" ".join(str(v).encode() for v in row) for row in samples.reshape(height, -1).tolist())

    def scaled(samples, largest):
        return np.rint(samples.astype(float) / largest * 255).astype(np.uint8)

    add("p1.pbm", b"P1\n# a comment\n" + size + text((~bits).astype(int)), bits * np.uint8(255), "Pillow")
    add("p1_dense.pbm", b"P1 " + size + text((~bits).astype(int)).replace(b" ", b""), None, "Pillow")
    add("p4.pbm", b"P4\n" + size + np.packbits(~bits, axis=1).tobytes(), None, "Pillow")
    add("p2.pgm", b"P2\n" + size + b"255\n" + text(GREY), None, "Pillow")
    add("p5.pgm", b"P5 # x\n#y\r" + size + b"255\n" + GREY.tobytes(), None, "Pillow")
    add("p5_100.pgm", b"P5\n" + size + b"100\n" + (GREY // 2).tobytes(), None, "Pillow")
    add("p5_1.pgm", b"P5\n" + size + b"1\n" + bits.astype(np.uint8).tobytes(), None, "Pillow")
    add("p3.ppm", b"P3\n" + size + b"255\n" + text(RGB) + b"\n", None, "Pillow")
    add("p3_10.ppm", b"P3\n" + size + b"10\n" + text(RGB // 25), None, "Pillow")
    add("p6.ppm", b"P6\n" + size + b"255\n" + RGB.tobytes(), None, "Pillow")
    add("p6_50.ppm", b"P6\n" + size + b"50\n" + (RGB // 6).tobytes(), None, "Pillow")
    add("p6_1023.ppm", b"P6\n" + size + b"1023\n" + (RGB16 >> 6).astype(">u2").tobytes(), None, "Pillow")
    add("p6_65535.ppm", b"P6\n" + size + b"65535\n" + RGB16.astype(">u2").tobytes(), None, "Pillow")
    add("p3_4000.ppm", b"P3\n" + size + b"4000\n" + text(RGB16 // 17), None, "Pillow")
    add("p5_4095.pgm", b"P5\n" + size + b"4095\n" + (GREY16 >> 4).astype(">u2").tobytes(), scaled(GREY16 >> 4, 4095), "source")
    add("p5_65535.pgm", b"P5\n" + size + b"65535\n" + GREY16.astype(">u2").tobytes(), scaled(GREY16, 65535), "source")
    add("p2_50000.pgm", b"P2\n" + size + b"50000\n" + text(np.minimum(GREY16, 50000)), scaled(np.minimum(GREY16, 50000), 50000), "source")
    add("p5_two.pgm", 2 * (b"P5\n" + size + b"255\n" + GREY.tobytes()), GREY, "source")
    add("p6_short.ppm", b"P6\n" + size + b"255\n" + RGB.tobytes()[:-1], "cannot hold the 37x29 pixels", "refused")
    add("p2_too_large.pgm", b"P2\n2 1\n9\n9 10\n", "a value of 10, the largest is to be 9", "refused")
    add("p5_no_size.pgm", b"P5\n", "truncated", "refused")
    add("p5_huge.pgm", b"P5\n60000 60000\n255\n" + bytes(100), "its header announces 60000x60000 pixels", "refused")
    add("p5_large_short.pgm", b"P5\n10000 10000\n255\n" + bytes(100), "cannot hold", "refused")
    add("p5_zero.pgm", b"P5\n0 5\n255\n" + bytes(100), "its header announces 0x5 pixels", "refused")
    add("p5_maxval.pgm", b"P5\n1 1\n65536\n" + bytes(100), "a largest value of 65536", "refused")


if __name__ == "__main__":
    (OUT / "odd").mkdir(parents=True, exist_ok=True)
    tiffs()
    jpegs()
    pngs()
    netpbm()
    header = f"# Pillow {PIL.__version__}, tifffile {tifffile.__version__}, imagecodecs {imagecodecs.__version__}\n"
    (OUT / "odd.tsv").write_text(header + "".join("\t".join((name, *rows[name])) + "\n" for name in sorted(rows)))
