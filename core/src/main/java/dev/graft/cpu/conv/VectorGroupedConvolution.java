package dev.graft.cpu.conv;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.depthwise.RepeatedConvolution;
import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/**
 * Grouped convolution, by the cheaper of two: channel by channel on repeated inputs, which suits small groups, or group
 * by group as convolutions of one group, on copies of the group's channels.
 */
public final class VectorGroupedConvolution implements ConvolutionAlgorithm {
    private static final int LANES = Vectors.LANES;
    // Prices of a group's work for a pixel, in vector multiply-adds of a matrix product (measured by ShapeSweep).
    private static final double REPEATED_TAP = 2;
    private static final double REPEATED_VECTOR = 3;
    private static final double REPEATED_SCALARS = 24;
    private static final double GATHERED_RUN = 14;
    private static final double SCATTERED_VECTOR = 3;
    private static final double COPIES = 50;

    /** Groups with less work than this run side by side, each on one thread. */
    private static final long SMALL = 1 << 22;

    private final ExecutionContext context;
    private final ChannelsLast layout;
    private final ConvolutionAlgorithm repeated;
    private final ConvolutionAlgorithm dense;

    /** @param dense for one group */
    public VectorGroupedConvolution(ExecutionContext context, ChannelsLast layout, ConvolutionAlgorithm dense) {
        this.context = context;
        this.layout = layout;
        this.repeated = new RepeatedConvolution(context);
        this.dense = dense;
    }

    /**
     * Whether repeating is cheaper, for groups of {@code inputs} that are read and {@code outputs} that are written.
     *
     * @param spread pixels that are read for a result
     */
    private static boolean repeats(
            View w, Conv2dParams params, int inputs, int outputs, double spread, boolean scatters) {
        if (!RepeatedConvolution.fits(w, params)) {
            return false;
        }
        int taps = w.dim(2) * w.dim(3);
        int reach = (LANES - 1) / outputs * inputs;
        double repeating = reach < 2 * LANES ? REPEATED_VECTOR : REPEATED_SCALARS;
        int channels = outputs * params.groups();
        double lanes = (double) inputs * outputs / LANES * MicroKernel.padded(channels) / channels;
        double repeatedCost = lanes * (taps * REPEATED_TAP + Math.max(1, spread) * repeating);
        double gathered = vectors(outputs) * inputs * taps + taps * (taps > 1 ? GATHERED_RUN : 1);
        double scattered = inputs * vectors(outputs * taps) + taps * SCATTERED_VECTOR;
        double products = scatters ? Math.min(gathered, scattered) : gathered;
        return repeatedCost < products + COPIES;
    }

    private static double spread(View x, View y) {
        return (double) x.dim(2) * x.dim(3) / (y.dim(2) * y.dim(3));
    }

    private static double vectors(int columns) {
        return (double) MicroKernel.padded(columns) / LANES;
    }

    private static int outputs(View w, Conv2dParams params) {
        return w.dim(0) / params.groups();
    }

    @Override
    public void forward(View x, View w, Epilogue epilogue, Optional<View> residual, View y, Conv2dParams params) {
        if (repeats(w, params, w.dim(1), outputs(w, params), spread(x, y), false)) {
            repeated.forward(x, w, epilogue, residual, y, params);
            return;
        }
        eachGroup(w, y, params, group -> {
            Optional<ChannelsLast.Borrowed> added = residual.map(r -> layout.source(part(r, 1, group, params)));
            try (ChannelsLast.Borrowed in = layout.source(part(x, 1, group, params));
                    ChannelsLast.Borrowed out = layout.target(part(y, 1, group, params))) {
                Optional<View> addedView = added.map(ChannelsLast.Borrowed::view);
                Epilogue end = new Epilogue(
                        epilogue.scale().map(s -> part(s, 0, group, params)),
                        epilogue.shift().map(s -> part(s, 0, group, params)),
                        addedView,
                        epilogue.activation());
                dense.forward(in.view(), part(w, 0, group, params), end, addedView, out.view(), params.groups(1));
            } finally {
                added.ifPresent(ChannelsLast.Borrowed::close);
            }
        });
    }

    @Override
    public void backwardInput(View dy, View w, View dx, Conv2dParams params) {
        if (repeats(w, params, outputs(w, params), w.dim(1), 1, true)) {
            repeated.backwardInput(dy, w, dx, params);
            return;
        }
        eachGroup(w, dy, params, group -> {
            try (ChannelsLast.Borrowed in = layout.source(part(dy, 1, group, params));
                    ChannelsLast.Borrowed out = layout.target(part(dx, 1, group, params))) {
                dense.backwardInput(in.view(), part(w, 0, group, params), out.view(), params.groups(1));
            }
        });
    }

    @Override
    public boolean backwardWeight(View x, View dy, View dw, Conv2dParams params) {
        if (repeats(dw, params, dw.dim(1), outputs(dw, params), spread(x, dy), false)) {
            return repeated.backwardWeight(x, dy, dw, params);
        }
        AtomicBoolean strange = new AtomicBoolean();
        eachGroup(dw, dy, params, group -> {
            try (ChannelsLast.Borrowed in = layout.source(part(x, 1, group, params));
                    ChannelsLast.Borrowed gradient = layout.source(part(dy, 1, group, params))) {
                if (!dense.backwardWeight(in.view(), gradient.view(), part(dw, 0, group, params), params.groups(1))) {
                    strange.set(true);
                }
            }
        });
        return !strange.get();
    }

    private void eachGroup(View w, View y, Conv2dParams params, IntConsumer work) {
        int groups = params.groups();
        long size = (long) y.numel() / groups * w.dim(1) * w.dim(2) * w.dim(3);
        if (groups > 1 && size < SMALL) {
            context.forEach(groups, work);
            return;
        }
        for (int group = 0; group < groups; group++) {
            work.accept(group);
        }
    }

    /** One group's share of an axis. */
    private static View part(View view, int axis, int group, Conv2dParams params) {
        int size = view.dim(axis) / params.groups();
        long offset = view.offset() + (long) group * size * view.strides()[axis];
        return new View(view.storage(), offset, view.shape().with(axis, size), view.strides());
    }
}
