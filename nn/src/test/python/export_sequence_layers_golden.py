"""Writes golden/sequence-layers.safetensors: attention layers, encoders, recurrent layers and bags of embeddings as PyTorch
computes them in double precision, with all gradients; for encoders and recurrent layers also the losses of three steps of SGD.

For each case NAME: NAME/state/KEY before, NAME/in/..., NAME/out/..., NAME/dy/... (what backward is seeded with), NAME/grad/KEY,
NAME/grad_in/..., and for training NAME/losses and NAME/after/KEY. Everything is rounded to float32 once, at the end.

Run: python export_sequence_layers_golden.py
"""
import os
import zlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

STORED = {}


def keep(key, tensor):
    t = tensor.detach()
    STORED[key] = (t.float() if t.is_floating_point() else t).clone().contiguous()


def case(name, make, run, inputs, train=False):
    """`run` takes the module and the inputs and gives a list of outputs; `inputs` maps names to functions of a generator."""
    g = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    module = make().double()
    with torch.no_grad():
        for p in module.parameters():
            p.copy_((torch.randn(p.shape, generator=g) * 0.4).float())
    for key, value in module.state_dict().items():
        keep(f"{name}/state/{key}", value)
    given = {k: f(g) for k, f in inputs.items()}
    args = {k: v.double().requires_grad_() if v.is_floating_point() and not k.endswith("mask") else v.double() if v.is_floating_point()
            else v for k, v in given.items()}
    for k, v in given.items():
        keep(f"{name}/in/{k}", v)
    outputs = run(module, **args)
    total = 0
    for i, out in enumerate(outputs):
        dy = torch.randn(out.shape, generator=g)
        keep(f"{name}/out/{i}", out)
        keep(f"{name}/dy/{i}", dy)
        total = total + (out * dy.double()).sum()
    total.backward()
    for key, p in module.named_parameters():
        keep(f"{name}/grad/{key}", p.grad)
    for k, v in args.items():
        if v.requires_grad:
            keep(f"{name}/grad_in/{k}", v.grad)
    if train:
        sgd = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
        losses = []
        for _ in range(3):
            sgd.zero_grad()
            loss = sum((o ** 2).mean() for o in run(module, **{k: v.detach() for k, v in args.items()}))
            losses.append(loss.detach())
            loss.backward()
            sgd.step()
        keep(f"{name}/losses", torch.stack(losses))
        for key, value in module.state_dict().items():
            keep(f"{name}/after/{key}", value)


def normal(*shape):
    return lambda g: torch.randn(shape, generator=g)


def whole(high, *shape):
    return lambda g: torch.randint(0, high, shape, generator=g)


def fixed(values):
    return lambda g: torch.tensor(values)


PADDING = [[False, False, False, False, True], [False, False, True, True, True]]


def attention():
    mha = lambda **o: (lambda: nn.MultiheadAttention(8, 2, batch_first=True, **o))
    x = {"x": normal(2, 5, 8)}
    three = {"q": normal(2, 4, 8), "k": normal(2, 5, 8), "v": normal(2, 5, 8)}
    itself = lambda m, x, **o: [m(x, x, x, need_weights=False, **o)[0]]
    cross = lambda m, q, k, v, **o: [m(q, k, v, need_weights=False, **o)[0]]
    case("attention/itself", mha(), itself, x)
    case("attention/no_bias", mha(bias=False), itself, x)
    case("attention/padding", mha(), lambda m, x, padding: itself(m, x, key_padding_mask=padding), {**x, "padding": fixed(PADDING)})
    pairs = lambda g: torch.triu(torch.ones(5, 5), 2) > 0
    case("attention/pairs", mha(), lambda m, x, pairs: itself(m, x, attn_mask=pairs), {**x, "pairs": pairs})
    case("attention/both", mha(), lambda m, x, padding, pairs: itself(m, x, key_padding_mask=padding, attn_mask=pairs),
         {**x, "padding": fixed(PADDING), "pairs": pairs})
    case("attention/terms_of_heads", mha(), lambda m, x, padding, terms_mask: itself(
        m, x, key_padding_mask=torch.zeros(2, 5, dtype=torch.double).masked_fill(padding, -float("inf")), attn_mask=terms_mask),
        {**x, "padding": fixed(PADDING), "terms_mask": normal(4, 5, 5)})
    case("attention/cross", mha(), cross, three)
    case("attention/widths", mha(kdim=3, vdim=6), cross, {"q": normal(2, 4, 8), "k": normal(2, 5, 3), "v": normal(2, 5, 6)})
    case("attention/weights", mha(), lambda m, q, k, v, padding: list(m(q, k, v, key_padding_mask=padding)),
         {**three, "padding": fixed(PADDING)})


