"""Writes golden/explain.json: Grad-CAM, Grad-CAM++ and occlusion maps that PyTorch computes, and measures of how alike two maps are.

networks     with formula weights (formula.py), in evaluation mode and double precision: for each layer the maps of two images, each for the class whose map is highest.
             Grad-CAM as Selvaraju et al. 2017; Grad-CAM++ by the weights of Chattopadhay et al. 2018 (eq. 19), as pytorch-grad-cam has them
occlusion    Captum's definition (squares cut off at the edge, mean over the squares that cover a pixel) of the softmax probability
similarity   Spearman's rank correlation by SciPy, and SSIM as scikit-image's defaults (7x7 uniform window, sample covariance, data range 1)

Run: python export_explain_golden.py
"""
import json
import os

import numpy as np
import scipy
import torch
from scipy.ndimage import uniform_filter

import formula
import reference_models
import torchvision_loader

models = torchvision_loader.torchvision.models
INPUT_INDEX = 1000
CLASSES = [1, 3]


class EfficientNetLite0(reference_models.EfficientNetLite0):
    """With its last activation as a module, which can be looked at."""

    def __init__(self, classes: int):
        super().__init__(classes)
        self._relu = torch.nn.ReLU6()

    def features(self, x):
        x = self._relu(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return self._relu(self._bn1(self._conv_head(x))).mean(dim=(2, 3))


def networks() -> dict:
    basic, bottleneck = models.resnet.BasicBlock, models.resnet.Bottleneck
    small = models.ResNet(basic, [1, 2, 1, 3], num_classes=5)
    deep = models.ResNet(bottleneck, [1, 1, 1, 1], num_classes=5, groups=4, width_per_group=8)
    return {
        "resnet18,layers=1-2-1-3": (small, (3, 72, 90), {"layer4": small.layer4, "layer2.0": small.layer2[0]}),
        "resnet50,layers=1-1-1-1,groups=4,width_per_group=8": (deep, (3, 72, 72), {"layer4": deep.layer4}),
        "squeezenet1_1": (net := models.SqueezeNet("1_1", num_classes=5), (3, 72, 72), {"features": net.features}),
        "efficientnet_lite0": (net := EfficientNetLite0(5), (3, 72, 72), {"_relu": net._relu}),
        "resnet20": (net := reference_models.CifarResNet(20, 5), (3, 32, 32), {"layer3": net.layer3}),
    }


def activations(model, layer, images):
    seen = []
    handle = layer.register_forward_hook(lambda module, inputs, output: seen.append(output))
    scores = model(images)
    handle.remove()
    return seen[-1], scores


def maps(model, layer, images) -> dict:
    a, scores = activations(model, layer, images)
    peaks = []
    for c in range(scores.shape[1]):
        g, = torch.autograd.grad(scores[:, c].sum(), a, retain_graph=True)
        peaks.append((g.mean((2, 3), keepdim=True) * a).sum(1).amax((1, 2)))
    classes = torch.stack(peaks).argmax(0).tolist()
    g, = torch.autograd.grad(sum(scores[i, c] for i, c in enumerate(classes)), a)
    a = a.detach()
    cam = torch.relu((g.mean((2, 3), keepdim=True) * a).sum(1))
    below = 2 * g**2 + a.sum((2, 3), keepdim=True) * g**3
    alpha = torch.where(g > 0, g**2 / torch.where(below == 0, torch.ones_like(below), below), torch.zeros_like(g))
    plus = torch.relu(((alpha * torch.relu(g)).sum((2, 3), keepdim=True) * a).sum(1))
    assert cam.amax((1, 2)).min() > 0 and plus.amax((1, 2)).min() > 0
    return {"classes": classes, "grad-cam": cam.tolist(), "grad-cam++": plus.tolist()}


def occlusion(model, images, window, stride) -> list:
    n, _, height, width = images.shape
    with torch.no_grad():
        whole = torch.softmax(model(images), 1)
        total, count = torch.zeros(n, height, width).double(), torch.zeros(height, width).double()
        for y in range(0, -(-max(0, height - window) // stride) + 1):
            for x in range(0, -(-max(0, width - window) // stride) + 1):
                covered, mask = images.clone(), torch.zeros(height, width).double()
                mask[y * stride:y * stride + window, x * stride:x * stride + window] = 1
                covered[:, :, mask == 1] = 0
                answer = torch.softmax(model(covered), 1)
                for i, c in enumerate(CLASSES):
                    total[i] += (whole[i, c] - answer[i, c]) * mask
                count += mask
    return (total / count).tolist()


def ssim(x, y) -> float:
    n = 49 / 48
    ux, uy = uniform_filter(x, 7), uniform_filter(y, 7)
    vx, vy = n * (uniform_filter(x * x, 7) - ux * ux), n * (uniform_filter(y * y, 7) - uy * uy)
    vxy = n * (uniform_filter(x * y, 7) - ux * uy)
    s = (2 * ux * uy + 1e-4) * (2 * vxy + 9e-4) / ((ux**2 + uy**2 + 1e-4) * (vx + vy + 9e-4))
    return float(s[3:-3, 3:-3].mean())


def similarity() -> list:
    cases = []
    for i in range(3):
        x = np.maximum(formula.unit(20 + i, 12 * 15).astype(np.float64).reshape(12, 15), 0)
        y = np.maximum(0.5 * x + (i - 1) * 0.4 * formula.unit(30 + i, 12 * 15).astype(np.float64).reshape(12, 15), 0)
        cases.append({"x": x.tolist(), "y": y.tolist(), "spearman": float(scipy.stats.spearmanr(x.ravel(), y.ravel())[0]), "ssim": ssim(x, y)})
    return cases


def main():
    torch.set_num_threads(1)
    document = {"script": "vision/src/test/python/export_explain_golden.py", "versions": torchvision_loader.versions(), "formula": formula.FORMULA,
                "classes": CLASSES, "networks": {}, "similarity": similarity()}
    for text, (model, size, layers) in networks().items():
        model.load_state_dict(formula.damped_state_dict(model))
        model = model.double().eval()
        images = formula.unit_tensor(INPUT_INDEX, (2, *size)).double()
        entry = {"input": [2, *size], "layers": {name: maps(model, layer, images) for name, layer in layers.items()}}
        if text.startswith("resnet18"):
            entry["occlusion"] = {"window": 30, "stride": 17, "every": 6,
                                  "maps": [[row[::6] for row in m[::6]] for m in occlusion(model, images, 30, 17)]}
        document["networks"][text] = entry
    with open(os.path.join(torchvision_loader.golden_folder(), "explain.json"), "w") as out:
        out.write(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
