"""Writes sequence/dilated_resnet.pt and .txt: a small dilated residual network with random weights and statistics, and
what PyTorch computes with it. Run in this folder: python dilated_resnet.py"""
import torch
from torch import nn

torch.manual_seed(3)
CHANNELS, STAGES = 5, [(2, 3, 1), (1, 5, 3)]
LETTERS = "ACGTTGCANNACGGATCCTAGRACGTAACCGGTTAACGTGCATGCAAATTTCCCGGG"


class Unit(nn.Module):
    def __init__(self, kernel, dilation):
        super().__init__()
        self.batchnorm1, self.batchnorm2 = nn.BatchNorm1d(CHANNELS), nn.BatchNorm1d(CHANNELS)
        self.conv1 = nn.Conv1d(CHANNELS, CHANNELS, kernel, dilation=dilation, padding="same")
        self.conv2 = nn.Conv1d(CHANNELS, CHANNELS, kernel, dilation=dilation, padding="same")
        self.relu = nn.LeakyReLU(0.1)

    def forward(self, x):
        return x + self.conv2(self.relu(self.batchnorm2(self.conv1(self.relu(self.batchnorm1(x))))))


class Skip(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(CHANNELS, CHANNELS, 1)

    def forward(self, x):
        return self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.initial_conv, self.initial_skip = nn.Conv1d(4, CHANNELS, 1), Skip()
        self.residual_units = nn.ModuleList()
        for units, kernel, dilation in STAGES:
            self.residual_units.extend([Unit(kernel, dilation) for _ in range(units)] + [Skip()])
        self.final_conv = nn.Conv1d(CHANNELS, 3, 1)
        self.crop = sum(u * d * (k - 1) for u, k, d in STAGES)

    def forward(self, x):
        x = self.initial_conv(x)
        y = self.initial_skip(x)
        for part in self.residual_units:
            if isinstance(part, Skip):
                y = y + part(x)
            else:
                x = part(x)
        return self.final_conv(y[:, :, self.crop : -self.crop])


net = Net().eval()
with torch.no_grad():
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(0, 0.3)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
    x = torch.zeros(1, 4, len(LETTERS))
    for i, letter in enumerate(LETTERS):
        if letter in "ACGT":
            x[0, "ACGT".index(letter), i] = 1
    y = torch.softmax(net(x), 1)[0]
torch.save(net.state_dict(), "../resources/sequence/dilated_resnet.pt")
with open("../resources/sequence/dilated_resnet.txt", "w") as out:
    out.write(LETTERS + "\n")
    for row in y:
        out.write(" ".join(f"{v:.8g}" for v in row.tolist()) + "\n")