def encoders():
    def encoder(norm_first, activation):
        layer = nn.TransformerEncoderLayer(8, 2, 12, 0.0, activation, batch_first=True, norm_first=norm_first)
        return lambda: nn.TransformerEncoder(layer, 2, nn.LayerNorm(8) if norm_first else None, enable_nested_tensor=False)
    x = {"x": normal(2, 5, 8)}
    for first in (True, False):
        for activation in ("relu", "gelu"):
            name = f"encoder/{'first' if first else 'last'}_{activation}"
            case(name, encoder(first, activation), lambda m, x: [m(x)], x, train=True)
    case("encoder/padding", encoder(True, "gelu"), lambda m, x, padding: [m(x, src_key_padding_mask=padding)],
         {**x, "padding": fixed(PADDING)}, train=True)
    causal = nn.Transformer.generate_square_subsequent_mask(5).double()
    case("encoder/causal", encoder(False, "relu"), lambda m, x: [m(x, mask=causal, is_causal=True)], x)


def recurrent():
    for kind, make, states in (("lstm", nn.LSTM, 2), ("gru", nn.GRU, 1)):
        def run(m, x, h=None, c=None, lengths=None):
            first = None if h is None else (h, c) if states == 2 else h
            steps = x.shape[1 if m.batch_first else 0]
            source = x if lengths is None else pack_padded_sequence(x, lengths, m.batch_first, enforce_sorted=False)
            y, last = m(source, first)
            if lengths is not None:
                y = pad_packed_sequence(y, m.batch_first, total_length=steps)[0]
            return [y, *(last if states == 2 else (last,))]

        def add(name, inputs, train=False, **options):
            case(f"{kind}/{name}", lambda: make(4, 5, **options), run, inputs, train)
        state = lambda n: {k: normal(n, 3, 5) for k in ("h", "c")[:states]}
        lengths = {"lengths": fixed([4, 6, 1])}
        add("plain", {"x": normal(6, 3, 4)}, train=True)
        add("no_bias", {"x": normal(6, 3, 4)}, bias=False)
        add("batch_first", {"x": normal(3, 6, 4), **state(1)}, batch_first=True)
        add("both_ways", {"x": normal(6, 3, 4), **state(2)}, bidirectional=True)
        add("layers", {"x": normal(6, 3, 4), **state(3)}, num_layers=3)
        add("lengths", {"x": normal(6, 3, 4), **lengths})
        add("everything", {"x": normal(3, 6, 4), **state(4), **lengths}, train=True, num_layers=2, bidirectional=True, batch_first=True)


def bags():
    for mode in ("sum", "mean", "max"):
        bag = lambda **o: (lambda: nn.EmbeddingBag(7, 3, mode=mode, **o))
        offsets = {"i": whole(7, 9), "offsets": fixed([0, 2, 2, 6])}
        case(f"bag/{mode}", bag(), lambda m, i: [m(i)], {"i": whole(7, 4, 3)})
        case(f"bag/{mode}_offsets", bag(), lambda m, i, offsets: [m(i, offsets)], offsets)
        case(f"bag/{mode}_padding", bag(padding_idx=2), lambda m, i: [m(i)], {"i": fixed([[2, 1, 2], [2, 2, 2], [0, 5, 2]])})
    case("bag/weights", lambda: nn.EmbeddingBag(7, 3, mode="sum"), lambda m, i, offsets, w: [m(i, offsets, per_sample_weights=w)],
         {"i": whole(7, 9), "offsets": fixed([0, 2, 2, 6]), "w": normal(9)})


def main():
    for section in (attention, encoders, recurrent, bags):
        section()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "sequence-layers.safetensors")
    save_file(STORED, path, metadata={"source": f"torch {torch.__version__} in float64"})
    print(f"{len(STORED)} tensors, {os.path.getsize(path)} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
