package dev.graft.tensor;

import dev.graft.backend.Reduction;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/** Operators that fold dimensions, and softmax. */
final class ReductionCases {
    private ReductionCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        Map<String, int[]> axes = new LinkedHashMap<>();
        axes.put("all", new int[] {});
        axes.put("axis0", new int[] {0});
        axes.put("axis1", new int[] {1});
        axes.put("last", new int[] {2});
        axes.put("ends", new int[] {0, 2});
        axes.put("front", new int[] {0, 1});
        axes.put("back", new int[] {1, -1});
        axes.put("every", new int[] {0, 1, 2});
        axes.forEach((variant, a) -> {
            sum(cases, "sum/" + variant, false, a);
            mean(cases, "mean/" + variant, false, a);
        });
        sum(cases, "sum/keep", true, 0, 2);
        mean(cases, "mean/keep", true, 1);
        sum(cases, "sum/long", false);
        sum(cases, "sum/columns", false, 0);
        mean(cases, "mean/image", false, 2, 3);
        sum(cases, "sum/channels", false, 0, 2, 3);
        sum(cases, "sum/scalar", false);
        sum(cases, "sum/empty", false, 0);
        for (int a : new int[] {0, 1, 2, -1}) {
            extreme(cases, "max/axis" + a, true, a);
            extreme(cases, "min/axis" + a, false, a);
            cases.add(
                    new OpCase("argmax/axis" + a, "argmax", in -> in[0].argmax(a), in -> argmax(in[0], in[0].axis(a))));
            cases.add(new OpCase(
                    "argmin/axis" + a,
                    "argmin",
                    in -> in[0].argmin(a),
                    in -> argmax(in[0].map(v -> -v), in[0].axis(a))));
        }
        extreme(cases, "max/ties", true, 1);
        extreme(cases, "min/ties", false, 0);
        extreme(cases, "max/one", true, 0);
        for (boolean log : new boolean[] {false, true}) {
            String name = log ? "log_softmax" : "softmax";
            for (int a : new int[] {0, 1, 2, -2}) {
                softmax(cases, name + "/axis" + a, log, a);
            }
            softmax(cases, name + "/vector", log, 0);
            softmax(cases, name + "/image", log, 1);
            softmax(cases, name + "/one", log, -1);
            softmax(cases, name + "/far", log, -1);
        }
        return cases;
    }

    private static void sum(List<OpCase> cases, String name, boolean keep, int... axes) {
        cases.add(new OpCase(
                        name,
                        Reduction.SUM,
                        in -> keep ? in[0].sum(true, axes) : axes.length == 0 ? in[0].sum() : in[0].sum(axes),
                        in -> fold(in[0], keep, axes, 0, Double::sum))
                .terms(100));
    }

    private static void mean(List<OpCase> cases, String name, boolean keep, int... axes) {
        cases.add(new OpCase(
                        name,
                        Reduction.MEAN,
                        in -> keep ? in[0].mean(true, axes) : axes.length == 0 ? in[0].mean() : in[0].mean(axes),
                        in -> {
                            Nd total = fold(in[0], keep, axes, 0, Double::sum);
                            return total.map(v -> v * total.size() / in[0].size());
                        })
                .terms(100));
    }

    private static void extreme(List<OpCase> cases, String name, boolean largest, int axis) {
        OpCase c = new OpCase(
                name,
                largest ? Reduction.MAX : Reduction.MIN,
                in -> largest ? in[0].amax(axis) : in[0].amin(axis),
                in -> fold(
                        in[0],
                        false,
                        new int[] {axis},
                        largest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY,
                        largest ? Math::max : Math::min));
        cases.add(name.endsWith("ties") ? c.atKink() : c);
    }

    static Nd fold(Nd x, boolean keep, int[] axes, double start, DoubleBinaryOperator f) {
        boolean[] folded = new boolean[x.rank()];
        Arrays.fill(folded, axes.length == 0);
        for (int axis : axes) {
            folded[x.axis(axis)] = true;
        }
        int[] kept = x.dims().clone();
        for (int i = 0; i < kept.length; i++) {
            kept[i] = folded[i] ? 1 : kept[i];
        }
        Nd out = Nd.fill(kept, i -> start);
        Nd.fill(x.dims(), i -> {
            int at = 0;
            for (int d = 0; d < kept.length; d++) {
                at = at * kept[d] + (folded[d] ? 0 : i[d]);
            }
            out.data()[at] = f.applyAsDouble(out.data()[at], x.get(i));
            return out.data()[at];
        });
        int[] dims = kept;
        for (int i = folded.length - 1; i >= 0 && !keep; i--) {
            dims = folded[i] ? Nd.without(dims, i) : dims;
        }
        return out.reshape(dims);
    }

    static Nd argmax(Nd x, int axis) {
        return Nd.fill(Nd.without(x.dims(), axis), i -> {
            int best = 0;
            for (int j = 1; j < x.dims()[axis]; j++) {
                best = x.get(Nd.inserted(i, axis, j)) > x.get(Nd.inserted(i, axis, best)) ? j : best;
            }
            return best;
        });
    }

    private static void softmax(List<OpCase> cases, String name, boolean log, int axis) {
        cases.add(new OpCase(
                        name,
                        ReductionOp.Softmax.class,
                        in -> log ? in[0].logSoftmax(axis) : in[0].softmax(axis),
                        in -> softmax(in[0], log, in[0].axis(axis)))
                .terms(11));
    }

    static Nd softmax(Nd x, boolean log, int axis) {
        return Nd.fill(x.dims(), i -> {
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < x.dims()[axis]; j++) {
                largest = Math.max(largest, x.get(Nd.with(i, axis, j)));
            }
            double total = 0;
            for (int j = 0; j < x.dims()[axis]; j++) {
                total += Math.exp(x.get(Nd.with(i, axis, j)) - largest);
            }
            double y = x.get(i) - largest - Math.log(total);
            return log ? y : Math.exp(y);
        });
    }

    static List<OpError> errors(On on) {
        Tensor whole = on.zeros(DType.I64, Shape.of(2, 3));
        Tensor none = on.zeros(0, 3);
        return List.of(
                new OpError(
                        Reduction.SUM,
                        "sum: input must be F32, got F64 [2, 3]. Hint: call to(DType.F32).",
                        () -> on.zeros(DType.F64, Shape.of(2, 3)).sum()),
                new OpError(
                        Reduction.SUM,
                        "sum: dimension 2 is out of range for shape [2, 3]. Hint: dimensions count from 0 to 1, or from -1 backwards.",
                        () -> on.zeros(2, 3).sum(2)),
                new OpError(
                        Reduction.MEAN,
                        "mean: input must be F32, got I64 [2, 3]. Hint: call to(DType.F32).",
                        () -> whole.mean(0)),
                new OpError(
                        Reduction.MAX,
                        "amax: no element to choose from along the folded dimensions of [0, 3]",
                        () -> none.amax(0)),
                new OpError(
                        Reduction.MIN,
                        "amin: no element to choose from along the folded dimensions of [0, 3]",
                        () -> none.amin(0)),
                new OpError(
                        "argmin",
                        "argmin: no element to choose from along dimension 0 of [0, 3]",
                        () -> none.argmin(0)),
                new OpError(
                        "argmax",
                        "argmax: no element to choose from along dimension 0 of [0, 3]",
                        () -> none.argmax(0)),
                new OpError(
                        ReductionOp.Softmax.class,
                        "softmax: operands must be F32, got I64 [2, 3]. Hint: call to(DType.F32).",
                        () -> whole.softmax(1)),
                new OpError(
                        ReductionOp.Softmax.class,
                        "logSoftmax: dimension -3 is out of range for shape [0, 3]. Hint: dimensions count from 0 to 1, "
                                + "or from -1 backwards.",
                        () -> none.logSoftmax(-3)));
    }
}
