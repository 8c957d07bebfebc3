package dev.graft.backend;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;

/** The steps of a recurrent layer, composed of products and element-wise kernels. */
final class ComposedRecurrence {
    private final Backend backend;
    private final RecurrentCell cell;
    private final boolean reverse;
    private final View weight;
    private final Optional<View> lengths;
    private final int units;

    ComposedRecurrence(Backend backend, RecurrentCell cell, boolean reverse, View weight, Optional<View> lengths) {
        this.backend = backend;
        this.cell = cell;
        this.reverse = reverse;
        this.weight = weight;
        this.lengths = lengths;
        this.units = weight.dim(1);
    }

    /** One step of {@code [T, N, ...]}. */
    private static View step(View x, int t) {
        return new View(x.storage(), x.offset() + t * x.strides()[0], Shape.of(x.dim(1), x.dim(2)), new long[] {
            x.strides()[1], x.strides()[2]
        });
    }

    /** The columns of one gate. */
    private View gate(View x, int index) {
        return new View(
                x.storage(),
                x.offset() + (long) index * units * x.strides()[1],
                Shape.of(x.dim(0), units),
                x.strides());
    }

    private static View row(View bias) {
        return new View(bias.storage(), bias.offset(), Shape.of(1, bias.dim(0)), new long[] {0, bias.strides()[0]});
    }

    private View product(Temporaries t, View p, View q) {
        View y = t.empty(DType.F32, p.dim(0), q.dim(1));
        backend.matmul(p, q, y);
        return y;
    }

    private View transposedWeight() {
        return new View(weight.storage(), weight.offset(), Shape.of(weight.dim(1), weight.dim(0)), new long[] {
            weight.strides()[1], weight.strides()[0]
        });
    }

    /** Whether step {@code time} of each sequence counts, {@code [N, 1]}. */
    private Optional<View> counts(Temporaries t, int time) {
        return lengths.map(l -> t.binary(BinaryOp.LESS, t.longs(time), Temporaries.column(l)));
    }

    private static View choose(Temporaries t, Optional<View> counts, View yes, View no) {
        return counts.isPresent() ? t.where(counts.get(), yes, no) : yes;
    }

    void forward(
            View gates,
            Optional<View> inputBias,
            Optional<View> hiddenBias,
            View h0,
            Optional<View> c0,
            View y,
            Optional<View> memory,
            View hn,
            Optional<View> cn) {
        int steps = gates.dim(0);
        backend.copy(h0, hn);
        c0.ifPresent(c -> backend.copy(c, cn.orElseThrow()));
        for (int i = 0; i < steps; i++) {
            int time = reverse ? steps - 1 - i : i;
            try (Temporaries t = new Temporaries(backend)) {
                View now = step(gates, time);
                View x = inputBias.isPresent() ? t.add(now, row(inputBias.get())) : now;
                View z = product(t, hn, transposedWeight());
                z = hiddenBias.isPresent() ? t.add(z, row(hiddenBias.get())) : z;
                View kept;
                View state;
                if (cell == RecurrentCell.LSTM) {
                    View sum = t.add(x, z);
                    View in = t.unary(UnaryOp.SIGMOID, gate(sum, 0));
                    View forget = t.unary(UnaryOp.SIGMOID, gate(sum, 1));
                    View update = t.unary(UnaryOp.TANH, gate(sum, 2));
                    View out = t.unary(UnaryOp.SIGMOID, gate(sum, 3));
                    kept = t.add(t.mul(forget, cn.orElseThrow()), t.mul(in, update));
                    state = t.mul(out, t.unary(UnaryOp.TANH, kept));
                    store(now, in, forget, update, out);
                } else {
                    View r = t.unary(UnaryOp.SIGMOID, t.add(gate(x, 0), gate(z, 0)));
                    View u = t.unary(UnaryOp.SIGMOID, t.add(gate(x, 1), gate(z, 1)));
                    kept = gate(z, 2);
                    View n = t.unary(UnaryOp.TANH, t.add(gate(x, 2), t.mul(r, kept)));
                    state = t.add(n, t.mul(u, t.sub(hn, n)));
                    store(now, r, u, n);
                }
                Optional<View> counts = counts(t, time);
                View zero = t.constant(0);
                backend.copy(choose(t, counts, state, zero), step(y, time));
                if (memory.isPresent()) {
                    backend.copy(kept, step(memory.get(), time));
                }
                backend.copy(choose(t, counts, state, hn), hn);
                if (cell == RecurrentCell.LSTM) {
                    backend.copy(choose(t, counts, kept, cn.orElseThrow()), cn.orElseThrow());
                }
            }
        }
    }

