"""One prediction by a TorchScript file. See FirstPrediction.java."""
import sys

import torch

with torch.no_grad():
    net = torch.jit.load(sys.argv[1])
    i = torch.arange(224 * 224 * 3)
    picture = (i * 7 % 255).float().div(255).sub(0.5).view(1, 224, 224, 3).permute(0, 3, 1, 2)
    print(net(picture).argmax().item())
