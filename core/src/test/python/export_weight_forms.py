"""Writes golden/weights/forms: one small state dict in the forms that training scripts give their checkpoints.

Run: python export_weight_forms.py
conv.weight is [[0, 1, 2], [3, 4, 5]], conv.bias [0.5, -0.5].
"""
import argparse
import collections
import datetime
import io
import json
import os
import pathlib
import pickle
import struct
import tarfile

import numpy as np
import torch

OUT = pathlib.Path(__file__).resolve().parent.parent / "resources" / "golden" / "weights" / "forms"
STATE = collections.OrderedDict([("conv.weight", torch.arange(6.0).reshape(2, 3)), ("conv.bias", torch.tensor([0.5, -0.5]))])


class Config(dict):
    """A dict of a class of its own, as configuration libraries have."""


class Records(list):
    pass


def save(name, value, **how):
    torch.save(value, OUT / name, **how)


def foreign():
    config = Config(lr=0.1)
    config.note = "with state"
    return {"args": argparse.Namespace(lr=0.1, out=pathlib.Path("runs/1")), "best": np.float64(0.9), "when": datetime.datetime(2026, 11, 29, 12),
            "day": datetime.date(2026, 11, 29), "array": np.arange(3), "config": config, "records": Records([1, 2]), "type": argparse.Namespace,
            "counts": collections.Counter("aab"), "seen": {1, 2}, "frozen": frozenset([3]), "z": 1 + 2j, "blob": bytearray(b"abc"), "raw": b"abc"}