    private void store(View to, View... parts) {
        for (int i = 0; i < parts.length; i++) {
            backend.copy(parts[i], gate(to, i));
        }
    }

    void backward(
            View gates,
            View memory,
            View y,
            View h0,
            Optional<View> c0,
            View dy,
            Optional<View> dhn,
            Optional<View> dcn,
            View dgates,
            Optional<View> dhidden,
            View dh0,
            Optional<View> dc0) {
        int steps = gates.dim(0);
        start(dhn, dh0);
        dc0.ifPresent(d -> start(dcn, d));
        for (int i = steps - 1; i >= 0; i--) {
            int time = reverse ? steps - 1 - i : i;
            try (Temporaries t = new Temporaries(backend)) {
                Optional<View> counts = counts(t, time);
                View dh = t.add(dh0, step(dy, time));
                View now = step(gates, time);
                View before = before(t, time, cell == RecurrentCell.LSTM ? memory : y, c0.orElse(h0));
                View zero = t.constant(0);
                View target = step(dgates, time);
                if (cell == RecurrentCell.LSTM) {
                    View[] d = lstm(t, now, step(memory, time), before, dh, dc0.orElseThrow());
                    for (int g = 0; g < 4; g++) {
                        backend.copy(choose(t, counts, d[g], zero), gate(target, g));
                    }
                    backend.copy(choose(t, counts, d[4], dc0.orElseThrow()), dc0.orElseThrow());
                    backend.copy(choose(t, counts, product(t, target, weight), dh0), dh0);
                } else {
                    View[] d = gru(t, now, step(memory, time), before, dh);
                    View hidden = step(dhidden.orElseThrow(), time);
                    for (int g = 0; g < 3; g++) {
                        backend.copy(choose(t, counts, d[g], zero), gate(target, g));
                        backend.copy(choose(t, counts, g < 2 ? d[g] : d[3], zero), gate(hidden, g));
                    }
                    View back = t.add(product(t, hidden, weight), t.mul(dh, gate(now, 1)));
                    backend.copy(choose(t, counts, back, dh0), dh0);
                }
            }
        }
    }

    private void start(Optional<View> gradient, View to) {
        if (gradient.isPresent()) {
            backend.copy(gradient.get(), to);
        } else {
            backend.fill(to, 0);
        }
    }

    /** The state before a step, where that step counts. */
    private View before(Temporaries t, int time, View states, View first) {
        if (!reverse) {
            return time == 0 ? first : step(states, time - 1);
        }
        if (time == states.dim(0) - 1) {
            return first;
        }
        View next = step(states, time + 1);
        return choose(t, counts(t, time + 1), next, first);
    }

    /** {@code (1 - v^2)}. */
    private static View tanhSlope(Temporaries t, View v) {
        return t.affine(-1, t.unary(UnaryOp.SQUARE, v), 1);
    }

    private static View sigmoidSlope(Temporaries t, View v) {
        return t.mul(v, t.affine(-1, v, 1));
    }

    /** Of the gates, and of the cell before. */
    private View[] lstm(Temporaries t, View gates, View c, View before, View dh, View dc) {
        View in = gate(gates, 0);
        View forget = gate(gates, 1);
        View update = gate(gates, 2);
        View out = gate(gates, 3);
        View tanh = t.unary(UnaryOp.TANH, c);
        View d = t.add(dc, t.mul(t.mul(dh, out), tanhSlope(t, tanh)));
        return new View[] {
            t.mul(t.mul(d, update), sigmoidSlope(t, in)),
            t.mul(t.mul(d, sigmoidSlope(t, forget)), before),
            t.mul(t.mul(d, in), tanhSlope(t, update)),
            t.mul(t.mul(dh, tanh), sigmoidSlope(t, out)),
            t.mul(d, forget)
        };
    }

    /** Of the gates, and of the hidden part of the last. */
    private View[] gru(Temporaries t, View gates, View hidden, View before, View dh) {
        View r = gate(gates, 0);
        View z = gate(gates, 1);
        View n = gate(gates, 2);
        View dn = t.mul(t.mul(dh, t.affine(-1, z, 1)), tanhSlope(t, n));
        return new View[] {
            t.mul(t.mul(dn, sigmoidSlope(t, r)), hidden),
            t.mul(t.mul(dh, sigmoidSlope(t, z)), t.sub(before, n)),
            dn,
            t.mul(dn, r)
        };
    }
}
