"""Lists what PyTorch and safetensors read from the files given, in expected.tsv's form: python check_weight_files.py FILE..."""
import sys

import torch
from safetensors import safe_open

from export_weight_files import tsv


def load(path):
    if path.endswith(".safetensors"):
        with safe_open(path, "pt") as f:
            return "safetensors", {name: f.get_tensor(name) for name in f.keys()}
    state = torch.load(path, weights_only=True)
    assert type(state).__name__ == "OrderedDict", type(state)
    for t in state.values():
        assert t.is_contiguous() and not t.requires_grad
    return "torch-zip", state


sys.stdout.reconfigure(encoding="utf-8")
for path in sys.argv[1:]:
    format, tensors = load(path)
    for name, t in tensors.items():
        print(tsv(path, format, name, t))