def safetensors(name, header, data):
    text = json.dumps(header).encode()
    (OUT / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


def python2_tar():
    """The container of 2017 with keys beyond 2^31, which Python 2 wrote in protocol 2 as text (opcode I)."""
    def number(value):
        return b"\x80\x02I%d\n." % value

    key, weight, bias = 140_234_567_890_112, 94_523_456_789, 94_523_456_999
    storages = pickle.dumps(1, 2)
    storages += b"\x80\x02I%d\nX\x03\x00\x00\x00cpuctorch\nFloatStorage\n\x87." % key + struct.pack("<q8f", 8, 0, 1, 2, 3, 4, 5, 0.5, -0.5)
    storages += pickle.dumps([], 2)
    tensors = pickle.dumps(2, 2)
    for tensor, sizes, strides, offset in ((weight, (2, 3), (3, 1), 0), (bias, (2,), (1,), 6)):
        tensors += b"\x80\x02I%d\nI%d\nctorch\nFloatTensor\n\x87." % (tensor, key)
        tensors += struct.pack("<ii", len(sizes), 0) + struct.pack("<%dq" % len(sizes), *sizes) + struct.pack("<%dq" % len(strides), *strides)
        tensors += struct.pack("<q", offset)
    root = b"\x80\x02}(U\x0bconv.weightU\x0b%dQU\tconv.biasU\x0b%dQu." % (weight, bias)
    root0 = b"(dS'conv.weight'\nP%d\nsS'conv.bias'\nP%d\ns." % (weight, bias)
    for name, pickled in (("python2-int.tar.pth", root), ("protocol0.tar.pth", root0)):
        with tarfile.open(OUT / name, "w", format=tarfile.PAX_FORMAT) as tar:
            for member, data in (("sys_info", pickle.dumps({"protocol_version": 1000}, 2)), ("pickle", pickled), ("tensors", tensors), ("storages", storages)):
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


def main():
    os.makedirs(OUT, exist_ok=True)
    save("tensor-beside.pth", {"epoch": 3, "state_dict": STATE, "best_acc1": torch.tensor(58.0)})
    save("loss-beside.pth", {"model_state_dict": STATE, "loss": torch.tensor(0.3), "optimizer_state_dict": {
        "state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]}})
    save("other-key.pth", {"my_weights": STATE, "epoch": 1, "optimizer": {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": []}})
    save("two-dicts.pth", {"generator": STATE, "discriminator": STATE})
    other = collections.OrderedDict((name, tensor + 1) for name, tensor in STATE.items())
    save("a-and-b.pth", {"a": STATE, "b": other})
    save("model-and-ema.pth", {"epoch": 1, "model": STATE, "model_ema": {"n_averaged": torch.tensor(3), **{"module." + n: t for n, t in other.items()}},
                               "optimizer": {"state": {0: {"momentum_buffer": torch.ones(3)}}}})
    save("state-dict-and-nested.pth", {"state_dict": {"module." + n: t for n, t in STATE.items()}, "best": {"state_dict": other, "epoch": 2}})
    save("one-under-two-keys.pth", {"state_dict": STATE, "model": STATE})
    quantized = torch.quantize_per_tensor(STATE["conv.weight"], 0.1, 10, torch.quint8)
    channels = torch.quantize_per_channel(STATE["conv.weight"], torch.tensor([0.1, 0.2]), torch.tensor([0, 1]), 0, torch.qint8)
    save("quantized.pth", {**STATE, "conv.weight": quantized})
    save("quantized-channels.pth", {**STATE, "conv.weight": torch.nn.Parameter(channels, requires_grad=False)})
    save("quantized-legacy.pth", {**STATE, "conv.weight": quantized.int_repr() * 0 + 1, "q": quantized}, _use_new_zipfile_serialization=False)
    save("sparse.pth", {**STATE, "conv.weight": STATE["conv.weight"].to_sparse()})
    save("sparse-rows.pth", {**STATE, "conv.weight": STATE["conv.weight"].to_sparse_csr()})
    save("meta.pth", {**STATE, "conv.weight": torch.empty(2, 3, device="meta")})
    save("foreign-beside.pth", {"state_dict": STATE, **foreign()})
    save("foreign-beside-protocol5.pth", {"state_dict": STATE, **foreign()}, pickle_protocol=5)
    save("foreign-beside-legacy.pth", {"state_dict": STATE, **foreign()}, _use_new_zipfile_serialization=False)
    for protocol in (1, 3, 4, 5):
        save("protocol%d.pth" % protocol, {"state_dict": STATE, "epoch": 2**40, "big": 2**70, "lr": 0.1, "note": "\u00e4\n\u6f22"}, pickle_protocol=protocol)
        save("protocol%d-legacy.pth" % protocol, {"state_dict": STATE, "epoch": 2**40, "lr": 0.1}, pickle_protocol=protocol,
             _use_new_zipfile_serialization=False)
    save("foreign-inside.pth", collections.OrderedDict([*STATE.items(), ("args", argparse.Namespace(lr=0.1))]))
    save("whole-model.pth", torch.nn.Linear(2, 2))
    save("model-in-checkpoint.pth", {"model": torch.nn.Linear(2, 2), "epoch": 1})
    save("odd-type-beside.pth", {"state_dict": STATE, "extra": {"t": torch.ones(2).to(torch.float8_e8m0fnu)}})
    save("odd-type-inside.pth", collections.OrderedDict([*STATE.items(), ("scale", torch.ones(2).to(torch.float8_e8m0fnu))]))
    bytes8 = torch.arange(256).to(torch.uint8)
    save("float8.pth", {"e4m3": bytes8.view(torch.float8_e4m3fn), "e5m2": bytes8.view(torch.float8_e5m2)})
    (OUT / "float8.json").write_text(json.dumps({
        "e4m3": [repr(float(v)) for v in bytes8.view(torch.float8_e4m3fn).float()],
        "e5m2": [repr(float(v)) for v in bytes8.view(torch.float8_e5m2).float()]}) + "\n")
    one = {"conv.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "conv.bias": {"dtype": "F32", "shape": [2], "data_offsets": [24, 32]}}
    data = struct.pack("<8f", 0, 1, 2, 3, 4, 5, 0.5, -0.5)
    safetensors("metadata-null.safetensors", {"__metadata__": None, **one}, data)
    safetensors("odd-type.safetensors", {**one, "scale": {"dtype": "F8_E8M0", "shape": [4], "data_offsets": [32, 36]}}, data + b"\x7f\x7f\x80\x80")
    python2_tar()
    for name in sorted(os.listdir(OUT)):
        if name.endswith(".pth") and "tar" not in name and name not in ("whole-model.pth",):
            torch.load(OUT / name, weights_only=False)  # PyTorch reads what it wrote


if __name__ == "__main__":
    main()
