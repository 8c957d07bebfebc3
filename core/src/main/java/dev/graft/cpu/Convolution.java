package dev.graft.cpu;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Arrays;
import java.util.Optional;

/** Convolution by the best algorithm for its shape: this class chooses between depthwise, vector and OpenBLAS algorithms. */
final class Convolution {

    /** What every algorithm computes, on channels-last images that are not empty. */
    interface Algorithm {
        /** Takes maxima only where it {@link #pools}. */
        void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params);

        /** Whether this algorithm takes maxima of such windows on the way. */
        default boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
            return false;
        }

        void backwardInput(View dy, View w, View dx, Conv2dParams params);

        void backwardWeight(View x, View dy, View dw, Conv2dParams params);
    }

    private final Engine engine;
    private final ChannelsLast layout;
    private final Pooling pooling;
    private final Algorithm depthwise;
    private final Algorithm blas;
    private final Optional<Algorithm> vector;

    Convolution(Engine engine, ChannelsLast layout, Pooling pooling) {
        this.engine = engine;
        this.layout = layout;
        this.pooling = pooling;
        this.depthwise = new DepthwiseConvolution(engine);
        this.blas = new BlasConvolution(engine);
        this.vector = engine.usesVectors() ? Optional.of(new VectorConvolution(engine)) : Optional.empty();
    }

    private Algorithm algorithm(View x, View w, Conv2dParams params) {
        engine.awaitKernels();
        if (DepthwiseConvolution.fits(x, w, params)) {
            return depthwise;
        }
        return params.groups() == 1 ? vector.orElse(blas) : blas;
    }

    void forward(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        if (y.numel() == 0) {
            return;
        }
        if (epilogue.maxPool().isPresent() && !algorithm(x, w, params).pools(x, w, epilogue, params)) {
            forwardThenPool(x, w, epilogue, y, params);
            return;
        }
        Optional<ChannelsLast.Borrowed> residual = epilogue.residual().map(layout::source);
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed out = layout.target(y)) {
            algorithm(x, w, params).forward(in.view(), w, epilogue, residual.map(ChannelsLast.Borrowed::view), out.view(), params);
        } finally {
            residual.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    private void forwardThenPool(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        try (ChannelsLast.Borrowed results = layout.scratch(params.outputShape(x.shape(), w.shape()))) {
            forward(x, w, epilogue.withoutMaxPool(), results.view(), params);
            pooling.maxPool(results.view(), epilogue.maxPool().get(), y, Optional.empty());
        }
    }

    void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (dx.numel() == 0) {
            return;
        }
        try (ChannelsLast.Borrowed in = layout.source(dy); ChannelsLast.Borrowed out = layout.target(dx)) {
            algorithm(dx, w, params).backwardInput(in.view(), w, out.view(), params);
        }
    }

    void backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (dw.numel() == 0) {
            return;
        }
        if (dy.numel() == 0) {
            // No sum has a term; gradients lie densely.
            Arrays.fill(CpuStorage.floatsToWrite(dw), dw.offset(), dw.offset() + dw.numel(), 0f);
            return;
        }
        try (ChannelsLast.Borrowed in = layout.source(x); ChannelsLast.Borrowed gradient = layout.source(dy)) {
            algorithm(x, dw, params).backwardWeight(in.view(), gradient.view(), dw, params);
        }
    }
}
