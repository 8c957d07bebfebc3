"""Writes golden/sequence-operators.safetensors: attention, recurrent layers and bags of embeddings, as export_operators.py
writes the other operators.

Run: python export_sequence_operators.py
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from export_operators import SEED, STORED, case, given, normal

INF = float("inf")


def truths(*shape, share=0.6):
    return lambda g: torch.rand(shape, generator=g) < share


def with_blind_rows(*shape):
    """Some queries see nothing."""
    def make(g):
        m = torch.rand(shape, generator=g) < 0.5
        m[..., 1, :] = False
        return m
    return make


def terms(*shape):
    """Scores to add; some keys are hidden, and one row sees none."""
    def make(g):
        m = torch.randn(shape, generator=g)
        m = torch.where(torch.rand(shape, generator=g) < 0.3, -INF, m)
        m[..., 2, :] = -INF
        return m
    return make


def attention():
    sdpa = F.scaled_dot_product_attention

    def add(name, q, k, v, mask=None, needs=(0, 1, 2), **options):
        masks = [] if mask is None else [mask]
        case("attention/" + name, lambda q, k, v, m=None: sdpa(q, k, v, m, **options), normal(*q), normal(*k), normal(*v), *masks,
             needs=list(needs))
    add("plain", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 6))
    add("one", (1, 1, 1, 1), (1, 1, 2, 1), (1, 1, 2, 1))
    add("matrices", (5, 4), (3, 4), (3, 2))
    add("three_dimensions", (3, 5, 4), (3, 6, 4), (3, 6, 4))
    add("five_dimensions", (2, 1, 2, 3, 4), (2, 3, 2, 5, 4), (1, 3, 1, 5, 4))
    add("heads_repeated", (2, 3, 5, 4), (2, 1, 7, 4), (1, 3, 7, 4))
    add("scale", (1, 2, 4, 8), (1, 2, 4, 8), (1, 2, 4, 8), scale=0.3)
    add("wide", (1, 2, 9, 67), (1, 2, 70, 67), (1, 2, 70, 65))
    add("causal", (2, 2, 6, 4), (2, 2, 6, 4), (2, 2, 6, 4), is_causal=True)
    add("causal_more_keys", (1, 2, 4, 4), (1, 2, 9, 4), (1, 2, 9, 4), is_causal=True)
    add("causal_fewer_keys", (1, 2, 9, 4), (1, 2, 4, 4), (1, 2, 4, 4), is_causal=True)
    add("truths", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), truths(2, 3, 5, 7))
    add("truths_of_keys", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), truths(2, 1, 1, 7))
    add("truths_of_pairs", (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4), truths(5, 7))
    add("blind_rows", (2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 4), with_blind_rows(2, 1, 5, 7))
    add("terms", (2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 4), terms(2, 2, 5, 7))
    add("terms_of_pairs", (2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 4), terms(5, 7))
    add("learnt_terms", (2, 2, 5, 4), (2, 2, 7, 4), (2, 2, 7, 4), normal(2, 5, 7), needs=(0, 1, 2, 3))
    case("attention/learnt_terms_causal", lambda q, k, v, m: sdpa(q, k, v, m.masked_fill(torch.ones(5, 5).triu(1) > 0, -INF)), normal(2, 2, 5, 4),
         normal(2, 2, 5, 4), normal(2, 2, 5, 4), normal(5, 5))
    add("large_scores", (1, 1, 3, 2), (1, 1, 4, 2), (1, 1, 4, 2), needs=(), scale=300.0)
    case("attention/no_queries", lambda q, k, v: torch.softmax(q @ k.mT, -1) @ v, normal(1, 2, 0, 4), normal(1, 2, 3, 4), normal(1, 2, 3, 4))

    def packed(heads, **options):
        def function(x, mask=None):
            n, l, e = x.shape
            q, k, v = (p.reshape(n, l, heads, e // 3 // heads).transpose(1, 2) for p in x.chunk(3, -1))
            return sdpa(q, k, v, mask, **options).transpose(1, 2).reshape(n, l, e // 3)
        return function
    case("self_attention/plain", packed(2), normal(2, 5, 24))
    case("self_attention/one_head", packed(1), normal(2, 3, 15))
    case("self_attention/causal", packed(3, is_causal=True), normal(1, 7, 18))
    case("self_attention/keys", packed(2), normal(2, 5, 12), truths(2, 1, 1, 5), needs=[0])
    case("self_attention/learnt_terms", packed(2), normal(2, 5, 12), normal(2, 5, 5))


def recurrent(kind, name, steps, batch, features, units, reverse=False, biased=True, lengths=None, by_sequence=False):
    gates = {"lstm": 4, "gru": 3}[kind]

    def function(*args):
        args = list(args)
        x, wi, wh, h = args[:4]
        rest = args[4:]
        c = rest.pop(0) if kind == "lstm" else None
        biases = [rest.pop(0), rest.pop(0)] if biased else []
        module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](features, units, bias=biased, bidirectional=True).double()
        state = {}
        for suffix in ("", "_reverse"):
            for key, value in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), [wi, wh, *biases]):
                state[key + suffix] = value if (suffix != "") == reverse else value.detach()
        pair = lambda s: torch.stack([s.detach(), s] if reverse else [s, s.detach()])
        first = (pair(h), pair(c)) if kind == "lstm" else pair(h)
        if by_sequence:
            x = x.transpose(0, 1)
        source = x if lengths is None else pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        y, last = torch.func.functional_call(module, state, (source, first))
        if lengths is not None:
            y = pad_packed_sequence(y, total_length=steps)[0]
        at = 1 if reverse else 0
        parts = [y[..., at * units:(at + 1) * units], *[s[at] for s in (last if kind == "lstm" else (last,))]]
        return torch.cat([p.reshape(-1) for p in parts])
    shape = (batch, steps, features) if by_sequence else (steps, batch, features)
    arguments = [normal(*shape), normal(gates * units, features, scale=0.5), normal(gates * units, units, scale=0.5), normal(batch, units)]
    arguments += [normal(batch, units)] if kind == "lstm" else []
    arguments += [normal(gates * units), normal(gates * units)] if biased else []
    wanted = list(range(len(arguments)))
    arguments += [given(lengths, torch.int64)] if lengths is not None else []
    case(f"{kind}/{name}", function, *arguments, needs=wanted)


def recurrences():
    for kind in ("lstm", "gru"):
        recurrent(kind, "plain", 5, 3, 4, 6)
        recurrent(kind, "one", 1, 1, 1, 1)
        recurrent(kind, "no_bias", 4, 2, 3, 5, biased=False)
        recurrent(kind, "reverse", 5, 3, 4, 6, reverse=True)
        recurrent(kind, "by_sequence", 5, 3, 4, 6, by_sequence=True)
        recurrent(kind, "lengths", 6, 4, 3, 5, lengths=[6, 1, 3, 5])
        recurrent(kind, "short_lengths", 6, 3, 3, 5, lengths=[2, 4, 1])
        recurrent(kind, "reverse_lengths", 6, 4, 3, 5, reverse=True, lengths=[3, 6, 1, 5])
        recurrent(kind, "reverse_short_by_sequence", 6, 3, 3, 5, reverse=True, lengths=[2, 4, 1], by_sequence=True)
        recurrent(kind, "wide", 3, 19, 9, 37)


def tables():
    for row in (2, -3):
        case(f"embedding/padding_{row}", lambda t, i: F.embedding(i, t, padding_idx=row), normal(5, 3),
             given([[2, 1, 4], [0, 2, 2]], torch.int64), needs=[0])


SECTIONS = [attention, recurrences, tables]


def main():
    for section in SECTIONS:
        section()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "sequence-operators.safetensors")
    save_file(STORED, path, metadata={"source": f"torch {torch.__version__} in float64, seed {SEED}"})
    cases = sum(key.endswith("/out") for key in STORED)
    print(f"{cases} cases, {len(STORED)} tensors, {os.path.getsize(path)} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
