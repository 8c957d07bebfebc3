"""Writes golden/spatial-operators.safetensors: interpolation, padding, transposed convolution, windows, and the
normalisations beside batch and layer norm, as export_operators.py writes the other operators.

Run: python export_spatial_operators.py
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from export_operators import SEED, STORED, case, given, normal, uniform


def interpolations():
    def resize(name, shape, **options):
        case("interpolate/" + name, lambda x: F.interpolate(x, **options), normal(*shape))
    for mode in ("nearest", "nearest-exact", "bilinear", "bicubic"):
        m = mode.replace("-", "_")
        aligned = [None] if mode.startswith("nearest") else [False, True]
        for corners in aligned:
            suffix = "_aligned" if corners else ""
            o = {"mode": mode, "align_corners": corners}
            resize(f"{m}_twice{suffix}", (2, 3, 4, 5), scale_factor=2, **o)
            resize(f"{m}_larger{suffix}", (1, 2, 5, 4), size=(7, 11), **o)
            resize(f"{m}_smaller{suffix}", (1, 5, 9, 8), size=(4, 3), **o)
            resize(f"{m}_mixed{suffix}", (1, 2, 3, 8), size=(8, 3), **o)
            resize(f"{m}_to_one{suffix}", (2, 3, 5, 6), size=(1, 1), **o)
            resize(f"{m}_from_one{suffix}", (2, 3, 1, 1), size=(3, 4), **o)
        # A factor, unlike a size, keeps its fraction in the coordinates.
        resize(f"{m}_factor", (1, 3, 7, 6), scale_factor=(1.7, 0.6), mode=mode)
        resize(f"{m}_same", (1, 3, 4, 5), size=(4, 5), mode=mode)
        resize(f"{m}_wide", (1, 33, 4, 5), size=(7, 8), mode=mode)
    for mode in ("nearest", "nearest-exact", "linear"):
        m = mode.replace("-", "_")
        resize(f"{m}_sequence", (2, 3, 7), size=11, mode=mode)
        resize(f"{m}_sequence_factor", (2, 3, 7), scale_factor=0.7, mode=mode)
    resize("linear_sequence_aligned", (2, 3, 7), size=4, mode="linear", align_corners=True)
    resize("bilinear_far_down", (1, 2, 3, 61), size=(1, 2), mode="bilinear")
    resize("bilinear_far_up", (1, 2, 2, 2), size=(2, 37), mode="bilinear")


def paddings():
    for mode in ("reflect", "replicate", "circular"):
        pad = lambda *p: (lambda x: F.pad(x, p, mode=mode))
        case(f"pad2d/{mode}", pad(1, 2, 2, 1), normal(2, 3, 4, 5))
        case(f"pad2d/{mode}_rows", pad(0, 0, 2, 3), normal(1, 3, 4, 5))
        case(f"pad2d/{mode}_columns", pad(4, 3, 0, 0), normal(1, 17, 3, 5))
        case(f"pad2d/{mode}_nothing", pad(0, 0, 0, 0), normal(1, 2, 3, 3))
        case(f"pad1d/{mode}", pad(3, 2), normal(2, 3, 5))
    case("pad2d/replicate_far", lambda x: F.pad(x, (7, 5, 4, 6), mode="replicate"), normal(1, 2, 2, 3))
    case("pad2d/value", lambda x: F.pad(x, (3, 0, 1, 2), value=-1.5), normal(2, 3, 4, 5))
    case("pad1d/zeros", lambda x: F.pad(x, (3, 2)), normal(2, 3, 5))
    case("pad1d/value", lambda x: F.pad(x, (1, 4), value=2.5), normal(2, 3, 5))


SECTIONS = [interpolations, paddings]


def main():
    for section in SECTIONS:
        section()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "spatial-operators.safetensors")
    save_file(STORED, path, metadata={"source": f"torch {torch.__version__} in float64, seed {SEED}"})
    cases = sum(key.endswith("/out") for key in STORED)
    print(f"{cases} cases, {len(STORED)} tensors, {os.path.getsize(path)} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
