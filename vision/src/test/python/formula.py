"""Weights and inputs from a formula that Python and Java compute alike, so golden files need not carry them.

unit(tensor_index, i), for 64-bit unsigned arithmetic modulo 2^64:
    z  = tensor_index * 0x9E3779B97F4A7C15 + i
    z ^= z >>> 30;  z *= 0xBF58476D1CE4E5B9      (the finaliser of splitmix64)
    z ^= z >>> 27;  z *= 0x94D049BB133111EB
    z ^= z >>> 31
    value = (z >>> 40) / 2^23 - 1                (24 bits: exact in float32, in [-1, 1))
"""
import math

import numpy as np
import torch

FORMULA = (
    "unit(t, i): z = t * 0x9E3779B97F4A7C15 + i (mod 2^64); z ^= z >>> 30; z *= 0xBF58476D1CE4E5B9; "
    "z ^= z >>> 27; z *= 0x94D049BB133111EB; z ^= z >>> 31; value = (z >>> 40) / 2^23 - 1, exact in float32, in [-1, 1). "
    "t is the 1-based position in the state dict counting every entry (num_batches_tracked too); "
    "i is the flat row-major index in PyTorch's logical layout."
)

_GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def unit(tensor_index: int, count: int) -> np.ndarray:
    """The first `count` values of tensor `tensor_index`, float32."""
    with np.errstate(over="ignore"):
        z = np.uint64(tensor_index) * _GOLDEN_RATIO + np.arange(count, dtype=np.uint64)
        z ^= z >> np.uint64(30)
        z *= _MIX1
        z ^= z >> np.uint64(27)
        z *= _MIX2
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0).astype(np.float32)


def unit_tensor(tensor_index: int, shape) -> torch.Tensor:
    """unit() as a float32 tensor of `shape`."""
    return torch.from_numpy(unit(tensor_index, math.prod(shape))).reshape(tuple(shape))


def scaled(constant: float, tensor_index: int, shape) -> torch.Tensor:
    """float32(constant) * unit, one float32 multiplication an element."""
    return torch.tensor(constant, dtype=torch.float32) * unit_tensor(tensor_index, shape)


WEIGHT_RULES = {
    "convolution weight (4-d)": "float32(gain) * unit, gain = sqrt(6 / fan_in) computed in float64, fan_in = shape[1]*shape[2]*shape[3]",
    "convolution bias": "0.05f * unit",
    "batch norm weight": "1f + 0.25f * unit (float32, two roundings)",
    "batch norm bias": "0.1f * unit",
    "running_mean": "0.1f * unit",
    "running_var": "1f + 0.5f * unit",
    "num_batches_tracked": "0 (int64)",
    "linear weight (2-d)": "float32(sqrt(3 / in_features)) * unit",
    "linear bias": "0.05f * unit",
}


def formula_state_dict(model: torch.nn.Module) -> dict:
    """A state dict for `model` by WEIGHT_RULES."""
    batch_norms = {name for name, module in model.named_modules() if isinstance(module, torch.nn.BatchNorm2d)}
    state = {}
    for index, (name, value) in enumerate(model.state_dict().items(), start=1):
        owner, _, field = name.rpartition(".")
        shape = tuple(value.shape)
        if field == "num_batches_tracked":
            state[name] = torch.zeros((), dtype=torch.int64)
        elif field == "running_mean":
            state[name] = scaled(0.1, index, shape)
        elif field == "running_var":
            state[name] = 1 + scaled(0.5, index, shape)
        elif owner in batch_norms:
            state[name] = 1 + scaled(0.25, index, shape) if field == "weight" else scaled(0.1, index, shape)
        elif field == "bias":
            state[name] = scaled(0.05, index, shape)
        elif len(shape) == 4:
            state[name] = scaled(math.sqrt(6.0 / (shape[1] * shape[2] * shape[3])), index, shape)
        else:
            state[name] = scaled(math.sqrt(3.0 / shape[1]), index, shape)
    return state


DAMPING = 0.25


def damped_state_dict(model: torch.nn.Module) -> dict:
    """formula_state_dict with the last batch norm weight of every residual block multiplied by 0.25f.

    Undamped, the activations of deep nets in eval mode grow by the block, and training amplifies rounding.
    """
    state = formula_state_dict(model)
    for name in state:
        owner, _, last = name.rpartition(".bn")
        if owner.startswith("layer") and last == ("3.weight" if f"{owner}.bn3.weight" in state else "2.weight"):
            state[name] = DAMPING * state[name]
    return state
