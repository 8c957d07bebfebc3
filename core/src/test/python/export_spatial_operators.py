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


def transposed_convolutions():
    def conv(name, x, w, bias=True, **options):
        outputs = w[1] * options.get("groups", 1)
        case("conv_transpose2d/" + name, lambda x, w, b=None: F.conv_transpose2d(x, w, b, **options), normal(*x),
             normal(*w, scale=0.5), *([normal(outputs)] if bias else []))
    conv("plain", (2, 3, 4, 5), (3, 4, 3, 3))
    conv("stride2", (2, 3, 4, 5), (3, 4, 3, 3), stride=2, padding=1, output_padding=1)
    conv("twice", (1, 5, 4, 3), (5, 2, 2, 2), stride=2, bias=False)
    conv("unet", (1, 17, 3, 4), (17, 9, 2, 2), stride=2)
    conv("dcgan", (2, 6, 4, 4), (6, 3, 4, 4), stride=2, padding=1, bias=False)
    conv("stride_3_2", (1, 2, 4, 3), (2, 3, 2, 3), stride=(3, 2), output_padding=(2, 1))
    conv("dilated", (1, 3, 5, 4), (3, 2, 3, 3), dilation=2, padding=1)
    conv("dilated_output_padding", (1, 2, 4, 4), (2, 3, 2, 2), dilation=3, output_padding=(2, 1))
    conv("groups", (2, 4, 3, 5), (4, 3, 3, 3), groups=2, stride=2)
    conv("depthwise", (1, 6, 4, 4), (6, 1, 3, 3), groups=6, stride=2, padding=1, output_padding=1)
    conv("pointwise", (2, 5, 3, 4), (5, 7, 1, 1))
    conv("padded_more", (1, 2, 5, 6), (2, 3, 3, 2), padding=(2, 1))
    conv("no_images", (0, 3, 4, 4), (3, 2, 3, 3))
    c = F.conv_transpose1d
    case("conv_transpose1d/plain", c, normal(2, 3, 7), normal(3, 4, 3), normal(4))
    case("conv_transpose1d/stride2", lambda x, w: c(x, w, None, 2, 2, 1), normal(2, 3, 6), normal(3, 4, 5))
    case("conv_transpose1d/dilated_groups", lambda x, w, b: c(x, w, b, 3, 1, 2, 2, 2), normal(1, 4, 5), normal(4, 2, 3), normal(4))


def windows():
    case("unfold/plain", lambda x: x.unfold(1, 3, 2), normal(2, 8, 3))
    case("unfold/overlapping", lambda x: x.unfold(0, 4, 1), normal(9))
    case("unfold/gaps", lambda x: x.unfold(-1, 2, 4), normal(2, 11))
    case("unfold/whole", lambda x: x.unfold(1, 5, 7), normal(2, 5, 3))
    for name, o in {"plain": dict(kernel_size=3), "padded": dict(kernel_size=(3, 2), padding=(1, 2), stride=2),
                    "dilated": dict(kernel_size=2, dilation=(2, 3), stride=(1, 2)), "pixel": dict(kernel_size=1, stride=2)}.items():
        case("unfold2d/" + name, lambda x: F.unfold(x, **o), normal(2, 3, 7, 6))
        columns = F.unfold(torch.zeros(2, 3, 7, 6), **o).shape
        case("fold2d/" + name, lambda x: F.fold(x, (7, 6), **o), normal(*columns))


def norms():
    def group(groups, eps=1e-5):
        return lambda x, g, b: F.group_norm(x, groups, g, b, eps)
    affine = lambda c: (uniform(0.5, 1.5, c), normal(c))
    case("group_norm/image", group(2), normal(3, 4, 5, 6, scale=2, shift=0.5), *affine(4))
    case("group_norm/one_group", group(1), normal(2, 6, 3, 4), *affine(6))
    case("group_norm/channels", group(5, 1e-2), normal(2, 5, 3, 4), *affine(5))
    case("group_norm/features", group(3), normal(4, 12), *affine(12))
    case("group_norm/sequence", group(2), normal(2, 6, 7), *affine(6))
    case("group_norm/volume", group(2), normal(2, 4, 2, 3, 2), *affine(4))
    case("group_norm/wide", group(3), normal(2, 66, 6, 5), *affine(66))
    case("group_norm/far_from_zero", group(2), normal(2, 4, 7, 5, shift=100), *affine(4))
    case("group_norm/plain", lambda x: F.group_norm(x, 2), normal(2, 4, 3, 3))
    case("instance_norm/image", lambda x, g, b: F.instance_norm(x, None, None, g, b), normal(2, 3, 5, 4), *affine(3))
    case("instance_norm/sequence", lambda x, g, b: F.instance_norm(x, None, None, g, b), normal(2, 3, 7), *affine(3))
    case("instance_norm/plain", lambda x: F.instance_norm(x, eps=1e-3), normal(2, 3, 4, 4))
    rms = lambda n, eps=1e-5: (lambda x, g: F.rms_norm(x, n, g, eps))
    case("rms_norm/last", rms((7,)), normal(2, 3, 7, scale=2), uniform(0.5, 1.5, 7))
    case("rms_norm/two_dimensions", rms((3, 5), 1e-2), normal(4, 3, 5), uniform(0.5, 1.5, 3, 5))
    case("rms_norm/wide", rms((67,)), normal(5, 67, shift=3), uniform(0.5, 1.5, 67))
    case("rms_norm/vector", rms((9,)), normal(9), uniform(0.5, 1.5, 9))


SECTIONS = [interpolations, paddings, transposed_convolutions, windows, norms]


def main():
    for section in SECTIONS:
        section()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "spatial-operators.safetensors")
    save_file(STORED, path, metadata={"source": f"torch {torch.__version__} in float64, seed {SEED}"})
    cases = sum(key.endswith("/out") for key in STORED)
    print(f"{cases} cases, {len(STORED)} tensors, {os.path.getsize(path)} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
