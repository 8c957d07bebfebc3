"""Imports torchvision where its C++ operators do not match the installed torch build.

The models used here are plain Python on torch; only the registration of detection operators fails
at import. Declaring these operators first lets the import pass; nothing here ever calls them.
"""
import os

import torch

_LIBRARY = torch.library.Library("torchvision", "DEF")
for _name in ("nms", "qnms"):
    try:
        _LIBRARY.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    except RuntimeError:
        pass  # torchvision's own library already registered it

import torchvision  # noqa: E402


def versions() -> dict:
    """The library versions that every golden file records."""
    import numpy
    import PIL
    return {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
    }


def data_folder() -> str:
    """GRAFT_DATA, or shared/data beside the repository."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 4)
    return os.path.abspath(os.environ.get("GRAFT_DATA") or os.path.join(root, "..", "shared", "data"))


def golden_folder() -> str:
    """vision/src/test/resources/golden."""
    return os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden"))
