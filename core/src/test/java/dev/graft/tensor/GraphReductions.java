package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.Reduction;
import dev.graft.backend.UnaryOp;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** Operators that fold dimensions, and losses, for random graphs. */
final class GraphReductions {
    private GraphReductions() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(
                g -> fold(g, Reduction.SUM),
                g -> fold(g, Reduction.MEAN),
                g -> extreme(g, true),
                g -> extreme(g, false),
                GraphReductions::softmax,
                GraphReductions::crossEntropy,
                GraphReductions::bce,
                GraphReductions::embedding);
    }

    private static int fold(GraphBuilder g, Reduction op) {
        int x = g.any();
        boolean keep = g.random.nextBoolean();
        boolean[] folded = new boolean[g.rank(x)];
        for (int i = 0; i < folded.length; i++) {
            folded[i] = g.random.nextBoolean();
        }
        int[] axes = IntStream.range(0, folded.length).filter(i -> folded[i]).toArray();
        if (axes.length == 0) {
            Arrays.fill(folded, true); // no axes means all of them
        }
        int[] dims = keep
                ? null
                : IntStream.range(0, folded.length)
                        .filter(i -> !folded[i])
                        .map(i -> g.dims(x)[i])
                        .toArray();
        boolean sum = op == Reduction.SUM;
        String name = sum ? "sum" : "mean";
        int[] all = IntStream.range(0, folded.length).filter(i -> folded[i]).toArray();
        String python = folded.length == 0
                ? "$0 * 1"
                : "$0." + name + "(" + GraphBuilder.python(all) + ", keepdim=" + (keep ? "True" : "False") + ")";
        return g.step(
                op,
                new int[] {x},
                t -> sum ? t[0].sum(keep, axes) : t[0].mean(keep, axes),
                r -> {
                    GraphRef y = r[0].fold(folded, sum ? r[0].tape()::sum : r[0].tape()::mean);
                    return keep ? y : y.reshape(dims);
                },
                "$0." + name + "(" + keep + (axes.length > 0 ? ", " + Graph.list(axes) : "") + ")",
                python);
    }

    private static int extreme(GraphBuilder g, boolean largest) {
        int x = g.any(v -> g.rank(v) > 0);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        boolean[] folded = new boolean[g.rank(x)];
        folded[axis] = true;
        boolean[] clear = {true};
        g.ref(x).fold(folded, ids -> {
            clear[0] &= g.hasClearExtreme(largest, ids);
            return ids[0];
        });
        if (!clear[0]) {
            return -1;
        }
        int[] dims = Nd.without(g.dims(x), axis);
        String name = largest ? "max" : "min";
        return g.step(
                largest ? Reduction.MAX : Reduction.MIN,
                new int[] {x},
                t -> largest ? t[0].amax(axis) : t[0].amin(axis),
                r -> r[0].fold(folded, ids -> r[0].tape().extreme(largest, ids)).reshape(dims),
                "$0.a" + name + "(" + axis + ")",
                "$0.a" + name + "(" + axis + ")");
    }

    private static int softmax(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 0 && g.all(v, e -> Math.abs(e) < 10));
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        boolean log = g.random.nextBoolean();
        return g.step(
                ReductionOp.Softmax.class,
                new int[] {x},
                t -> log ? t[0].logSoftmax(axis) : t[0].softmax(axis),
                r -> r[0].softmax(log, axis),
                "$0." + (log ? "logSoftmax" : "softmax") + "(" + axis + ")",
                "$0." + (log ? "log_softmax" : "softmax") + "(" + axis + ")");
    }

    private static LossReduction reduction(GraphBuilder g) {
        return LossReduction.values()[g.random.nextInt(LossReduction.values().length)];
    }

    private static String python(LossReduction r) {
        return "reduction='" + r.name().toLowerCase(Locale.ROOT) + "'";
    }

    private static int crossEntropy(GraphBuilder g) {
        int classes = g.random.nextInt(2, 5);
        int[] dims = g.random.nextInt(3) == 0
                ? new int[] {g.random.nextInt(1, 4), classes, g.random.nextInt(1, 4)}
                : new int[] {g.random.nextInt(1, 5), classes};
        int x = g.shaped(dims);
        if (x < 0 || !g.all(x, e -> Math.abs(e) < 10)) {
            return -1;
        }
        int[] rows = Nd.without(dims, 1);
        long[] target = new long[GraphRef.count(rows)];
        for (int i = 0; i < target.length; i++) {
            target[i] = i > 0 && g.random.nextInt(5) == 0 ? -100 : g.random.nextInt(classes);
        }
        boolean weighted = g.random.nextBoolean();
        float[] w = new float[classes];
        for (int i = 0; i < classes; i++) {
            w[i] = weighted ? g.random.nextInt(1, 9) / 4f : 1;
        }
        float smoothing = g.random.nextBoolean() ? 0 : 0.125f;
        LossReduction reduction = reduction(g);
        String targets = Arrays.toString(target).replace("[", "").replace("]", "");
        return g.step(
                RowOp.CrossEntropy.class,
                new int[] {x},
                t -> t[0].crossEntropy(
                        On.deviceOf(t[0]).of(target, rows),
                        weighted ? Optional.of(On.deviceOf(t[0]).of(w, classes)) : Optional.empty(),
                        smoothing,
                        -100,
                        reduction),
                r -> {
                    GraphTape t = r[0].tape();
                    GraphRef p = r[0].softmax(true, 1);
                    int[] losses = new int[target.length];
                    double total = 0;
                    int[] at = {0};
                    GraphRef.of(t, rows, i -> {
                        int n = at[0]++;
                        if (target[n] == -100) {
                            losses[n] = t.leaf(0);
                            return losses[n];
                        }
                        int[] terms = new int[classes + 1];
                        for (int c = 0; c < classes; c++) {
                            terms[c] = t.affine(p.get(Nd.inserted(i, 1, c)), -(double) smoothing / classes * w[c], 0);
                        }
                        terms[classes] = t.affine(
                                p.get(Nd.inserted(i, 1, (int) target[n])), -(1.0 - smoothing) * w[(int) target[n]], 0);
                        losses[n] = t.sum(terms);
                        return losses[n];
                    });
                    for (long label : target) {
                        total += label == -100 ? 0 : w[(int) label];
                    }
                    return switch (reduction) {
                        case NONE -> new GraphRef(t, rows, losses);
                        case SUM -> new GraphRef(t, new int[0], new int[] {t.sum(losses)});
                        case MEAN -> new GraphRef(t, new int[0], new int[] {t.affine(t.sum(losses), 1 / total, 0)});
                    };
                },
                "$0.crossEntropy(Tensor.of(new long[] {" + targets + "}, " + Graph.list(rows) + "), "
                        + (weighted
                                ? "Optional.of(Tensor.of(new float[] {" + Graph.list(w, "f") + "}, " + classes + "))"
                                : "Optional.empty()")
                        + ", " + smoothing + "f, -100, LossReduction." + reduction + ")",
                "F.cross_entropy($0, torch.tensor([" + targets + "]).reshape(" + GraphBuilder.python(rows)
                        + "), tensor([" + Graph.list(w, "") + "], " + classes + "), label_smoothing=" + smoothing + ", "
                        + python(reduction) + ")");
    }

    private static int bce(GraphBuilder g) {
        int x = g.any(v -> g.all(v, e -> Math.abs(e) < 8));
        if (x < 0) {
            return -1;
        }
        int target = g.leaf(() -> g.random.nextInt(5) / 4f, g.random.nextInt(3) == 0, g.dims(x));
        float[] w = {g.random.nextBoolean() ? 1 : 2.5f};
        LossReduction reduction = reduction(g);
        return g.step(
                List.of(UnaryOp.SOFTPLUS, BinaryOp.MUL, BinaryOp.ADD),
                new int[] {x, target},
                t -> t[0].bceWithLogits(
                        t[1],
                        w[0] == 1
                                ? Optional.empty()
                                : Optional.of(On.deviceOf(t[0]).of(w)),
                        reduction),
                r -> {
                    GraphTape t = r[0].tape();
                    // -w y log(sigmoid(x)) - (1 - y) log(1 - sigmoid(x))
                    GraphRef y = GraphRef.zip(
                            r[0],
                            r[1],
                            (a, b) -> t.add(
                                    t.affine(t.mul(b, t.softplus(t.affine(a, -1, 0))), w[0], 0),
                                    t.mul(t.affine(b, -1, 1), t.softplus(a))));
                    return switch (reduction) {
                        case NONE -> y;
                        case SUM -> new GraphRef(t, new int[0], new int[] {t.sum(y.ids())});
                        case MEAN -> new GraphRef(t, new int[0], new int[] {t.mean(y.ids())});
                    };
                },
                "$0.bceWithLogits($1, " + (w[0] == 1 ? "Optional.empty()" : "Optional.of(Tensor.scalar(" + w[0] + "f))")
                        + ", LossReduction." + reduction + ")",
                "F.binary_cross_entropy_with_logits($0, $1, pos_weight=torch.tensor(" + w[0] + "), " + python(reduction)
                        + ")",
                0,
                false);
    }

    private static int embedding(GraphBuilder g) {
        int rows = g.random.nextInt(1, 5);
        int x = g.shaped(rows, g.random.nextInt(1, 4));
        if (x < 0) {
            return -1;
        }
        int[] dims = g.dims(g.random.nextInt(3), 3);
        long[] indices = g.random.longs(GraphRef.count(dims), 0, rows).toArray();
        String list = Arrays.toString(indices).replace("[", "").replace("]", "");
        int[] shape = Nd.inserted(dims, dims.length, g.dims(x)[1]);
        return g.step(
                RowOp.Embedding.class,
                new int[] {x},
                t -> t[0].embedding(On.deviceOf(t[0]).of(indices, dims)),
                r -> {
                    int[] ids = new int[GraphRef.count(shape)];
                    int width = r[0].dims()[1];
                    for (int i = 0; i < ids.length; i++) {
                        ids[i] = r[0].get((int) indices[i / width], i % width);
                    }
                    return new GraphRef(r[0].tape(), shape, ids);
                },
                "$0.embedding(Tensor.of(new long[] {" + list + "}, " + Graph.list(dims) + "))",
                "F.embedding(torch.tensor([" + list + "]).reshape(" + GraphBuilder.python(dims) + "), $0)");
    }

    /** Some single number made of a result; -1 where none is in range. */
    static int scalar(GraphBuilder g, int v) {
        int weighted = v;
        if (g.random.nextBoolean()) {
            int w = g.leaf(g.random.nextBoolean(), false, g.dims(v));
            int product = g.step(
                    BinaryOp.MUL,
                    new int[] {v, w},
                    t -> t[0].mul(t[1]),
                    r -> GraphRef.zip(r[0], r[1], r[0].tape()::mul),
                    "$0.mul($1)",
                    "$0 * $1");
            weighted = product < 0 ? v : product;
        } else if (g.random.nextInt(3) == 0) {
            int square = g.step(
                    UnaryOp.SQUARE,
                    new int[] {v},
                    t -> t[0].square(),
                    r -> r[0].map(i -> r[0].tape().mul(i, i)),
                    "$0.square()",
                    "$0.square()");
            weighted = square < 0 ? v : square;
        }
        boolean sum = g.random.nextBoolean();
        int out = sum ? total(g, weighted, Reduction.SUM) : -1;
        return out >= 0 ? out : total(g, weighted, Reduction.MEAN);
    }

    private static int total(GraphBuilder g, int v, Reduction op) {
        String call = op == Reduction.SUM ? "$0.sum()" : "$0.mean()";
        return g.step(
                op,
                new int[] {v},
                t -> op == Reduction.SUM ? t[0].sum() : t[0].mean(),
                r -> new GraphRef(r[0].tape(), new int[0], new int[] {
                    op == Reduction.SUM
                            ? r[0].tape().sum(r[0].ids())
                            : r[0].tape().mean(r[0].ids())
                }),
                call,
                call);
    }
}
