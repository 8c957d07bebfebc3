package dev.graft.tensor;

import dev.graft.backend.AdaptivePool2dParams;
import dev.graft.backend.PoolGeometry;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;

/** Pooling of {@code [N, C, H, W]}. */
sealed interface PoolOp extends Op {

    /** An adaptive geometry, for the function that the user called. */
    static PoolGeometry adaptive(String function, int height, int width) {
        return Refusal.under(function, () -> new AdaptivePool2dParams(height, width));
    }

    record MaxPool2d(PoolGeometry geometry) implements PoolOp {
        @Override
        public String name() {
            return "maxPool2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape shape = geometry.outputShape(name(), in[0].shape());
            Op.requireFloat(name(), in);
            Tensor x = Raw.images(in[0]);
            Tensor y = Raw.emptyImages(x, shape);
            if (!saved.recording()) {
                x.backend().maxPool2d(x.view(), geometry, y.view(), Optional.empty());
                return y;
            }
            Tensor index = Raw.emptyLike(y, DType.I32);
            x.backend().maxPool2d(x.view(), geometry, y.view(), Optional.of(index.view()));
            saved.put(0, index);
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.emptyImages(dy, saved.shape(0));
            dy.backend().maxPool2dBackward(Raw.images(dy).view(), saved.get(0).view(), geometry, dx.view());
            return new Tensor[] {dx};
        }
    }

    record AvgPool2d(PoolGeometry geometry) implements PoolOp {
        @Override
        public String name() {
            return "avgPool2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            Shape shape = geometry.outputShape(name(), in[0].shape());
            Op.requireFloat(name(), in);
            Tensor x = Raw.images(in[0]);
            Tensor y = Raw.emptyImages(x, shape);
            x.backend().avgPool2d(x.view(), geometry, y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.emptyImages(dy, saved.shape(0));
            dy.backend().avgPool2dBackward(Raw.images(dy).view(), geometry, dx.view());
            return new Tensor[] {dx};
        }
    }
}
