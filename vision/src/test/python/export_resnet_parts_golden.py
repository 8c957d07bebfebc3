"""Writes golden/zoo/resnet_parts.json: what PyTorch computes with residual networks of other parts than the five usual ones.

networks   small instances with formula weights (formula.py), in evaluation mode: names and shapes of the state dict (their SHA-256), all
           logits, and of every parameter's gradient norm and dot product with unit(5000 + position, i)
named      ResNeXt and Wide ResNet as torchvision names them: number of parameters and the SHA-256 of the state dict's names and shapes

timm is not at hand; its deep stems and averaging shortcuts are written out here after timm/models/resnet.py.

Run: python export_resnet_parts_golden.py
"""
import hashlib
import json
import os

import torch
from torch import nn

import formula
import torchvision_loader

models = torchvision_loader.torchvision.models
INPUT_INDEX = 1000
CLASSES = 5
NAMED = ("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2")


def deep_stem(width: int, tiered: bool, channels: int = 3) -> nn.Sequential:
    first = 3 * (width // 4) if tiered else width
    return nn.Sequential(
        nn.Conv2d(channels, first, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(first), nn.ReLU(),
        nn.Conv2d(first, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, padding=1, bias=False))


def average_down(model: nn.Module):
    """timm's downsample_avg in place of every shortcut's strided convolution."""
    for layer in (model.layer1, model.layer2, model.layer3, model.layer4):
        block = layer[0]
        if block.downsample is not None:
            conv, norm = block.downsample
            stride = conv.stride[0]
            pool = nn.Identity() if stride == 1 else nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)
            block.downsample = nn.Sequential(pool, nn.Conv2d(conv.in_channels, conv.out_channels, 1, bias=False), norm)


class Timm(models.ResNet):
    """torchvision's network with timm's stem; inplanes is set before the layers are made."""

    def __init__(self, block, layers, stem: nn.Module, planes: int, small=False, average=False, **kwargs):
        self.wanted = planes
        super().__init__(block, layers, num_classes=CLASSES, **kwargs)
        self.conv1 = stem
        self.bn1 = nn.BatchNorm2d(planes)
        if small:
            self.maxpool = nn.Identity()
        if average:
            average_down(self)

    def _make_layer(self, block, planes, *args, **kwargs):
        if planes == 64:
            self.inplanes = self.wanted
        return super()._make_layer(block, planes, *args, **kwargs)


def networks() -> dict:
    """Text of ResNetParts to (network, image size)."""
    basic, bottleneck = models.resnet.BasicBlock, models.resnet.Bottleneck

    def plain(block, layers, **kwargs):
        return models.ResNet(block, layers, num_classes=CLASSES, **kwargs)

    return {
        "resnet18,layers=1-2-1-3": (plain(basic, [1, 2, 1, 3]), (3, 40, 40)),
        "resnet50,layers=1-1-1-1,groups=4,width_per_group=8": (plain(bottleneck, [1, 1, 1, 1], groups=4, width_per_group=8), (3, 40, 40)),
        "resnet50,layers=1-2-1-1,width_per_group=96": (plain(bottleneck, [1, 2, 1, 1], width_per_group=96), (3, 33, 47)),
        "resnet50,layers=1-2-2-2,replace_stride_with_dilation=false-true-true":
            (plain(bottleneck, [1, 2, 2, 2], replace_stride_with_dilation=[False, True, True]), (3, 64, 64)),
        "resnet18,layers=1-1-1-1,stem=deep,avg_down=true":
            (Timm(basic, [1, 1, 1, 1], deep_stem(32, False), 64, average=True), (3, 45, 51)),
        "resnet50,layers=1-1-2-1,stem=deep,stem_width=48,avg_down=true":
            (Timm(bottleneck, [1, 1, 2, 1], deep_stem(48, False), 96, average=True), (3, 40, 40)),
        "resnet18,layers=1-1-1-1,stem=deep_tiered": (Timm(basic, [1, 1, 1, 1], deep_stem(32, True), 64), (3, 40, 40)),
        "resnet18,layers=1-1-1-1,stem=small,channels=1":
            (Timm(basic, [1, 1, 1, 1], nn.Conv2d(1, 64, 3, padding=1, bias=False), 64, small=True), (1, 24, 20)),
    }


def state_sha256(model: nn.Module) -> str:
    lines = [f"{name} {list(value.shape)}".replace(" ", "") for name, value in model.state_dict().items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def run(model: nn.Module, size) -> dict:
    model.load_state_dict(formula.damped_state_dict(model))
    positions = {name: i for i, name in enumerate(model.state_dict(), start=1)}
    model = model.double().eval()
    logits = model(formula.unit_tensor(INPUT_INDEX, (2, *size)).double())
    (logits * formula.unit_tensor(INPUT_INDEX + 1, logits.shape).double()).sum().backward()
    gradients = {}
    for name, parameter in model.named_parameters():
        noise = torch.from_numpy(formula.unit(5000 + positions[name], parameter.numel())).double()
        gradients[name] = [parameter.grad.norm().item(), (parameter.grad.reshape(-1) * noise).sum().item()]
    return {"input": [2, *size], "parameters": sum(p.numel() for p in model.parameters()), "state_sha256": state_sha256(model),
            "logits": logits.reshape(-1).tolist(), "gradients": gradients}


def main():
    torch.set_num_threads(1)
    document = {"script": "vision/src/test/python/export_resnet_parts_golden.py", "versions": torchvision_loader.versions(),
                "formula": formula.FORMULA, "weights": formula.WEIGHT_RULES,
                "state_sha256": "SHA-256 of the lines NAME[D,D,...] of the state dict in its order, joined by newlines",
                "networks": {text: run(model, size) for text, (model, size) in networks().items()}}
    named = {}
    for name in NAMED:
        with torch.device("meta"):
            model = getattr(models, name)(weights=None)
        named[name] = {"parameters": sum(p.numel() for p in model.parameters()), "state_sha256": state_sha256(model)}
    document["named"] = named
    with open(os.path.join(torchvision_loader.golden_folder(), "zoo", "resnet_parts.json"), "w") as out:
        out.write(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
