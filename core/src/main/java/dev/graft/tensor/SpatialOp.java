package dev.graft.tensor;

import dev.graft.backend.AxisTaps;
import dev.graft.type.Shape;

/** Operators along the height and width of images {@code [N, C, H, W]}. */
sealed interface SpatialOp extends Op {

    /**
     * A linear map along the height and one along the width: interpolation, and padding by what is inside.
     *
     * @param name the function's
     */
    record Resample2d(String name, AxisTaps rows, AxisTaps columns) implements SpatialOp {
        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Op.requireFloat(name, in);
            Shape x = in[0].shape();
            return run(in[0], rows, columns, Shape.of(name, x.dim(0), x.dim(1), rows.count(), columns.count()));
        }

        private static Tensor run(Tensor x, AxisTaps rows, AxisTaps columns, Shape shape) {
            Tensor source = Raw.images(x);
            Tensor y = Raw.emptyImages(source, shape);
            x.backend().resample2d(source.view(), rows, columns, y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            return new Tensor[] {run(dy, rows.transposed(), columns.transposed(), saved.shape(0))};
        }
    }
}
