package dev.graft.tensor;

import dev.graft.type.DType;
import java.util.function.Supplier;

/** Functions of {@link Tensor} that look at the order of elements: extremes with their places, sorting. */
final class Ordering {
    private Ordering() {}

    /** Places of the first largest or smallest elements, along a dimension that stays with size 1. */
    private static Tensor places(String name, Tensor x, int axis, boolean largest) {
        requireOrdered(name, x);
        if (x.dim(axis) == 0) {
            throw new IllegalArgumentException(
                    name + ": no element to choose from along dimension " + axis + " of " + x.shape());
        }
        if (x.dtype() != DType.F32) {
            return order(name, x, axis, 1, largest);
        }
        Tensor y = Raw.empty(x.backend(), DType.I64, x.shape().with(axis, 1));
        x.backend().argmax(largest ? x.view() : negative(x).view(), axis, y.view());
        return y;
    }

    /** NaN has no sign: it counts as largest of these too. */
    private static Tensor negative(Tensor x) {
        return Raw.scale(x, -1);
    }

    static Tensor argExtreme(String name, Tensor x, int axis, boolean largest) {
        x.checkUsable(name, x);
        int at = x.shape().axis(name, axis);
        try (Scope scope = Scope.open()) {
            Tensor y = places(name, x, at, largest);
            return scope.keep(Raw.reshape(y, Shapes.remove(name, y.shape(), at, true)));
        }
    }

    static ValuesAndIndices extreme(Tensor x, int axis, boolean keepDim, boolean largest) {
        String name = largest ? "max" : "min";
        x.checkOpen(name);
        int at = x.shape().axis(name, axis);
        return pair(name, () -> {
            Tensor places = places(name, x, at, largest);
            return chosen(x, at, places, keepDim);
        });
    }

    static ValuesAndIndices sort(Tensor x, int axis, boolean descending) {
        x.checkOpen("sort");
        int at = x.shape().axis("sort", axis);
        return pair("sort", () -> chosen(x, at, order("sort", x, at, x.dim(at), descending), true));
    }

    static Tensor argsort(Tensor x, int axis, boolean descending) {
        x.checkOpen("argsort");
        int at = x.shape().axis("argsort", axis);
        try (Scope scope = Scope.open()) {
            return scope.keep(order("argsort", x, at, x.dim(at), descending));
        }
    }

    static ValuesAndIndices topk(Tensor x, int axis, int k, boolean largest) {
        x.checkOpen("topk");
        int at = x.shape().axis("topk", axis);
        if (k < 0 || k > x.dim(at)) {
            throw new IllegalArgumentException("topk: k must be from 0 to " + x.dim(at) + ", the size of dimension "
                    + axis + ", got " + k + " (input " + x.shape() + ")");
        }
        return pair("topk", () -> chosen(x, at, order("topk", x, at, k, largest), true));
    }

    private static Tensor order(String name, Tensor x, int axis, int kept, boolean descending) {
        requireOrdered(name, x);
        Tensor y = Raw.empty(x.backend(), DType.I64, x.shape().with(axis, kept));
        x.backend().argsort(x.view(), axis, descending, y.view());
        return y;
    }

    private static void requireOrdered(String name, Tensor x) {
        if (x.dtype() != DType.F32 && !Op.isInteger(x)) {
            throw new IllegalArgumentException(name + ": input must be F32, I64 or I32, got " + x.dtype() + " "
                    + x.shape() + ". Hint: call to(DType.F32).");
        }
    }

    private static ValuesAndIndices chosen(Tensor x, int axis, Tensor places, boolean keepDim) {
        Tensor values = x.gather(axis, places);
        return keepDim
                ? new ValuesAndIndices(values, places)
                : new ValuesAndIndices(values.squeeze(axis), places.squeeze(axis));
    }

    /** As {@code Composite.under}, for two results. */
    private static ValuesAndIndices pair(String function, Supplier<ValuesAndIndices> body) {
        return Refusal.under(function, () -> {
            try (Scope scope = Scope.open()) {
                ValuesAndIndices y = body.get();
                return new ValuesAndIndices(Composite.kept(scope, function, y.values()), scope.keep(y.indices()));
            }
        });
    }
}
