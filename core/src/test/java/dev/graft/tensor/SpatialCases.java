package dev.graft.tensor;

import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** Interpolation and padding. */
final class SpatialCases {
    private SpatialCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (String mode : List.of("nearest", "nearest_exact", "bilinear", "bicubic")) {
            for (boolean aligned : mode.startsWith("nearest") ? new boolean[] {false} : new boolean[] {false, true}) {
                InterpolateParams p = mode(mode).alignCorners(aligned);
                String suffix = aligned ? "_aligned" : "";
                resize(cases, mode + "_twice" + suffix, p.scale(2));
                resize(cases, mode + "_larger" + suffix, p.size(7, 11));
                resize(cases, mode + "_smaller" + suffix, p.size(4, 3));
                resize(cases, mode + "_mixed" + suffix, p.size(8, 3));
                resize(cases, mode + "_to_one" + suffix, p.size(1));
                resize(cases, mode + "_from_one" + suffix, p.size(3, 4));
            }
            resize(cases, mode + "_factor", mode(mode).scale(1.7, 0.6));
            resize(cases, mode + "_same", mode(mode).size(4, 5));
            resize(cases, mode + "_wide", mode(mode).size(7, 8));
        }
        for (String mode : List.of("nearest", "nearest_exact", "linear")) {
            resize(cases, mode + "_sequence", mode(mode).size(11));
            resize(cases, mode + "_sequence_factor", mode(mode).scale(0.7));
        }
        resize(
                cases,
                "linear_sequence_aligned",
                InterpolateParams.linear().size(4).alignCorners(true));
        resize(cases, "bilinear_far_down", InterpolateParams.bilinear().size(1, 2));
        resize(cases, "bilinear_far_up", InterpolateParams.bilinear().size(2, 37));
        for (PaddingMode mode : List.of(PaddingMode.REFLECT, PaddingMode.REPLICATE, PaddingMode.CIRCULAR)) {
            pad(cases, mode, "", 2, 1, 1, 2);
            pad(cases, mode, "_rows", 2, 3, 0, 0);
            pad(cases, mode, "_columns", 0, 0, 4, 3);
            pad(cases, mode, "_nothing", 0, 0, 0, 0);
            of(
                    cases,
                    "pad1d/" + name(mode),
                    x -> x.pad1d(mode, 3, 2),
                    x -> row(x, image -> padded(image, mode, 0, 0, 3, 2)));
        }
        pad(cases, PaddingMode.REPLICATE, "_far", 4, 6, 7, 5);
        constant(cases, "pad2d/value", x -> x.pad2d(1, 2, 3, 0, -1.5f), x -> around(x, 1, 2, 3, 0, -1.5));
        constant(cases, "pad1d/zeros", x -> x.pad1d(3, 2), x -> row(x, i -> around(i, 0, 0, 3, 2, 0)));
        constant(cases, "pad1d/value", x -> x.pad1d(1, 4, 2.5f), x -> row(x, i -> around(i, 0, 0, 1, 4, 2.5)));
        return cases;
    }

    static InterpolateParams mode(String name) {
        return switch (name) {
            case "nearest" -> InterpolateParams.nearest();
            case "nearest_exact" -> InterpolateParams.nearestExact();
            case "linear" -> InterpolateParams.linear();
            case "bilinear" -> InterpolateParams.bilinear();
            default -> InterpolateParams.bicubic();
        };
    }

    private static String name(PaddingMode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    private static void of(List<OpCase> cases, String name, UnaryOperator<Tensor> graft, UnaryOperator<Nd> naive) {
        cases.add(new OpCase(name, SpatialOp.Resample2d.class, in -> graft.apply(in[0]), in -> naive.apply(in[0]))
                .terms(40));
    }

    private static void constant(
            List<OpCase> cases, String name, UnaryOperator<Tensor> graft, UnaryOperator<Nd> naive) {
        cases.add(new OpCase(name, ShapeOp.Pad2d.class, in -> graft.apply(in[0]), in -> naive.apply(in[0])));
    }

    private static void resize(List<OpCase> cases, String name, InterpolateParams p) {
        of(
                cases,
                "interpolate/" + name,
                x -> x.interpolate(p),
                x -> x.rank() == 3
                        ? row(x, image -> resized(image, p, new double[] {1, x.dims()[2]}))
                        : resized(x, p, null));
    }

    private static void pad(List<OpCase> cases, PaddingMode mode, String suffix, int t, int b, int l, int r) {
        of(cases, "pad2d/" + name(mode) + suffix, x -> x.pad2d(mode, t, b, l, r), x -> padded(x, mode, t, b, l, r));
    }

    private static Nd row(Nd x, UnaryOperator<Nd> function) {
        Nd y = function.apply(x.reshape(Nd.inserted(x.dims(), 2, 1)));
        return y.reshape(Nd.without(y.dims(), 2));
    }

    static Nd around(Nd x, int t, int b, int l, int r, double value) {
        int[] d = x.dims();
        return Nd.fill(new int[] {d[0], d[1], d[2] + t + b, d[3] + l + r}, i -> {
            int h = i[2] - t;
            int w = i[3] - l;
            return h < 0 || w < 0 || h >= d[2] || w >= d[3] ? value : x.get(i[0], i[1], h, w);
        });
    }

    static Nd padded(Nd x, PaddingMode mode, int t, int b, int l, int r) {
        int[] d = x.dims();
        return Nd.fill(
                new int[] {d[0], d[1], d[2] + t + b, d[3] + l + r},
                i -> x.get(i[0], i[1], inside(mode, i[2] - t, d[2]), inside(mode, i[3] - l, d[3])));
    }

    /** The position that stands in for one outside, by walking there. */
    private static int inside(PaddingMode mode, int i, int size) {
        int at = i;
        while (at < 0 || at >= size) {
            at = switch (mode) {
                case REFLECT -> at < 0 ? -at : size - 1 - (at - (size - 1));
                case REPLICATE -> at < 0 ? at + 1 : at - 1;
                default -> at < 0 ? at + size : at - size;
            };
        }
        return at;
    }

    /** @param sequence 1 and the length, where a row stands for a sequence; else null */
    private static Nd resized(Nd x, InterpolateParams p, double[] sequence) {
        int[] d = x.dims();
        int height = sequence != null ? 1 : extent(p, d[2], 0);
        int width = extent(p, d[3], sequence != null ? 0 : 1);
        return Nd.fill(new int[] {d[0], d[1], height, width}, i -> {
            double total = 0;
            for (int h = 0; h < d[2]; h++) {
                double row = sequence != null ? 1 : weight(p, d[2], height, i[2], h, 0);
                for (int w = 0; w < d[3]; w++) {
                    total += row * weight(p, d[3], width, i[3], w, sequence != null ? 0 : 1) * x.get(i[0], i[1], h, w);
                }
            }
            return total;
        });
    }

    private static int extent(InterpolateParams p, int size, int which) {
        return p.size().isEmpty()
                ? (int) (size * p.scale().get(Math.min(which, p.scale().size() - 1)))
                : p.size().get(Math.min(which, p.size().size() - 1));
    }

    /** The weight of input {@code at} in output {@code i}: a kernel about the output's coordinate. */
    private static double weight(InterpolateParams p, int from, int to, int i, int at, int which) {
        double step = p.scale().isEmpty()
                ? (double) from / to
                : 1 / p.scale().get(Math.min(which, p.scale().size() - 1));
        if (p.mode() == InterpolateParams.Mode.NEAREST) {
            return at == (from == to ? i : Math.min((int) (i * step), from - 1)) ? 1 : 0;
        }
        if (p.mode() == InterpolateParams.Mode.NEAREST_EXACT) {
            return at == Math.min((int) ((i + 0.5) * step), from - 1) ? 1 : 0;
        }
        double x = p.alignCorners() ? (to > 1 ? i * (from - 1.0) / (to - 1) : 0) : (i + 0.5) * step - 0.5;
        if (p.mode() == InterpolateParams.Mode.LINEAR) {
            double clamped = from == to ? i : Math.min(Math.max(x, 0), from - 1);
            return Math.max(0, 1 - Math.abs(clamped - at));
        }
        // The border is repeated, so it stands for all positions beyond it.
        double total = 0;
        for (int k = (int) Math.floor(x) - 1; k <= (int) Math.floor(x) + 2; k++) {
            total += Math.min(Math.max(k, 0), from - 1) == at ? cubic(Math.abs(x - k)) : 0;
        }
        return total;
    }

    private static double cubic(double d) {
        return d < 1 ? 1.25 * d * d * d - 2.25 * d * d + 1 : -0.75 * d * d * d + 3.75 * d * d - 6 * d + 3;
    }

    static List<OpError> errors(On on) {
        Class<SpatialOp.Resample2d> resample = SpatialOp.Resample2d.class;
        Tensor image = on.zeros(1, 2, 3, 4);
        Tensor sequence = on.zeros(1, 2, 5);
        InterpolateParams up = InterpolateParams.bilinear();
        return List.of(
                new OpError(
                        resample,
                        "interpolate: input must be [N, C, L] or [N, C, H, W], got [3, 4]",
                        () -> on.zeros(3, 4).interpolate(up.scale(2))),
                new OpError(
                        resample,
                        "interpolate: neither a size nor a scale is given. Hint: call size(...) or scale(...).",
                        () -> image.interpolate(up)),
                new OpError(
                        resample,
                        "interpolate: size [2, 3] does not fit input [1, 2, 5]. Hint: give one number, or 1.",
                        () -> sequence.interpolate(up.size(2, 3))),
                new OpError(
                        resample,
                        "interpolate: bicubic interpolation needs images [N, C, H, W], got [1, 2, 5]. Hint: use linear().",
                        () -> sequence.interpolate(InterpolateParams.bicubic().size(3))),
                new OpError(
                        resample,
                        "interpolate: scale 0.2 makes 0 of 4 positions (input [1, 2, 3, 4]). Hint: use another scale.",
                        () -> image.interpolate(up.scale(0.2))),
                new OpError(
                        resample,
                        "interpolate: corners can only be aligned for linear and bicubic interpolation (mode NEAREST). "
                                + "Hint: leave alignCorners out.",
                        () -> InterpolateParams.nearest().alignCorners(true)),
                new OpError(
                        resample,
                        "interpolate: sizes must be at least 1, and scales positive and finite (size [0], scale [])",
                        () -> up.size(0)),
                new OpError(
                        resample,
                        "interpolate: operands must be F32, got I64 [1, 1, 2, 2]. Hint: call to(DType.F32).",
                        () -> on.zeros(DType.I64, Shape.of(1, 1, 2, 2)).interpolate(up.scale(2))),
                new OpError(
                        resample,
                        "pad2d: 3 before and 0 after a dimension of size 3 is not possible. "
                                + "Hint: to reflect, padding must be less than the size.",
                        () -> image.pad2d(PaddingMode.REFLECT, 3, 0, 0, 0)),
                new OpError(
                        resample,
                        "pad2d: 0 before and 5 after a dimension of size 4 is not possible. "
                                + "Hint: to repeat, padding must not exceed the size.",
                        () -> image.pad2d(PaddingMode.CIRCULAR, 0, 0, 0, 5)),
                new OpError(
                        resample,
                        "pad1d: -1 before and 0 after a dimension of size 5 is not possible: "
                                + "padding must not be negative. Hint: use slice to crop.",
                        () -> sequence.pad1d(PaddingMode.REPLICATE, -1, 0)),
                new OpError(
                        resample,
                        "pad1d: input must be [N, C, L], got [1, 2, 3, 4]",
                        () -> image.pad1d(PaddingMode.REPLICATE, 1, 1)),
                new OpError(
                        resample,
                        "pad2d: operands must be F32, got I64 [1, 1, 2, 2]. Hint: call to(DType.F32).",
                        () -> on.zeros(DType.I64, Shape.of(1, 1, 2, 2)).pad2d(PaddingMode.REPLICATE, 1, 1, 1, 1)));
    }
}
