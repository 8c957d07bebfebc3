"""Writes golden/medmnist_like.npz: arrays named and shaped as MedMNIST's, as numpy.savez_compressed writes them.

Run: python export_npz_golden.py
Pixel (y, x) of image i of part p is (100 p + 10 i + 3 y + x) mod 256, in colour plus 50 for each channel; labels are (i + p) mod 3 + 4.
"""
import os

import numpy as np

PARTS = {"train": 5, "val": 3, "test": 4}


def part(number: int, count: int, channels: int) -> np.ndarray:
    i, y, x, c = np.ogrid[:count, :4, :6, :channels]
    pixels = ((100 * number + 10 * i + 3 * y + x + 50 * c) % 256).astype(np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden")
    for name, channels, label_type, save in (("medmnist_grey", 1, np.uint8, np.savez_compressed), ("medmnist_colour", 3, np.int64, np.savez)):
        arrays = {}
        for number, (key, count) in enumerate(PARTS.items()):
            arrays[key + "_images"] = part(number, count, channels)
            labels = ((np.arange(count) + number) % 3 + 4).astype(label_type)
            arrays[key + "_labels"] = labels[:, None] if channels == 1 else labels
        save(os.path.join(folder, name + ".npz"), **arrays)


if __name__ == "__main__":
    main()
