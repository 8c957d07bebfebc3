"""Writes ../resources/golden/losses.json: what PyTorch's losses compute, each with its reductions and gradients.

torchvision's focal loss is run from its source file, because the package may not match torch. MONAI's Dice loss is written
out as its documentation defines it.

Run: python export_losses_golden.py    (torch 2.13, CPU)
"""
import importlib.util
import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(21)
torch.set_num_threads(1)


def focal_loss():
    package = pathlib.Path(importlib.util.find_spec("torchvision").submodule_search_locations[0])
    source = (package / "ops" / "focal_loss.py").read_text().replace("from ..utils import _log_api_usage_once", "")
    space = {"_log_api_usage_once": lambda _: None}
    exec(compile(source, "focal_loss.py", "exec"), space)
    return space["sigmoid_focal_loss"]


focal = focal_loss()


def values(tensor):
    return [float(v) for v in tensor.detach().reshape(-1)]


def tensor(t):
    return {"shape": list(t.shape), "type": "F32" if t.is_floating_point() else "I64",
            "values": values(t) if t.is_floating_point() else t.reshape(-1).tolist()}


def monai_dice(x, t, reduction, softmax=False, squared=False, background=True, s=1e-5):
    """monai.losses.DiceLoss(include_background, to_onehot_y, sigmoid, softmax, squared_pred, smooth_nr=s, smooth_dr=s)"""
    p = x.softmax(1) if softmax else x.sigmoid()
    if t.ndim == x.ndim - 1:
        t = F.one_hot(t, x.shape[1]).movedim(-1, 1).to(x.dtype)
    if not background:
        p, t = p[:, 1:], t[:, 1:]
    places = list(range(2, x.ndim))
    total = (lambda v: v.sum(places)) if places else (lambda v: v)
    intersection = total(t * p)
    denominator = total(p * p) + total(t * t) if squared else total(p) + total(t)
    loss = 1.0 - (2.0 * intersection + s) / (denominator + s)
    return {"mean": loss.mean, "sum": loss.sum, "none": lambda: loss}[reduction]()


cases = []


def case(name, outputs, targets, loss):
    record = {"name": name, "outputs": tensor(outputs), "targets": tensor(targets)}
    for reduction in ("mean", "sum", "none"):
        x = outputs.clone().double().requires_grad_(True)
        t = targets.double() if targets.is_floating_point() else targets
        y = loss(x, t, reduction)
        if y is None:
            continue
        upstream = torch.tensor([math.cos(i + 1.0) for i in range(y.numel())], dtype=torch.float64).reshape(y.shape)
        (y * upstream).sum().backward()
        record[reduction] = values(y)
        record[reduction + "_gradient"] = values(x.grad)
    cases.append(record)


x, y = torch.randn(5, 3) * 3, torch.randn(5, 3) * 3
y[0, 0] = x[0, 0]
case("l1", x, y, lambda o, t, r: F.l1_loss(o, t, reduction=r))
case("smooth l1", x, y, lambda o, t, r: F.smooth_l1_loss(o, t, reduction=r))
case("smooth l1 beta 2.5", x, y, lambda o, t, r: F.smooth_l1_loss(o, t, reduction=r, beta=2.5))
case("smooth l1 beta 0", x, y, lambda o, t, r: F.smooth_l1_loss(o, t, reduction=r, beta=0.0))
case("huber", x, y, lambda o, t, r: F.huber_loss(o, t, reduction=r))
case("huber delta 2.5", x, y, lambda o, t, r: F.huber_loss(o, t, reduction=r, delta=2.5))

log_p = torch.log_softmax(torch.randn(6, 4) * 2, 1)
labels = torch.tensor([3, 0, -100, 2, 2, 1])
weights = torch.tensor([0.5, 2.0, 0.0, 1.25], dtype=torch.float64)
case("nll", log_p, labels, lambda o, t, r: F.nll_loss(o, t, reduction=r))
case("nll weighted", log_p, labels, lambda o, t, r: F.nll_loss(o, t, weight=weights, reduction=r))
case("nll ignore 2", log_p, labels.clamp(min=0), lambda o, t, r: F.nll_loss(o, t, ignore_index=2, reduction=r))
images, points = torch.log_softmax(torch.randn(2, 4, 3, 2), 1), torch.randint(0, 4, (2, 3, 2))
case("nll images", images, points, lambda o, t, r: F.nll_loss(o, t, weight=weights, reduction=r))

