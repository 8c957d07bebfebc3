package dev.graft.tensor;

import dev.graft.backend.Reduction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Extremes with their places, sorting, running sums, spread and norms. */
final class OrderCases {
    private OrderCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        extremes(cases, true);
        extremes(cases, false);
        for (boolean descending : new boolean[] {false, true}) {
            String way = descending ? "descending_" : "ascending_";
            Map<String, Integer> axes = new LinkedHashMap<>();
            axes.put("plain", -1);
            axes.put("columns", 0);
            axes.put("middle", 1);
            axes.put("none", 1);
            axes.forEach((variant, axis) -> {
                sorted(cases, way + variant, axis, descending);
                cases.add(new OpCase(
                        "argsort/" + way + variant,
                        "argsort",
                        in -> in[0].argsort(axis, descending),
                        in -> order(in[0], in[0].axis(axis), descending)));
            });
            for (String variant : List.of("ties", "nan", "whole_numbers", "wide")) {
                sorted(cases, way + variant, -1, descending);
                cases.add(new OpCase(
                        "sort_indices/" + way + variant,
                        "sort",
                        in -> in[0].sort(-1, descending).indices(),
                        in -> order(in[0], in[0].rank() - 1, descending)));
            }
        }
        for (boolean largest : new boolean[] {true, false}) {
            String way = largest ? "largest" : "smallest";
            top(cases, way, 1, 3, largest);
            top(cases, way + "_of_many", 0, 4, largest);
            topValues(cases, way + "_whole_numbers", 1, 2, largest);
        }
        for (int a : new int[] {0, 1, 2, -2}) {
            cumsum(cases, "axis" + a, a);
        }
        cumsum(cases, "long", 0);
        cumsum(cases, "empty", 0);
        cumsum(cases, "whole_numbers", 1);
        cumsum(cases, "truths", 0);
        Map<String, int[]> axes = new LinkedHashMap<>();
        axes.put("all", new int[0]);
        axes.put("first", new int[] {0});
        axes.put("ends", new int[] {0, 2});
        axes.put("last", new int[] {-1});
        axes.forEach((variant, a) -> {
            for (boolean root : new boolean[] {false, true}) {
                spread(cases, variant, root, 1, false, a);
                spread(cases, "population_" + variant, root, 0, true, a);
            }
            norm(cases, "1_" + variant, 1, a);
            norm(cases, "2_" + variant, 2, a);
            norm(cases, "inf_" + variant, Double.POSITIVE_INFINITY, a);
            norm(cases, "3_" + variant, 3, a);
            norm(cases, "0.5_" + variant, 0.5, a);
        });
        spread(cases, "far_from_zero", false, 1, false, 1);
        spread(cases, "one", false, 0, false, 1);
        kink(cases, () -> spread(cases, "constant", true, 1, false, 0));
        spread(cases, "too_few", false, 1, false, 1);
        norm(cases, "keep", 2, true, 1);
        for (double p : new double[] {1, 2, 3, Double.POSITIVE_INFINITY}) {
            kink(cases, () -> norm(cases, (p > 3 ? "inf" : (int) p) + "_of_zero", p, 1));
        }
        kink(cases, () -> norm(cases, "inf_ties", Double.POSITIVE_INFINITY, 1));
        return cases;
    }

    /** The case that is added has no derivative at its arguments. */
    private static void kink(List<OpCase> cases, Runnable add) {
        add.run();
        cases.add(cases.remove(cases.size() - 1).atKink());
    }

    private static void extremes(List<OpCase> cases, boolean largest) {
        String name = largest ? "max" : "min";
        for (String variant : List.of("axis0", "axis1", "axis-1", "ties", "nan", "whole_numbers", "keep")) {
            int axis =
                    switch (variant) {
                        case "axis0", "whole_numbers" -> 0;
                        case "axis-1" -> -1;
                        default -> 1;
                    };
            boolean keep = variant.equals("keep");
            OpCase values = new OpCase(
                    name + "_values/" + variant,
                    name,
                    in -> keep
                            ? (largest ? in[0].max(true, axis) : in[0].min(true, axis)).values()
                            : (largest ? in[0].max(axis) : in[0].min(axis)).values(),
                    in -> {
                        int at = in[0].axis(axis);
                        Nd first = first(order(in[0], at, largest), at, largest, in[0]);
                        Nd found = IndexCases.gathered(in[0], at, first);
                        return keep ? found : found.reshape(Nd.without(found.dims(), at));
                    });
            cases.add(variant.equals("ties") || variant.equals("nan") ? values.atKink() : values);
            if (!keep) {
                cases.add(new OpCase(
                        name + "_indices/" + variant,
                        name,
                        in -> (largest ? in[0].max(axis) : in[0].min(axis)).indices(),
                        in -> {
                            int at = in[0].axis(axis);
                            Nd first = first(order(in[0], at, largest), at, largest, in[0]);
                            return first.reshape(Nd.without(first.dims(), at));
                        }));
            }
        }
        cases.add(fold(name + "/two_axes", largest, false, 0, 2));
        cases.add(fold(name + "/all", largest, false));
        cases.add(fold(name + "/keep", largest, true, 1));
        cases.add(new OpCase(
                "arg" + name + "/whole_numbers",
                "arg" + name,
                in -> largest ? in[0].argmax(1) : in[0].argmin(1),
                in -> {
                    Nd order = order(in[0], 1, largest);
                    return Nd.fill(new int[] {order.dims()[0]}, i -> order.get(i[0], 0));
                }));
    }

    private static OpCase fold(String name, boolean largest, boolean keep, int... axes) {
        return new OpCase(
                name,
                largest ? Reduction.MAX : Reduction.MIN,
                in -> keep
                        ? largest ? in[0].amax(true, axes) : in[0].amin(true, axes)
                        : largest ? in[0].amax(axes) : in[0].amin(axes),
                in -> ReductionCases.fold(
                        in[0],
                        keep,
                        axes,
                        largest ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY,
                        largest ? Math::max : Math::min));
    }

    /** The first place of an order; of the smallest, that of the first NaN where there is one. */
    private static Nd first(Nd order, int axis, boolean largest, Nd x) {
        return Nd.fill(Nd.with(order.dims(), axis, 1), i -> {
            for (int k = 0; k < x.dims()[axis] && !largest; k++) {
                if (Double.isNaN(x.get(Nd.with(i, axis, k)))) {
                    return k;
                }
            }
            return order.get(Nd.with(i, axis, 0));
        });
    }

    static Nd order(Nd x, int axis, boolean descending) {
        int n = x.dims()[axis];
        return Nd.fill(x.dims(), i -> {
            // -0 and 0 are equal; NaN comes after infinity.
            Comparator<Integer> ascending = Comparator.comparing(k -> x.get(Nd.with(i, axis, k)) + 0.0);
            return IntStream.range(0, n)
                    .boxed()
                    .sorted(descending ? ascending.reversed() : ascending)
                    .toList()
                    .get(i[axis]);
        });
    }

    private static void sorted(List<OpCase> cases, String variant, int axis, boolean descending) {
        cases.add(new OpCase(
                "sort_values/" + variant,
                "sort",
                in -> descending
                        ? in[0].sort(axis, true).values()
                        : in[0].sort(axis).values(),
                in -> IndexCases.gathered(in[0], in[0].axis(axis), order(in[0], in[0].axis(axis), descending))));
    }

    private static void top(List<OpCase> cases, String variant, int axis, int k, boolean largest) {
        topValues(cases, variant, axis, k, largest);
        cases.add(new OpCase(
                "topk_indices/" + variant,
                "topk",
                in -> in[0].topk(axis, k, largest).indices(),
                in -> places(in[0], axis, k, largest)));
    }

    private static void topValues(List<OpCase> cases, String variant, int axis, int k, boolean largest) {
        cases.add(new OpCase(
                "topk_values/" + variant,
                "topk",
                in -> (largest ? in[0].topk(axis, k) : in[0].topk(axis, k, false)).values(),
                in -> IndexCases.gathered(in[0], axis, places(in[0], axis, k, largest))));
    }

    private static Nd places(Nd x, int axis, int k, boolean largest) {
        Nd order = order(x, axis, largest);
        return Nd.fill(Nd.with(x.dims(), axis, k), order::get);
    }

    private static void cumsum(List<OpCase> cases, String variant, int axis) {
        cases.add(new OpCase(
                        "cumsum/" + variant,
                        ReductionOp.CumSum.class,
                        in -> in[0].cumsum(axis),
                        in -> Nd.fill(in[0].dims(), i -> {
                            int at = in[0].axis(axis);
                            return IntStream.rangeClosed(0, i[at])
                                    .mapToDouble(k -> in[0].get(Nd.with(i, at, k)))
                                    .sum();
                        }))
                .terms(variant.equals("whole_numbers") || variant.equals("truths") ? 0 : 1000));
    }

    private static void spread(
            List<OpCase> cases, String variant, boolean root, double correction, boolean keep, int... axes) {
        cases.add(new OpCase(
                        (root ? "std/" : "var/") + variant,
                        ReductionOp.Variance.class,
                        in -> correction == 1 && !keep
                                ? root ? in[0].std(axes) : in[0].var(axes)
                                : root ? in[0].std(correction, keep, axes) : in[0].var(correction, keep, axes),
                        in -> {
                            Nd total = ReductionCases.fold(in[0], true, axes, 0, Double::sum);
                            double n = in[0].size() / (double) total.size();
                            Nd squares = Nd.zip(in[0], total.map(v -> v / n), (x, mean) -> (x - mean) * (x - mean));
                            return ReductionCases.fold(squares, keep, axes, 0, Double::sum)
                                    .map(v -> root ? Math.sqrt(v / (n - correction)) : v / (n - correction));
                        })
                .terms(100));
    }

    private static void norm(List<OpCase> cases, String variant, double p, int... axes) {
        norm(cases, variant, p, false, axes);
    }

    private static void norm(List<OpCase> cases, String variant, double p, boolean keep, int... axes) {
        cases.add(new OpCase(
                        "norm/" + variant,
                        ReductionOp.Norm.class,
                        in -> keep
                                ? in[0].norm(p, true, axes)
                                : p == 2 && axes.length == 0 ? in[0].norm() : in[0].norm(p, axes),
                        in -> Double.isInfinite(p)
                                ? ReductionCases.fold(in[0].map(Math::abs), keep, axes, 0, Math::max)
                                : ReductionCases.fold(
                                                in[0].map(v -> Math.pow(Math.abs(v), p)), keep, axes, 0, Double::sum)
                                        .map(v -> Math.pow(v, 1 / p)))
                .terms(100));
    }

    static List<OpError> errors(On on) {
        Tensor x = on.zeros(2, 3);
        Tensor none = on.zeros(0, 3);
        Tensor truths = x.gt(0);
        List<OpError> errors = new ArrayList<>();
        String types = ": input must be F32, I64 or I32, got BOOL [2, 3]. Hint: call to(DType.F32).";
        errors.add(new OpError("max", "max" + types, () -> truths.max(0)));
        errors.add(new OpError("min", "min" + types, () -> truths.min(0)));
        errors.add(new OpError("sort", "sort" + types, () -> truths.sort(0)));
        errors.add(new OpError("topk", "topk" + types, () -> truths.topk(0, 1)));
        errors.add(new OpError("max", "max: no element to choose from along dimension 0 of [0, 3]", () -> none.max(0)));
        errors.add(new OpError(
                "topk",
                "topk: k must be from 0 to 3, the size of dimension -1, got 4 (input [2, 3])",
                () -> x.topk(-1, 4)));
        errors.add(new OpError(
                ReductionOp.CumSum.class,
                "cumsum: dimension 2 is out of range for shape [2, 3]. Hint: dimensions count from 0 to 1, or from -1 "
                        + "backwards.",
                () -> x.cumsum(2)));
        errors.add(new OpError(
                ReductionOp.Variance.class,
                "var: input must be F32, got BOOL [2, 3]. Hint: call to(DType.F32).",
                () -> truths.var(0)));
        errors.add(new OpError(
                ReductionOp.Variance.class,
                "std: axis 0 is given twice (axes [0, -2], input [2, 3]). Hint: name each axis once; negative ones count "
                        + "from the end.",
                () -> x.std(0, -2)));
        errors.add(new OpError(
                ReductionOp.Norm.class,
                "norm: p must be greater than 0, such as 1, 2 or infinity, got 0.0",
                () -> x.norm(0)));
        errors.add(new OpError(
                ReductionOp.Norm.class,
                "norm: no element to choose from along the folded dimensions of [0, 3]",
                () -> none.norm(Double.POSITIVE_INFINITY, 0)));
        return errors;
    }
}
