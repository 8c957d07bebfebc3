package dev.graft.tensor;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.type.Shape;

/** Functions of {@link Tensor} on images and sequences that are composed of several operators. */
final class Spatial {
    private Spatial() {}

    static Tensor interpolate(Tensor x, InterpolateParams params) {
        String name = "interpolate";
        x.checkOpen(name);
        if (x.rank() != 3 && x.rank() != 4) {
            throw new IllegalArgumentException(name + ": input must be [N, C, L] or [N, C, H, W], got " + x.shape());
        }
        AxisTaps columns = params.taps(x.shape(), x.rank() - 1);
        if (x.rank() == 4) {
            return Op.apply(new SpatialOp.Resample2d(name, params.taps(x.shape(), 2), columns), x);
        }
        return Composite.asRow(name, x, row -> Op.apply(new SpatialOp.Resample2d(name, identity(1), columns), row));
    }

    private static AxisTaps identity(int size) {
        return AxisTaps.of(size, size, (i, taps) -> taps.add(i, 1));
    }

    static Tensor pad2d(Tensor x, PaddingMode mode, int top, int bottom, int left, int right) {
        String name = "pad2d";
        x.checkOpen(name);
        if (mode == PaddingMode.ZEROS) {
            return x.pad2d(top, bottom, left, right);
        }
        if (x.rank() != 4) {
            throw new IllegalArgumentException(name + ": input must be [N, C, H, W], got " + x.shape());
        }
        return Refusal.under(name, () -> {
            checkSize(name, x, (long) top + bottom, (long) left + right);
            return Op.apply(
                    new SpatialOp.Resample2d(name, mode.taps(x.dim(2), top, bottom), mode.taps(x.dim(3), left, right)),
                    x);
        });
    }

    // Before the maps are made, which take memory themselves.
    private static void checkSize(String name, Tensor x, long rows, long columns) {
        if (rows >= 0 && columns >= 0) {
            Shape.of(name, x.dim(0), x.dim(1), x.dim(2) + rows, x.dim(3) + columns);
        }
    }

    static Tensor pad1d(Tensor x, PaddingMode mode, int left, int right) {
        return Composite.asRow("pad1d", x, row -> pad2d(row, mode, 0, 0, left, right));
    }

    static Tensor pad1d(Tensor x, int left, int right, float value) {
        return Composite.asRow("pad1d", x, row -> row.pad2d(0, 0, left, right, value));
    }
}
