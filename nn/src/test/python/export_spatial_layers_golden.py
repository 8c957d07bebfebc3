"""Writes golden/spatial-layers.json: layers with PyTorch's weights, their results, gradients and statistics after one step.

Run: python export_spatial_layers_golden.py
"""
import json
import pathlib

import torch
from torch import nn

torch.manual_seed(20261130)


def values(tensor):
    return [float(f"{v:.7g}") for v in tensor.detach().float().flatten().tolist()]


def described(tensors):
    return {name: {"shape": list(t.shape), "values": values(t)} for name, t in tensors.items()}


def case(layer, *shape):
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    state = described(layer.state_dict())
    x = torch.randn(shape, requires_grad=True)
    y = layer(x)
    dy = torch.randn(y.shape)
    y.backward(dy)
    result = {"state": state, "shape": list(shape), "input": values(x), "dy": values(dy), "result_shape": list(y.shape), "result": values(y),
              "input_gradient": values(x.grad), "gradients": described({n: p.grad for n, p in layer.named_parameters()}),
              "after": described(layer.state_dict())}
    layer.eval()
    result["evaluated"] = values(layer(x))
    return result


cases = {
    "upsample nearest": case(nn.Upsample(scale_factor=2), 1, 2, 3, 2),
    "upsample bilinear": case(nn.Upsample(size=(5, 7), mode="bilinear", align_corners=True), 1, 2, 3, 4),
    "upsample linear": case(nn.Upsample(scale_factor=1.5, mode="linear"), 2, 2, 5),
    "transposed 2d": case(nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), 2, 4, 3, 4),
    "transposed 2d plain": case(nn.ConvTranspose2d(3, 2, 2, stride=2, bias=False), 1, 3, 2, 3),
    "transposed 1d": case(nn.ConvTranspose1d(3, 4, 4, stride=2, padding=1, dilation=2), 2, 3, 5),
    "reflection": case(nn.ReflectionPad2d((1, 2, 2, 0)), 1, 2, 3, 4),
    "replication": case(nn.ReplicationPad2d(2), 1, 2, 3, 2),
    "circular": case(nn.CircularPad2d(1), 1, 2, 3, 2),
    "zeros": case(nn.ZeroPad2d((1, 0, 2, 3)), 1, 2, 2, 2),
    "constant": case(nn.ConstantPad2d(1, 2.5), 1, 2, 2, 2),
    "reflection 1d": case(nn.ReflectionPad1d((3, 1)), 1, 2, 5),
    "replication 1d": case(nn.ReplicationPad1d((0, 4)), 1, 2, 3),
    "constant 1d": case(nn.ConstantPad1d((2, 1), -1.5), 1, 2, 3),
    "conv reflect": case(nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), 1, 2, 4, 5),
    "conv replicate same": case(nn.Conv2d(2, 3, (3, 2), padding="same", padding_mode="replicate"), 1, 2, 4, 5),
    "conv circular 1d": case(nn.Conv1d(2, 3, 5, stride=2, padding=2, padding_mode="circular"), 1, 2, 7),
    "group norm": case(nn.GroupNorm(2, 6), 3, 6, 2, 3),
    "group norm plain": case(nn.GroupNorm(3, 6, eps=1e-2, affine=False), 2, 6, 5),
    "instance norm": case(nn.InstanceNorm2d(3), 2, 3, 3, 4),
    "instance norm tracking": case(nn.InstanceNorm2d(3, affine=True, track_running_stats=True, momentum=0.3), 2, 3, 3, 4),
    "instance norm 1d": case(nn.InstanceNorm1d(3, affine=True), 2, 3, 7),
    "instance norm 1d tracking": case(nn.InstanceNorm1d(2, track_running_stats=True), 3, 2, 5),
    "rms norm": case(nn.RMSNorm(7), 3, 2, 7),
    "rms norm 2d": case(nn.RMSNorm((3, 4), eps=1e-2), 2, 3, 4),
    "pixel shuffle": case(nn.PixelShuffle(2), 2, 8, 2, 3),
}

out = pathlib.Path(__file__).parent.parent / "resources" / "golden" / "spatial-layers.json"
out.write_text(json.dumps({"script": "nn/src/test/python/export_spatial_layers_golden.py", "torch": torch.__version__, "cases": cases}) + "\n")
print(out, out.stat().st_size, "bytes", len(cases), "cases")
