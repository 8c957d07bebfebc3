package dev.graft.tensor;

import dev.graft.backend.PoolWindows;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;

/** Pooling of {@code [N, C, H, W]}; the windows are plain, or adaptive to an output size. */
sealed interface PoolOp extends Op {

    /** What both poolings look at: parameters, or an output size to adapt to. */
    record Windows(Optional<Pool2dParams> params, int outputHeight, int outputWidth) {
        static Windows of(Pool2dParams params) {
            return new Windows(Optional.of(params), 0, 0);
        }

        static Windows adaptive(int height, int width) {
            return new Windows(Optional.empty(), height, width);
        }

        PoolWindows of(String op, Shape x) {
            if (x.rank() != 4 || x.dim(2) < 1 || x.dim(3) < 1) {
                throw new IllegalArgumentException(
                        op + ": input must be [N, C, H, W] with at least one pixel, got " + x);
            }
            if (params.isEmpty() && (outputHeight < 1 || outputWidth < 1)) {
                throw new IllegalArgumentException(
                        op + ": output size must be at least 1x1, got " + outputHeight + "x" + outputWidth);
            }
            // Before the tables, whose length is that of the output.
            Shape.of(
                    op,
                    x.dim(0),
                    x.dim(1),
                    params.map(p -> p.outputHeight(x.dim(2))).orElse(outputHeight),
                    params.map(p -> p.outputWidth(x.dim(3))).orElse(outputWidth));
            return params.map(p -> p.windows(x.dim(2), x.dim(3)))
                    .orElseGet(() -> Pool2dParams.adaptive(x.dim(2), x.dim(3), outputHeight, outputWidth));
        }

        static Shape output(Shape x, PoolWindows windows) {
            return Shape.of(x.dim(0), x.dim(1), windows.outputHeight(), windows.outputWidth());
        }
    }

    record MaxPool2d(Windows windows) implements PoolOp {
        @Override
        public String name() {
            return "maxPool2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            PoolWindows table = windows.of(name(), in[0].shape());
            Op.requireFloat(name(), in);
            Tensor x = Raw.channelsLast(in[0]);
            Shape shape = Windows.output(x.shape(), table);
            Tensor y = Raw.emptyChannelsLast(x, shape);
            if (!saved.recording()) {
                x.backend().maxPool2d(x.view(), table, y.view(), Optional.empty());
                return y;
            }
            Tensor index = Raw.emptyChannelsLast(x, DType.I32, shape);
            x.backend().maxPool2d(x.view(), table, y.view(), Optional.of(index.view()));
            saved.put(0, index);
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.emptyChannelsLast(dy, saved.shape(0));
            dy.backend()
                    .maxPool2dBackward(
                            Raw.channelsLast(dy).view(),
                            saved.get(0).view(),
                            windows.of(name(), saved.shape(0)),
                            dx.view());
            return new Tensor[] {dx};
        }
    }

    record AvgPool2d(Windows windows) implements PoolOp {
        @Override
        public String name() {
            return "avgPool2d";
        }

        @Override
        public Tensor forward(Saved saved, Tensor[] in) {
            PoolWindows table = windows.of(name(), in[0].shape());
            Op.requireFloat(name(), in);
            Tensor x = Raw.channelsLast(in[0]);
            Tensor y = Raw.emptyChannelsLast(x, Windows.output(x.shape(), table));
            x.backend().avgPool2d(x.view(), table, y.view());
            return y;
        }

        @Override
        public Tensor[] backward(Saved saved, Tensor dy, boolean[] needs) {
            Tensor dx = Raw.emptyChannelsLast(dy, saved.shape(0));
            dy.backend().avgPool2dBackward(Raw.channelsLast(dy).view(), windows.of(name(), saved.shape(0)), dx.view());
            return new Tensor[] {dx};
        }
    }
}
