"""Writes a MedMNIST .npz as class folders of PNGs: OUT/{train,val,test}/{normal,pneumonia}/00000.png.

The number in the file name is the row in the split, so sorted order within a class keeps the .npz order.

Run: python npz_to_folder.py FILE.npz OUT [CLASS_NAME...]     (default class names: normal pneumonia)
"""
import os
import sys

import numpy as np
from PIL import Image


def convert(npz: str, out: str, names: list) -> dict:
    """Number of images written by split and class name."""
    counts = {}
    with np.load(npz, allow_pickle=False) as arrays:
        for split in ("train", "val", "test"):
            images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"].reshape(-1)
            for name in names:
                os.makedirs(os.path.join(out, split, name), exist_ok=True)
            for row, (image, label) in enumerate(zip(images, labels)):
                Image.fromarray(image).save(os.path.join(out, split, names[label], f"{row:05d}.png"))
            counts[split] = {name: int((labels == index).sum()) for index, name in enumerate(names)}
    return counts


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    print(convert(sys.argv[1], sys.argv[2], sys.argv[3:] or ["normal", "pneumonia"]))