p = torch.softmax(torch.randn(6, 4) * 2, 1)
p[1] = torch.tensor([0.0, 1.0, 0.0, 0.0])
case("kl", log_p, p, lambda o, t, r: F.kl_div(o, t, reduction=r))
case("kl batch mean", log_p, p, lambda o, t, r: F.kl_div(o, t, reduction="batchmean") if r == "mean" else None)
case("kl log target", log_p, torch.log_softmax(torch.randn(6, 4) * 3, 1), lambda o, t, r: F.kl_div(o, t, reduction=r, log_target=True))

rates, counts = torch.randn(4, 3) * 2, torch.tensor([[0.0, 1.0, 2.0], [7.0, 0.0, 30.0], [1.0, 3.0, 0.0], [2.0, 5.0, 1.5]])
case("poisson", rates, counts, lambda o, t, r: F.poisson_nll_loss(o, t, reduction=r))
case("poisson full", rates, counts, lambda o, t, r: F.poisson_nll_loss(o, t, full=True, reduction=r))
case("poisson rates", rates.exp(), counts, lambda o, t, r: F.poisson_nll_loss(o, t, log_input=False, reduction=r))
case("poisson rates eps full", rates.exp(), counts, lambda o, t, r: F.poisson_nll_loss(o, t, log_input=False, full=True, eps=1e-3, reduction=r))

scores = torch.randn(5, 3) * 4
truth = torch.randint(0, 2, (5, 3)).float()
truth[4] = torch.tensor([0.25, 0.5, 0.9])
case("focal", scores, truth, lambda o, t, r: focal(o, t, reduction=r))
case("focal alpha 0.6 gamma 1.5", scores, truth, lambda o, t, r: focal(o, t, alpha=0.6, gamma=1.5, reduction=r))
case("focal no alpha gamma 0.5", scores, truth, lambda o, t, r: focal(o, t, alpha=-1, gamma=0.5, reduction=r))
case("focal gamma 1", scores, truth, lambda o, t, r: focal(o, t, gamma=1, reduction=r))
case("focal gamma 0", scores, truth, lambda o, t, r: focal(o, t, gamma=0, reduction=r))

maps, masks = torch.randn(2, 3, 4, 5) * 2, torch.randint(0, 2, (2, 3, 4, 5)).float()
masks[0, 1] = 0
classes = torch.randint(0, 3, (2, 4, 5))
case("dice", maps, masks, lambda o, t, r: monai_dice(o, t, r))
case("dice squared", maps, masks, lambda o, t, r: monai_dice(o, t, r, squared=True))
case("dice smoothing 1", maps, masks, lambda o, t, r: monai_dice(o, t, r, s=1.0))
case("dice softmax", maps, classes, lambda o, t, r: monai_dice(o, t, r, softmax=True))
case("dice softmax squared without background", maps, classes,
     lambda o, t, r: monai_dice(o, t, r, softmax=True, squared=True, background=False))
case("dice without places", scores, truth, lambda o, t, r: monai_dice(o, t, r))

logits = torch.randn(6, 4) * 3
case("soft cross-entropy", logits, p, lambda o, t, r: F.cross_entropy(o, t, reduction=r))
case("soft cross-entropy weighted smoothed", logits, p,
     lambda o, t, r: F.cross_entropy(o, t, weight=weights, label_smoothing=0.1, reduction=r))
case("soft cross-entropy images", torch.randn(2, 4, 3, 2) * 3, torch.softmax(torch.randn(2, 4, 3, 2), 1),
     lambda o, t, r: F.cross_entropy(o, t, weight=weights, reduction=r))

out = pathlib.Path(__file__).parent.parent / "resources" / "golden" / "losses.json"
out.write_text(json.dumps({
    "script": "nn/src/test/python/export_losses_golden.py", "torch": torch.__version__, "cases": cases,
}) + "\n")
print(out, out.stat().st_size, "bytes")
