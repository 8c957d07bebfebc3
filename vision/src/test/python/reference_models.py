"""EfficientNet-Lite0 and the CIFAR ResNets in PyTorch, with the state-dict names of their published weight files.

torchvision has neither. SqueezeNet 1.1 and the ImageNet ResNets are torchvision's own.
"""
import os

import torch
import torch.nn.functional as F
from torch import nn

import torchvision_loader


class SamePadConv2d(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding: where the total is odd, the extra row and column are at the bottom and right."""

    def forward(self, x):
        pads = []
        for size, kernel, stride in zip((x.shape[3], x.shape[2]), self.kernel_size[::-1], self.stride[::-1]):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, None, self.stride, 0, 1, self.groups)


def lite_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise, project 1x1; the shortcut exists where stride is 1 and widths agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion != 1
        self.shortcut = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = SamePadConv2d(inputs, wide, 1, bias=False)
            self._bn0 = lite_norm(wide)
        self._depthwise_conv = SamePadConv2d(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = lite_norm(wide)
        self._project_conv = SamePadConv2d(wide, outputs, 1, bias=False)
        self._bn2 = lite_norm(outputs)

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.shortcut else y


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0: inverted residuals without squeeze-and-excitation, ReLU6 everywhere."""

    # kernel, stride, expansion, output channels, repeats
    STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3),
              (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1))

    def __init__(self, classes: int = 1000):
        super().__init__()
        self._conv_stem = SamePadConv2d(3, 32, 3, 2, bias=False)
        self._bn0 = lite_norm(32)
        self._blocks = nn.ModuleList()
        channels = 32
        for kernel, stride, expansion, outputs, repeats in self.STAGES:
            for repeat in range(repeats):
                self._blocks.append(InvertedResidual(channels, outputs, kernel, stride if repeat == 0 else 1, expansion))
                channels = outputs
        self._conv_head = SamePadConv2d(320, 1280, 1, bias=False)
        self._bn1 = lite_norm(1280)
        self._dropout = nn.Dropout(0.2)
        self._fc = nn.Linear(1280, classes)

    def features(self, x):
        """[N, 1280] after the global average."""
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean(dim=(2, 3))

    def forward(self, x):
        return self._fc(self._dropout(self.features(x)))


class CifarBlock(nn.Module):
    """Two 3x3 convolutions; option-A shortcut: every second pixel, zero channels added half before and half after."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.reduces = stride != 1 or inputs != outputs
        self.extra = outputs // 4

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        shortcut = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra, self.extra)) if self.reduces else x
        return F.relu(y + shortcut)


class CifarResNet(nn.Module):
    """ResNet of He et al. for 32x32 images: depth = 6 * blocks + 2, widths 16, 32, 64."""

    def __init__(self, depth: int, classes: int = 10):
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        channels = 16
        for layer, outputs in enumerate((16, 32, 64), start=1):
            members = []
            for block in range(blocks):
                members.append(CifarBlock(channels, outputs, 2 if layer > 1 and block == 0 else 1))
                channels = outputs
            setattr(self, f"layer{layer}", nn.Sequential(*members))
        self.linear = nn.Linear(64, classes)

    def features(self, x):
        """[N, 64] after the global average."""
        x = F.relu(self.bn1(self.conv1(x)))
        return self.layer3(self.layer2(self.layer1(x))).mean(dim=(2, 3))

    def forward(self, x):
        return self.linear(self.features(x))


def squeezenet1_1() -> nn.Module:
    """torchvision SqueezeNet 1.1 with the ImageNet weights."""
    model = torchvision_loader.torchvision.models.squeezenet1_1(weights=None)
    model.load_state_dict(_load("squeezenet1_1/squeezenet1_1.pth"))
    return model.eval()


def efficientnet_lite0() -> nn.Module:
    """EfficientNet-Lite0 with the ImageNet weights."""
    model = EfficientNetLite0()
    model.load_state_dict(_load("efficientnet_lite0/efficientnet-lite0-57934424.pth"))
    return model.eval()


def cifar_resnet20() -> nn.Module:
    """ResNet-20 with the CIFAR-10 weights; the checkpoint's prefix "module." is stripped."""
    model = CifarResNet(20)
    checkpoint = _load("resnet_cifar10/resnet20-12fca82f.th")["state_dict"]
    model.load_state_dict({name.removeprefix("module."): value for name, value in checkpoint.items()})
    return model.eval()


def _load(path: str):
    return torch.load(os.path.join(torchvision_loader.data_folder(), "weights", path), map_location="cpu", weights_only=True)
