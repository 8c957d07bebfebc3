package dev.graft.tensor;

import dev.graft.backend.BinaryOp;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.IntBinaryOperator;
import java.util.function.ToIntFunction;

/** Element-wise functions of two arguments and choices for random graphs. Each maker appends one, or gives -1. */
final class GraphBinary {
    private GraphBinary() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(
                // once for every few of the comparisons, of which each choice has one
                GraphBinary::where,
                GraphBinary::where,
                GraphBinary::where,
                GraphBinary::prelu,
                GraphBinary::divideByNumber,
                GraphBinary::floorDivide,
                GraphBinary::remainder,
                g -> binary(g, BinaryOp.ADD),
                g -> binary(g, BinaryOp.ADD),
                g -> binary(g, BinaryOp.SUB),
                g -> binary(g, BinaryOp.MUL),
                g -> binary(g, BinaryOp.MUL),
                g -> binary(g, BinaryOp.DIV),
                g -> binary(g, BinaryOp.MAXIMUM),
                g -> binary(g, BinaryOp.MINIMUM));
    }

    static int add(GraphBuilder g, int p, int q) {
        return binary(g, BinaryOp.ADD, p, q, Tensor::add, null, "add", "+");
    }

    private static int[] operands(GraphBuilder g) {
        int p = g.any();
        int q = g.any(v -> broadcasts(g.dims(p), g.dims(v)));
        if (q < 0 || g.random.nextInt(4) == 0) {
            int[] dims = g.dims(p).clone();
            int from = dims.length == 0 ? 0 : g.random.nextInt(dims.length);
            int[] kept = Arrays.stream(Arrays.copyOfRange(dims, from, dims.length))
                    .map(d -> g.random.nextInt(3) == 0 ? 1 : d)
                    .toArray();
            q = g.leaf(g.random.nextInt(3) == 0, g.random.nextBoolean(), kept);
        }
        return g.random.nextInt(3) == 0 ? new int[] {q, p} : new int[] {p, q};
    }

    static boolean broadcasts(int[] p, int[] q) {
        for (int i = 1; i <= Math.min(p.length, q.length); i++) {
            int a = p[p.length - i];
            int b = q[q.length - i];
            if (a != b && a != 1 && b != 1) {
                return false;
            }
        }
        return true;
    }

    private static int binary(GraphBuilder g, BinaryOp op) {
        int[] in = operands(g);
        return switch (op) {
            case ADD -> add(g, in[0], in[1]);
            case SUB -> binary(g, op, in[0], in[1], Tensor::sub, null, "sub", "-");
            case MUL -> binary(g, op, in[0], in[1], Tensor::mul, null, "mul", "*");
            case DIV ->
                !g.all(in[1], v -> Math.abs(v) > 0.2) ? -1 : binary(g, op, in[0], in[1], Tensor::div, null, "div", "/");
            case MAXIMUM ->
                !areApart(g, in) ? -1 : binary(g, op, in[0], in[1], Tensor::maximum, true, "maximum", "torch.maximum");
            case MINIMUM ->
                !areApart(g, in) ? -1 : binary(g, op, in[0], in[1], Tensor::minimum, false, "minimum", "torch.minimum");
            default -> throw new IllegalArgumentException(op + " has no gradient");
        };
    }

    private static boolean areApart(GraphBuilder g, int... in) {
        boolean[] all = {true};
        GraphRef.zip(g.ref(in[0]), g.ref(in[1]), (p, q) -> {
            all[0] &= g.areApart(p, q);
            return p;
        });
        return all[0];
    }

    private static int binary(
            GraphBuilder g,
            BinaryOp op,
            int p,
            int q,
            BinaryOperator<Tensor> graft,
            Boolean largest,
            String java,
            String python) {
        return g.step(
                op,
                new int[] {p, q},
                t -> graft.apply(t[0], t[1]),
                r -> {
                    GraphTape t = r[0].tape();
                    IntBinaryOperator f =
                            switch (op) {
                                case ADD -> t::add;
                                case SUB -> t::sub;
                                case MUL -> t::mul;
                                case DIV -> t::div;
                                default -> (a, b) -> a == b ? a : t.extreme(largest, a, b);
                            };
                    return GraphRef.zip(r[0], r[1], f);
                },
                "$0." + java + "($1)",
                largest == null ? "$0 " + python + " $1" : python + "($0, $1)");
    }

    private static int divideByNumber(GraphBuilder g) {
        float by = new float[] {-3, 0.5f, 7, 1.25f}[g.random.nextInt(4)];
        return g.step(
                BinaryOp.DIV,
                new int[] {g.any()},
                t -> t[0].div(by),
                r -> r[0].map(i -> r[0].tape().function(i, r[0].tape().value(i) / by, 1 / (double) by)),
                "$0.div(" + by + "f)",
                "$0 / " + by);
    }

    private static int where(GraphBuilder g) {
        int[] compared = operands(g);
        if (!areApart(g, compared)) {
            return -1;
        }
        int[] shape = GraphRef.broadcast(g.dims(compared[0]), g.dims(compared[1]));
        int p = g.any(v -> broadcasts(g.dims(v), shape));
        int q = p < 0 ? -1 : g.any(v -> broadcasts(g.dims(v), GraphRef.broadcast(g.dims(p), shape)));
        if (q < 0) {
            return -1;
        }
        if (g.random.nextInt(3) == 0) {
            return whereLogic(g, compared, p, q);
        }
        BinaryOp op = BinaryOp.values()[BinaryOp.EQUAL.ordinal() + g.random.nextInt(6)];
        String name = new PointwiseOp.Compare(op).name();
        return g.step(
                List.of(op, PointwiseOp.Where.class),
                new int[] {compared[0], compared[1], p, q},
                t -> Tensor.where(Op.apply(new PointwiseOp.Compare(op), t[0], t[1]), t[2], t[3]),
                r -> {
                    GraphTape t = r[0].tape();
                    GraphRef chosen = GraphRef.zip(r[0], r[1], (a, b) -> {
                        double d = t.value(a) - t.value(b);
                        boolean holds =
                                switch (op) {
                                    case EQUAL -> d == 0;
                                    case NOT_EQUAL -> d != 0;
                                    case LESS -> d < 0;
                                    case LESS_EQUAL -> d <= 0;
                                    case GREATER -> d > 0;
                                    default -> d >= 0;
                                };
                        return holds ? 1 : 0;
                    });
                    int[] dims = GraphRef.broadcast(chosen.dims(), GraphRef.broadcast(r[2].dims(), r[3].dims()));
                    return GraphRef.of(t, dims, i -> (chosen.spread(i) == 1 ? r[2] : r[3]).spread(i));
                },
                "Tensor.where($0." + name + "($1), $2, $3)",
                "torch.where($0." + name + "($1), $2, $3)",
                2,
                false);
    }

    /** A choice by whether both, one or exactly one of two operands is below the other or not above a number. */
    private static int whereLogic(GraphBuilder g, int[] compared, int p, int q) {
        BinaryOp op = new BinaryOp[] {BinaryOp.AND, BinaryOp.OR, BinaryOp.XOR}[g.random.nextInt(3)];
        if (!g.isAwayFrom(compared[1], 0.3125)) {
            return -1;
        }
        String torch = op == BinaryOp.AND ? "&" : op == BinaryOp.OR ? "|" : "^";
        return g.step(
                List.of(op, PointwiseOp.Where.class),
                new int[] {compared[0], compared[1], p, q},
                t -> Tensor.where(Op.apply(new PointwiseOp.Compare(op), t[0].lt(t[1]), t[1].gt(0.3125)), t[2], t[3]),
                r -> {
                    GraphTape t = r[0].tape();
                    GraphRef chosen = GraphRef.zip(r[0], r[1], (a, b) -> {
                        int less = t.value(a) < t.value(b) ? 1 : 0;
                        int above = t.value(b) > 0.3125 ? 1 : 0;
                        return op == BinaryOp.AND ? less & above : op == BinaryOp.OR ? less | above : less ^ above;
                    });
                    int[] dims = GraphRef.broadcast(chosen.dims(), GraphRef.broadcast(r[2].dims(), r[3].dims()));
                    return GraphRef.of(t, dims, i -> (chosen.spread(i) == 1 ? r[2] : r[3]).spread(i));
                },
                "Tensor.where($0.lt($1)." + new PointwiseOp.Compare(op).name() + "($1.gt(0.3125)), $2, $3)",
                "torch.where(($0 < $1) " + torch + " ($1 > 0.3125), $2, $3)",
                2,
                false);
    }

    /** By a number that no element is near a multiple of. */
    private static int floorDivide(GraphBuilder g) {
        float by = divisor(g);
        int x = betweenMultiples(g, by);
        return g.step(
                BinaryOp.FLOOR_DIVIDE,
                new int[] {x},
                t -> t[0].floorDivide(by),
                r -> r[0].map(i -> r[0].tape().clipped(i, Math.floor(r[0].tape().value(i) / by), 0)),
                "$0.floorDivide(" + by + ")",
                "torch.div($0, " + by + ", rounding_mode='floor')");
    }

    private static int remainder(GraphBuilder g) {
        float by = divisor(g);
        int x = betweenMultiples(g, by);
        return g.step(
                BinaryOp.REMAINDER,
                new int[] {x},
                t -> t[0].remainder(by),
                r -> r[0].map(i ->
                        r[0].tape().affine(i, 1, -by * Math.floor(r[0].tape().value(i) / by))),
                "$0.remainder(" + by + ")",
                "$0.remainder(" + by + ")");
    }

    /** With a weight for all, or one for each channel. */
    private static int prelu(GraphBuilder g) {
        int x = g.any(v -> g.isAwayFrom(v, 0));
        if (x < 0) {
            return -1;
        }
        boolean each = g.rank(x) > 1 && g.random.nextBoolean();
        int w = g.shaped(each ? g.dims(x)[1] : 1);
        return g.step(
                BinaryOp.PRELU,
                new int[] {x, w},
                t -> t[0].prelu(t[1]),
                r -> GraphRef.of(r[0].tape(), r[0].dims(), i -> {
                    int id = r[0].get(i);
                    return r[0].tape().value(id) > 0 ? id : r[0].tape().mul(id, r[1].get(each ? i[1] : 0));
                }),
                "$0.prelu($1)",
                "F.prelu($0, $1)");
    }

    private static float divisor(GraphBuilder g) {
        return new float[] {-3, 0.5f, 7, 1.25f}[g.random.nextInt(4)];
    }

    private static int betweenMultiples(GraphBuilder g, float by) {
        return g.any(v -> g.all(v, e -> Math.abs(e / by - Math.rint(e / by)) > 0.03));
    }
}
