package dev.graft.backend;

import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * How to resize images {@code [N, C, H, W]} or sequences {@code [N, C, L]}, as <a
 * href="https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html">torch.nn.functional.interpolate</a>
 * does without anti-aliasing and without {@code recompute_scale_factor}. Made by {@code bilinear().size(14, 14)},
 * {@code nearest().scale(2)} and the like.
 *
 * @param size of the result, one number for each dimension after the channels; empty if the scale decides it
 * @param scale factors by which the sizes grow, rounded down; the coordinates follow the factors, not the rounded sizes
 * @param alignCorners whether the first and last pixels of both images have the same centres; only for linear and
 *     bicubic interpolation
 */
public record InterpolateParams(Mode mode, List<Integer> size, List<Double> scale, boolean alignCorners) {
    private static final double CUBIC = -0.75;

    /** How a result follows from the pixels around it. */
    public enum Mode {
        /** The pixel at the rounded-down coordinate, as PyTorch's {@code "nearest"} (and OpenCV's). */
        NEAREST,
        /** The pixel whose centre is nearest, as PyTorch's {@code "nearest-exact"} (and Pillow's). */
        NEAREST_EXACT,
        /** Linear along each dimension: PyTorch's {@code "linear"} for sequences and {@code "bilinear"} for images. */
        LINEAR,
        /** Cubic convolution along each dimension with a = -0.75; for images. */
        BICUBIC
    }

    public InterpolateParams {
        size = List.copyOf(size);
        scale = List.copyOf(scale);
        if (alignCorners && (mode == Mode.NEAREST || mode == Mode.NEAREST_EXACT)) {
            throw new IllegalArgumentException(
                    "interpolate: corners can only be aligned for linear and bicubic interpolation (mode " + mode
                            + "). Hint: leave alignCorners out.");
        }
        if (!size.isEmpty() && !scale.isEmpty()) {
            throw new IllegalArgumentException(
                    "interpolate: either a size or a scale decides, not both (size " + size + ", scale " + scale + ")");
        }
        if (size.stream().anyMatch(s -> s < 1) || scale.stream().anyMatch(s -> !(s > 0) || Double.isInfinite(s))) {
            throw new IllegalArgumentException(
                    "interpolate: sizes must be at least 1, and scales positive and finite (size " + size + ", scale "
                            + scale + ")");
        }
    }

    private static InterpolateParams of(Mode mode) {
        return new InterpolateParams(mode, List.of(), List.of(), false);
    }

    public static InterpolateParams nearest() {
        return of(Mode.NEAREST);
    }

    public static InterpolateParams nearestExact() {
        return of(Mode.NEAREST_EXACT);
    }

    /** For sequences; the same as {@link #bilinear}. */
    public static InterpolateParams linear() {
        return of(Mode.LINEAR);
    }

    public static InterpolateParams bilinear() {
        return of(Mode.LINEAR);
    }

    public static InterpolateParams bicubic() {
        return of(Mode.BICUBIC);
    }

    /** To this height and width, or length; one number is for all dimensions. */
    public InterpolateParams size(int... newSize) {
        return new InterpolateParams(mode, Arrays.stream(newSize).boxed().toList(), List.of(), alignCorners);
    }

    /** To so many times the size, rounded down; one number is for all dimensions. */
    public InterpolateParams scale(double... factors) {
        return new InterpolateParams(
                mode, List.of(), Arrays.stream(factors).boxed().toList(), alignCorners);
    }

    public InterpolateParams alignCorners(boolean on) {
        return new InterpolateParams(mode, size, scale, on);
    }

    /**
     * The map along one dimension of an input.
     *
     * @param axis a dimension after the channels
     * @throws IllegalArgumentException if these parameters do not fit the input
     */
    public AxisTaps taps(Shape input, int axis) {
        int spatial = input.rank() - 2;
        int given = Math.max(size.size(), scale.size());
        if (given == 0) {
            throw new IllegalArgumentException(
                    "interpolate: neither a size nor a scale is given. Hint: call size(...) or scale(...).");
        }
        if (given != 1 && given != spatial) {
            throw new IllegalArgumentException("interpolate: " + (size.isEmpty() ? "scale " + scale : "size " + size)
                    + " does not fit input " + input + ". Hint: give one number, or " + spatial + ".");
        }
        if (mode == Mode.BICUBIC && spatial != 2) {
            throw new IllegalArgumentException("interpolate: bicubic interpolation needs images [N, C, H, W], got "
                    + input + ". Hint: use linear().");
        }
        int from = input.dim(axis);
        if (from < 1) {
            throw new IllegalArgumentException("interpolate: input " + input + " has nothing to interpolate");
        }
        int which = given == 1 ? 0 : axis - 2;
        if (!size.isEmpty()) {
            return taps(from, size.get(which), 0);
        }
        double factor = scale.get(which);
        double length = Math.floor(from * factor);
        if (length < 1 || length > Shape.MOST_ELEMENTS) {
            throw new IllegalArgumentException("interpolate: scale " + factor + " makes " + (long) length + " of "
                    + from + " positions (input " + input + "). Hint: use another scale.");
        }
        return taps(from, (int) length, factor);
    }

    // The coordinates are PyTorch's. Those of the nearest pixel are rounded as its floats are, because one step more
    // or less is another pixel; the others are exact.
    private AxisTaps taps(int from, int to, double factor) {
        float step = factor == 0 ? (float) from / to : (float) (1 / factor);
        return switch (mode) {
            case NEAREST ->
                AxisTaps.of(from, to, (i, taps) -> taps.add(from == to ? i : (int) Math.min(i * step, from - 1), 1));
            case NEAREST_EXACT ->
                AxisTaps.of(from, to, (i, taps) -> taps.add((int) Math.min((i + 0.5f) * step, from - 1), 1));
            case LINEAR -> AxisTaps.of(from, to, (i, taps) -> linear(taps, from, to, factor, i));
            case BICUBIC -> AxisTaps.of(from, to, (i, taps) -> cubic(taps, from, to, factor, i));
        };
    }

    private double coordinate(int from, int to, double factor, int i) {
        if (alignCorners) {
            return to > 1 ? (double) i * (from - 1) / (to - 1) : 0;
        }
        return (i + 0.5) * (factor == 0 ? (double) from / to : 1 / factor) - 0.5;
    }

    private void linear(AxisTaps.Builder taps, int from, int to, double factor, int i) {
        double at = from == to ? i : Math.max(coordinate(from, to, factor, i), 0);
        int first = (int) Math.min(at, from - 1);
        double share = Math.min(at - first, 1);
        taps.add(first, 1 - share).add(Math.min(first + 1, from - 1), share);
    }

    private void cubic(AxisTaps.Builder taps, int from, int to, double factor, int i) {
        double at = coordinate(from, to, factor, i);
        int first = (int) Math.min(Math.floor(at), from - 1);
        double share = Math.min(Math.max(at - first, 0), 1);
        for (int k = -1; k <= 2; k++) {
            taps.add(Math.min(Math.max(first + k, 0), from - 1), cubicWeight(Math.abs(share - k)));
        }
    }

    /** Keys 1981, "Cubic convolution interpolation for digital image processing". */
    private static double cubicWeight(double d) {
        return d <= 1
                ? ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1
                : ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC;
    }
}
