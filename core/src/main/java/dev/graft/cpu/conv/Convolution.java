package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.depthwise.DepthwiseConvolution;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.pool.Pooling;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;
import java.util.Optional;

/**
 * Convolution by the best algorithm for its shape: this class chooses between depthwise, vector and OpenBLAS
 * algorithms.
 */
public final class Convolution {

    /** What every algorithm computes, on channels-last images that are not empty. */
    public interface Algorithm {
        /** Takes maxima only where it {@link #pools}. */
        public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params);

        /** Whether this algorithm takes maxima of such windows on the way. */
        default boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
            return false;
        }

        public void backwardInput(View dy, View w, View dx, Conv2dParams params);

        /**
         * Returns whether all of {@code dw} is finite. What is not may be right, or come from gradients that meet the
         * zeros around an image; see {@link EdgeResults}.
         */
        public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params);
    }

    /** Images {@code [first, first + count)} of a view. */
    static View images(View x, int first, int count) {
        return new View(
                x.storage(), x.offset() + first * x.strides()[0], x.shape().with(0, count), x.strides());
    }

    /** Work on images {@code [first, first + count)}. */
    @FunctionalInterface
    interface Redo {
        void run(int first, int count);
    }

    /** Runs {@code redo} for the images that are marked. */
    static void redo(boolean[] marked, Redo redo) {
        for (int i = 0; i < marked.length; i++) {
            int first = i;
            while (i < marked.length && marked[i]) {
                i++;
            }
            if (i > first) {
                redo.run(first, i - first);
            }
        }
    }

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final Pooling pooling;
    private final EdgeResults edges;
    private final Algorithm depthwise;
    private final Algorithm blas;
    private final Optional<Algorithm> vector;

    public Convolution(ExecutionContext context, ChannelsLast layout, Pooling pooling) {
        this.context = context;
        this.layout = layout;
        this.pooling = pooling;
        this.edges = new EdgeResults(context);
        this.depthwise = new DepthwiseConvolution(context);
        this.blas = new BlasConvolution(context);
        this.vector = context.usesVectors() ? Optional.of(new VectorConvolution(context)) : Optional.empty();
    }

    private Algorithm algorithm(View x, View w, Conv2dParams params) {
        context.awaitKernels();
        if (DepthwiseConvolution.fits(x, w, params)) {
            return depthwise;
        }
        return params.groups() == 1 ? vector.orElse(blas) : blas;
    }

    public void forward(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        if (y.numel() == 0) {
            return;
        }
        if (epilogue.maxPool().isPresent() && (w.numel() == 0 || !pools(x, w, epilogue, params))) {
            forwardThenPool(x, w, epilogue, y, params);
            return;
        }
        Optional<ChannelsLast.Borrowed> residual = epilogue.residual().map(layout::source);
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed out = layout.target(y)) {
            Optional<View> added = residual.map(ChannelsLast.Borrowed::view);
            if (w.numel() == 0) {
                edges.withoutTerms(epilogue, added, out.view());
                return;
            }
            algorithm(x, w, params).forward(in.view(), w, epilogue, added, out.view(), params);
            if (epilogue.maxPool().isEmpty()) {
                edges.forward(in.view(), w, epilogue, added, out.view(), params);
            }
        } finally {
            residual.ifPresent(ChannelsLast.Borrowed::close);
        }
    }

    private boolean pools(View x, View w, Epilogue epilogue, Conv2dParams params) {
        return algorithm(x, w, params).pools(x, w, epilogue, params) && edges.isFinite(w);
    }

    private void forwardThenPool(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        try (ChannelsLast.Borrowed results = layout.scratch(params.outputShape(x.shape(), w.shape()))) {
            forward(x, w, epilogue.withoutMaxPool(), results.view(), params);
            pooling.maxPool(results.view(), epilogue.maxPool().get(), y, Optional.empty());
        }
    }

    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (dx.numel() == 0) {
            return;
        }
        try (ChannelsLast.Borrowed in = layout.source(dy);
                ChannelsLast.Borrowed out = layout.target(dx)) {
            if (w.numel() == 0) {
                edges.withoutTerms(Epilogue.NONE, Optional.empty(), out.view());
                return;
            }
            algorithm(dx, w, params).backwardInput(in.view(), w, out.view(), params);
            edges.backwardInput(in.view(), w, out.view(), params);
        }
    }

    public void backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (dw.numel() == 0) {
            return;
        }
        if (dy.numel() == 0) {
            // No sum has a term; gradients lie densely.
            Arrays.fill(CpuStorage.floatsToWrite(dw), dw.offset(), dw.offset() + dw.numel(), 0f);
            return;
        }
        try (ChannelsLast.Borrowed in = layout.source(x);
                ChannelsLast.Borrowed gradient = layout.source(dy)) {
            if (!algorithm(x, dw, params).backwardWeight(in.view(), gradient.view(), dw, params)) {
                edges.backwardWeight(in.view(), gradient.view(), dw, params);
            }
        }
    }
}
