"""How far ResNet-18's kinks (zero inputs of ReLUs, near-ties of the max pool) are from its activations, in units of rounding error.

Where an activation lies within rounding of a kink, single precision may take it to the other side, and every gradient below moves by
more than rounding explains: a comparison of gradients then proves little. So this looks for inputs with a wide margin:

    margin(layer) = min |distance to the kink| / rms(single precision - double precision)

with the distances from float64 and the larger rms error of PyTorch's two memory formats; the margin of an input is its worst layer's.

Run: python resnet18_margin.py [candidates]     searches tensor indices 1000, 1001, ... for the train and the eval input
"""
import sys

import torch
import torch.nn.functional as F

import export_resnet18_golden as full
import formula

SHAPE = (2, 3, 64, 64)
FIRST_INDEX, CANDIDATES = 1000, 3000
FINALISTS = 5


class TooNear(Exception):
    """Ends a forward pass early."""


def kinks(model: torch.nn.Module, inputs: torch.Tensor, visit):
    """Calls visit(position, is_pool, values) with what enters each ReLU and max pool, in order."""
    position = [0]

    def hook(module, arguments):
        visit(position[0], isinstance(module, torch.nn.MaxPool2d), arguments[0].detach())
        position[0] += 1

    kinked = (torch.nn.ReLU, torch.nn.MaxPool2d)
    handles = [module.register_forward_pre_hook(hook) for module in model.modules() if isinstance(module, kinked)]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()


def distance(is_pool: bool, values: torch.Tensor) -> float:
    """Least distance to a kink. A window of the pool counts if its greatest value passed the ReLU, and moves by two elements' errors."""
    if not is_pool:
        return values.abs().min().item()
    n, c = values.shape[:2]
    windows = F.unfold(values, 3, padding=1, stride=2).reshape(n, c, 9, -1)
    first, second = windows.topk(2, dim=2).values.unbind(2)
    return ((first - second)[first > 0].min() / 2).item()


class Search:
    """Margins in one mode."""

    def __init__(self, train: bool):
        # A training forward changes no output of the next one, for batch statistics alone count; running statistics are read in eval only.
        self.double, self.single = (full.build(dtype).train(train) for dtype in (torch.float64, torch.float32))

    def measure(self, index: int) -> list:
        """[(distance, rms error)] of every layer with a kink."""
        inputs = formula.unit_tensor(index, SHAPE)
        exact, errors = [], {}
        kinks(self.double, inputs.double(), lambda position, is_pool, values: exact.append((is_pool, values.clone())))
        for memory_format in (torch.contiguous_format, torch.channels_last):
            def compare(position, is_pool, values):
                error = (values.double() - exact[position][1]).square().mean().sqrt().item()
                errors[position] = max(error, errors.get(position, 0.0))
            kinks(self.single, inputs.contiguous(memory_format=memory_format), compare)
        return [(distance(*layer), errors[position]) for position, layer in enumerate(exact)]

    def margin(self, index: int) -> float:
        return min(distance / error for distance, error in self.measure(index))

    def screen(self, index: int, errors: list, wanted: float) -> float:
        """The margin with `errors` assumed, or 0 as soon as it is known to be less than `wanted`."""
        margins = []

        def visit(position, is_pool, values):
            margins.append(distance(is_pool, values) / errors[position])
            if margins[-1] < wanted:
                raise TooNear

        try:
            kinks(self.double, formula.unit_tensor(index, SHAPE).double(), visit)
        except TooNear:
            return 0.0
        return min(margins)

    def best(self, candidates: int) -> tuple:
        """(index, margin): the finalists by errors of the first input, then the winner by its own errors."""
        errors = [error for _, error in self.measure(FIRST_INDEX)]
        finalists = []
        for index in range(FIRST_INDEX, FIRST_INDEX + candidates):
            wanted = finalists[-1][0] if len(finalists) == FINALISTS else 0.0
            finalists = sorted(finalists + [(self.screen(index, errors, wanted), index)], reverse=True)[:FINALISTS]
        return max(((index, self.margin(index)) for _, index in finalists), key=lambda pair: pair[1])


def main():
    torch.set_num_threads(1)
    candidates = int(sys.argv[1]) if len(sys.argv) > 1 else CANDIDATES
    for mode in ("train", "eval"):
        print(mode, "index %d, margin %.1f" % Search(mode == "train").best(candidates), flush=True)


if __name__ == "__main__":
    main()
