package dev.graft.cpu.conv.parts;

import dev.graft.backend.Activation;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ChannelBlocks;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;

/** An {@link Epilogue} as arrays, applied to a block of results while it is in cache. */
public final class PlainEpilogue {
    private final ElementLoops kernels;
    private final Optional<float[]> scale;
    private final Optional<float[]> shift;
    private final Optional<float[]> residual;
    private final int residualAt;
    private final Activation activation;

    /** {@code residual} has the layout of the result. */
    public PlainEpilogue(ElementLoops kernels, Epilogue epilogue, Optional<View> residual) {
        this.kernels = kernels;
        this.scale = epilogue.scale().map(PlainEpilogue::values);
        this.shift = epilogue.shift().map(PlainEpilogue::values);
        this.residual = residual.map(CpuStorage::floats);
        this.residualAt = residual.map(CpuStorage::offset).orElse(0);
        this.activation = epilogue.activation();
    }

    private static float[] values(View view) {
        return Arrays.copyOfRange(
                CpuStorage.floats(view), CpuStorage.offset(view), CpuStorage.offset(view) + view.numel());
    }

    /** The epilogue for blocks of rows whose channels are {@code [channel, channel + rows.channels())}. */
    public Channels channels(ChannelBlocks rows, int channel) {
        return new Channels(rows, channel);
    }

    public final class Channels {
        private final boolean scales = scale.isPresent() || shift.isPresent();
        private final float[] scaleBlock;
        private final float[] shiftBlock;

        private Channels(ChannelBlocks rows, int channel) {
            scaleBlock = scales
                    ? scale.map(s -> rows.spread(s, channel)).orElseGet(() -> filled(rows.width(), 1f))
                    : new float[0];
            shiftBlock = scales
                    ? shift.map(s -> rows.spread(s, channel)).orElseGet(() -> Workspace.block(rows.width()))
                    : new float[0];
        }

        private static float[] filled(int n, float value) {
            float[] block = Workspace.block(n);
            Arrays.fill(block, value);
            return block;
        }

        public boolean isEmpty() {
            return !scales && residual.isEmpty() && activation == Activation.NONE;
        }

        public void scaleShift(float[] block, int count) {
            if (scales) {
                kernels.scaleShift(block, scaleBlock, shiftBlock, block, 0, count);
            }
        }

        /** Copies the residual of {@code count} results at {@code place} in the result to {@code block[at..]}. */
        public void loadResidual(int place, float[] block, int at, int count) {
            residual.ifPresent(r -> System.arraycopy(r, residualAt + place, block, at, count));
        }

        public void addResidual(float[] residuals, float[] block, int count) {
            if (residual.isPresent()) {
                kernels.addScaled(1f, residuals, block, 0, count);
            }
        }

        public void activate(float[] block, int count) {
            kernels.activate(activation, block, 0, count);
        }
    }
}
