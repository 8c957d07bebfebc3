"""Writes golden/image/augment.tsv: RandAugment's single operations at every tenth of their strengths, by torchvision on Pillow images;
and golden/mixing.json (nn): torchvision's MixUp and CutMix of small batches for given lambda and boxes.

Run: python augment_goldens.py
"""
import json
import pathlib

import numpy as np
import torch

import image_goldens
import torchvision
from torchvision.transforms import InterpolationMode, autoaugment, v2
from torchvision.transforms import functional as F

NN = pathlib.Path(__file__).resolve().parents[4] / "nn" / "src" / "test" / "resources" / "golden"
SIZES = [(37, 29), (64, 64), (2, 5), (1, 1), (97, 61)]
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}


def operations():
    lines = [image_goldens.HEADER]
    for w, h in SIZES:
        for grey in (False, True):
            image = image_goldens.synthetic(w, h)
            image = image.convert("L") if grey else image
            space = autoaugment.RandAugment()._augmentation_space(31, (h, w))
            for name, (magnitudes, signed) in space.items():
                for bin in (0, 5, 9, 15, 22, 30) if magnitudes.ndim else (0,):
                    magnitude = float(magnitudes[bin].item()) if magnitudes.ndim else 0.0
                    for sign in (1, -1) if signed else (1,):
                        for mode in MODES if name.startswith(("Shear", "Trans", "Rot")) else ("nearest",):
                            result = autoaugment._apply_op(image, name, sign * magnitude, MODES[mode], None)
                            lines.append("\t".join([name, str(bin), str(sign), mode, str(w), str(h), "grey" if grey else "rgb",
                                                    repr(magnitude), image_goldens.value(result.tobytes())]) + "\n")
            lines.append("\t".join(["Invert", "0", "1", "nearest", str(w), str(h), "grey" if grey else "rgb", "0.0",
                                    image_goldens.value(F.invert(image).tobytes())]) + "\n")
    (image_goldens.OUT / "augment.tsv").write_text("".join(lines))


def mixing():
    images = torch.from_numpy(np.arange(3 * 2 * 5 * 7, dtype=np.float32).reshape(3, 2, 5, 7) % 11 - 4)
    labels = torch.tensor([2, 0, 3])
    cases = []
    for lam in (0.0, 0.25, 0.7, 1.0):
        mixer = v2.MixUp(num_classes=4)
        mixer.make_params = lambda inputs, lam=lam: {"lam": lam}
        x, y = mixer(images, labels)
        cases.append({"op": "mixup", "lambda": lam, "images": x.reshape(-1).tolist(), "labels": y.reshape(-1).tolist()})
    for lam, r_x, r_y in ((0.3, 0, 0), (0.3, 6, 4), (0.75, 3, 2), (0.99, 3, 2), (0.0, 3, 2)):
        mixer = v2.CutMix(num_classes=4)
        mixer._dist.sample = lambda shape, lam=lam: torch.tensor([lam])
        drawn = iter([torch.tensor([r_x]), torch.tensor([r_y])])
        randint, torch.randint = torch.randint, lambda *a, **k: next(drawn)
        try:
            x, y = mixer(images, labels)
        finally:
            torch.randint = randint
        cases.append({"op": "cutmix", "lambda": lam, "x": r_x, "y": r_y, "images": x.reshape(-1).tolist(), "labels": y.reshape(-1).tolist()})
    NN.mkdir(parents=True, exist_ok=True)
    document = {"script": "vision/src/test/python/augment_goldens.py", "versions": {"torch": torch.__version__, "torchvision": torchvision.__version__},
                "images": "float32 [3, 2, 5, 7], value at flat index i: i % 11 - 4; labels 2, 0, 3 of 4 classes", "cases": cases}
    (NN / "mixing.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    operations()
    mixing()
