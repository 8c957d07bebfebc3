package dev.graft.cpu;

import dev.graft.backend.Activation;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Arrays;
import java.util.Optional;

/** An {@link Epilogue} as arrays: applied to a block of results while it is in cache. */
final class ConvEpilogue {
    private final Kernels kernels;
    private final Optional<float[]> scale;
    private final Optional<float[]> shift;
    private final Optional<float[]> residual;
    private final int residualAt;
    private final Activation activation;

    /** {@code residual} lies in memory as the result does. */
    ConvEpilogue(Kernels kernels, Epilogue epilogue, Optional<View> residual) {
        this.kernels = kernels;
        this.scale = epilogue.scale().map(ConvEpilogue::values);
        this.shift = epilogue.shift().map(ConvEpilogue::values);
        this.residual = residual.map(CpuStorage::floats);
        this.residualAt = residual.map(View::offset).orElse(0);
        this.activation = epilogue.activation();
    }

    private static float[] values(View view) {
        return Arrays.copyOfRange(CpuStorage.floats(view), view.offset(), view.offset() + view.numel());
    }

    /** The epilogue for blocks of rows whose channels are {@code [channel, channel + rows.channels())}. */
    Channels channels(ChannelRows rows, int channel) {
        return new Channels(rows, channel);
    }

    final class Channels {
        private final boolean scales = scale.isPresent() || shift.isPresent();
        private final float[] scaleBlock;
        private final float[] shiftBlock;

        private Channels(ChannelRows rows, int channel) {
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

        boolean isEmpty() {
            return !scales && residual.isEmpty() && activation == Activation.NONE;
        }

        void scaleShift(float[] block, int count) {
            if (scales) {
                kernels.scaleShift(block, scaleBlock, shiftBlock, block, 0, count);
            }
        }

        /**
         * Copies the residual of {@code count} results that lie at {@code place} of the result to {@code block[at..]}.
         */
        void loadResidual(int place, float[] block, int at, int count) {
            residual.ifPresent(r -> System.arraycopy(r, residualAt + place, block, at, count));
        }

        void addResidual(float[] residuals, float[] block, int count) {
            if (residual.isPresent()) {
                kernels.addScaled(1f, residuals, block, 0, count);
            }
        }

        void activate(float[] block, int count) {
            kernels.activate(activation, block, 0, count);
        }
    }
}
