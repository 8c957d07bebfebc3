package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.depthwise.DepthwiseConvolution;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.pool.MaxPooling;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Optional;

/** Convolution by the best algorithm for its shape and groups, on channels-last images. */
public final class Convolution {

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final MaxPooling pooling;
    private final EdgeResults edges;
    private final ConvolutionAlgorithm depthwise;
    private final ConvolutionAlgorithm dense;
    private final ConvolutionAlgorithm grouped;

    /**
     * @param depthwise for as many groups as channels
     * @param dense for one group
     * @param grouped for any other number of groups
     */
    public Convolution(
            ExecutionContext context,
            ChannelsLast layout,
            MaxPooling pooling,
            ConvolutionAlgorithm depthwise,
            ConvolutionAlgorithm dense,
            ConvolutionAlgorithm grouped) {
        this.context = context;
        this.layout = layout;
        this.pooling = pooling;
        this.edges = new EdgeResults(context);
        this.depthwise = depthwise;
        this.dense = dense;
        this.grouped = grouped;
    }

    private ConvolutionAlgorithm algorithm(View x, View w, Conv2dParams params) {
        context.awaitKernels();
        if (DepthwiseConvolution.fits(x, w, params)) {
            return depthwise;
        }
        return params.groups() == 1 ? dense : grouped;
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
            pooling.forward(results.view(), epilogue.maxPool().get(), y, Optional.empty());
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
            layout.clear(dw); // no sum has a term
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
