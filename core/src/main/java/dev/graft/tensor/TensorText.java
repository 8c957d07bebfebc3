package dev.graft.tensor;

import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A tensor's values as PyTorch prints them: all of up to 1000, else the first and last three of each dimension. Only
 * what is shown is read, so that it costs the same for a huge tensor, or one on another device.
 */
final class TensorText {
    private static final int WHOLE = 1000;
    private static final int EDGE = 3;
    private static final int LINE = 80;
    /** Ratio of the largest to the smallest size that a common exponent can show. */
    private static final double RANGE = 1000;

    private static final double LARGE = 1e8;
    private static final double SMALL = 1e-4;

    private final StringBuilder out = new StringBuilder();
    private final Tensor shown;
    private final int edge;
    private final boolean[] cut;
    private final List<String> numbers;
    private final int width;

    /** @param x on whose thread and scope nothing is left behind */
    static String of(Tensor x) {
        try (Scope scope = Scope.open()) {
            int edge = edge(x);
            if (edge == 0) {
                return "...";
            }
            TensorText text = new TensorText(x.detach(), edge);
            text.append(0, 0);
            return text.out.toString();
        }
    }

    private TensorText(Tensor x, int edge) {
        this.edge = edge;
        this.cut = new boolean[x.rank()];
        for (int i = 0; i < cut.length; i++) {
            cut[i] = x.numel() > WHOLE && x.dim(i) > 2 * edge;
        }
        this.shown = edges(x, 0);
        this.numbers = numbers(shown);
        this.width = numbers.stream().mapToInt(String::length).max().orElse(0);
    }

    /** How many elements of either end are shown, so that they are few altogether; 0 if one is too many. */
    private static int edge(Tensor x) {
        for (int edge = EDGE; edge > 0; edge--) {
            long count = 1;
            for (int i = 0; i < x.rank(); i++) {
                count *= Math.min(x.dim(i), 2 * edge);
            }
            if (x.numel() <= WHOLE || count <= WHOLE) {
                return edge;
            }
        }
        return 0;
    }

    /** Views down to the last dimension; only what is shown is copied. */
    private Tensor edges(Tensor x, int axis) {
        if (axis == x.rank()) {
            return x;
        }
        if (!cut[axis]) {
            return edges(x, axis + 1);
        }
        int size = x.dim(axis);
        return Tensor.concat(
                axis, edges(x.slice(axis, 0, edge), axis + 1), edges(x.slice(axis, size - edge, size), axis + 1));
    }

    private static List<String> numbers(Tensor x) {
        List<String> texts = new ArrayList<>();
        if (x.dtype() == DType.BOOL) {
            for (long v : x.toLongArray()) {
                texts.add(v == 0 ? "false" : "true");
            }
        } else if (!x.dtype().isFloat()) {
            for (long v : x.toLongArray()) {
                texts.add(Long.toString(v));
            }
        } else {
            float[] values = x.toFloatArray();
            String format = format(values);
            for (float v : values) {
                texts.add(
                        Float.isNaN(v)
                                ? "nan"
                                : Float.isInfinite(v)
                                        ? (v > 0 ? "inf" : "-inf")
                                        : String.format(Locale.ROOT, format, v));
            }
        }
        return texts;
    }

    /** One format for all of them: whole numbers, four decimals, or with an exponent. */
    private static String format(float[] values) {
        double smallest = Double.POSITIVE_INFINITY;
        double largest = 0;
        boolean whole = true;
        for (float v : values) {
            double size = Math.abs((double) v);
            if (size != 0 && size <= Float.MAX_VALUE) {
                smallest = Math.min(smallest, size);
                largest = Math.max(largest, size);
                whole &= Math.rint(size) == size;
            }
        }
        if (largest > RANGE * smallest || largest > LARGE || (!whole && smallest < SMALL)) {
            return "%.4e";
        }
        return whole ? "%.0f." : "%.4f";
    }

    /** @param at the first number of this part */
    private void append(int axis, int at) {
        if (axis == shown.rank()) {
            out.append(" ".repeat(width - numbers.get(at).length())).append(numbers.get(at));
            return;
        }
        boolean last = axis == shown.rank() - 1;
        int size = shown.dim(axis);
        int step = 1;
        for (int i = axis + 1; i < shown.rank(); i++) {
            step *= shown.dim(i);
        }
        int perLine = Math.max(1, (LINE - axis - 1) / (width + 2));
        String between = "," + (last ? " " : "\n".repeat(shown.rank() - axis - 1) + " ".repeat(axis + 1));
        out.append('[');
        for (int i = 0; i < (step == 0 ? 0 : size); i++) {
            if (i > 0) {
                out.append(last && i % perLine == 0 ? ",\n" + " ".repeat(axis + 1) : between);
            }
            if (cut[axis] && i == edge) {
                out.append("...").append(between);
            }
            append(axis + 1, at + i * step);
        }
        out.append(']');
    }
}
