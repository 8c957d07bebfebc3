package dev.graft.cpu.conv.depthwise;

import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Vectors;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@link DepthwiseConvolution} for kernels of common sizes, by {@link DepthwiseBlock} and
 * {@link DepthwiseGradientBlock}, and for others, by {@link RepeatedConvolution}.
 */
public final class VectorDepthwiseConvolution extends DepthwiseConvolution {
    // Least products in a strip of result rows: several microseconds of work.
    private static final int STRIP = 1 << 18;
    // The same for weight gradients, whose pieces have separate sums.
    private static final int GRADIENT_STRIP = 1 << 19;
    private static final int SUMMED_CHANNELS = 128;
    /** Fewer fill too little of a vector. */
    private static final int LEAST_CHANNELS = Vectors.LANES / 2;

    private final RepeatedConvolution repeated;

    public VectorDepthwiseConvolution(ExecutionContext context) {
        super(context);
        this.repeated = new RepeatedConvolution(context);
    }

    @Override
    public void run(
            int images,
            ImageArray source,
            View w,
            PixelMap map,
            ImageArray target,
            Epilogue epilogue,
            Optional<View> residual) {
        if (residual.isPresent() || !DepthwiseBlock.fits(map, target.channels())) {
            if (RepeatedConvolution.fits(map) && target.channels() >= LEAST_CHANNELS) {
                repeated.single(
                        images, source, w, map, target, new VectorEpilogue(epilogue, residual, target.channels()));
            } else {
                super.run(images, source, w, map, target, epilogue, residual);
            }
            return;
        }
        float[] weights = packed(w, map);
        VectorEpilogue finish = new VectorEpilogue(epilogue, Optional.empty(), source.channels());
        int strips = strips(map, source.channels(), STRIP);
        context.forEach(images * strips, task -> {
            DepthwiseBlock block = new DepthwiseBlock(source, map, weights, 0, target, finish, context.workspace());
            int strip = task % strips;
            block.rows(task / strips, firstRow(map, strip, strips), firstRow(map, strip + 1, strips));
        });
    }

    private static int strips(PixelMap map, int channels, int least) {
        long work = (long) map.rows() * map.columns() * map.taps() * channels;
        return (int) Math.max(1, Math.min(work / least, map.rows()));
    }

    private static int firstRow(PixelMap map, int strip, int strips) {
        return (int) ((long) map.rows() * strip / strips);
    }

    @Override
    public boolean gradient(int images, ImageArray source, ImageArray gradient, PixelMap map, View dw) {
        if (!DepthwiseGradientBlock.fits(map, source.channels())) {
            return (RepeatedConvolution.fits(map) && source.channels() >= LEAST_CHANNELS)
                    ? repeated.singleGradient(images, source, gradient, map, dw)
                    : super.gradient(images, source, gradient, map, dw);
        }
        int strips = strips(map, source.channels(), GRADIENT_STRIP);
        int tasks = images * strips;
        int pieceTasks = Math.max(1, (tasks + PARTIAL_SUMS - 1) / PARTIAL_SUMS);
        int pieces = Math.max(1, (tasks + pieceTasks - 1) / pieceTasks);
        DepthwiseGradientBlock[] blocks = new DepthwiseGradientBlock[pieces];
        context.forEach(pieces, piece -> {
            DepthwiseGradientBlock block = new DepthwiseGradientBlock(source, gradient, map);
            for (int task = piece * pieceTasks; task < Math.min(tasks, (piece + 1) * pieceTasks); task++) {
                int strip = task % strips;
                block.add(task / strips, firstRow(map, strip, strips), firstRow(map, strip + 1, strips));
            }
            blocks[piece] = block;
        });
        float[] data = CpuStorage.floatsToWrite(dw);
        int[] strides = CpuStorage.strides(dw);
        int columns = map.columnOffsets().length;
        AtomicBoolean strange = new AtomicBoolean();
        context.forRange(source.channels(), SUMMED_CHANNELS, (from, to) -> {
            for (int c = from; c < to; c++) {
                for (int tap = 0; tap < map.taps(); tap++) {
                    double total = 0;
                    for (DepthwiseGradientBlock block : blocks) {
                        total += block.total(tap, c);
                    }
                    data[
                                    CpuStorage.offset(dw)
                                            + c * strides[0]
                                            + tap / columns * strides[2]
                                            + tap % columns * strides[3]] =
                            (float) total;
                    if (!Double.isFinite(total)) {
                        strange.set(true);
                    }
                }
            }
        });
        return !strange.get();
    }
}
