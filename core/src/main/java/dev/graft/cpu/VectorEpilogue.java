package dev.graft.cpu;

import dev.graft.backend.Activation;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import java.util.Arrays;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** An {@link Epilogue} applied by vectors while a block of results moves to its place. */
final class VectorEpilogue {
    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;
    private static final int LANES = VectorKernels.LANES;

    /** Leaves results as they are. */
    static final VectorEpilogue NONE = new VectorEpilogue(Epilogue.NONE, Optional.empty(), 0);

    private final boolean empty;
    private final float[] scale;
    private final float[] shift;
    private final Optional<float[]> residual;
    private final int residualAt;
    private final boolean clampsLow;
    private final boolean clampsHigh;

    /** {@code residual} lies in memory as the result of {@code channels} channels does. */
    VectorEpilogue(Epilogue epilogue, Optional<View> residual, int channels) {
        this.scale = epilogue.scale().map(VectorEpilogue::values).orElseGet(() -> ones(channels));
        this.shift = epilogue.shift().map(VectorEpilogue::values).orElseGet(() -> new float[channels]);
        this.residual = residual.map(CpuStorage::floats);
        this.residualAt = residual.map(View::offset).orElse(0);
        this.clampsLow = epilogue.activation() != Activation.NONE;
        this.clampsHigh = epilogue.activation() == Activation.RELU6;
        this.empty = epilogue.scale().isEmpty() && epilogue.shift().isEmpty() && residual.isEmpty() && !clampsLow;
    }

    private static float[] values(View view) {
        return Arrays.copyOfRange(CpuStorage.floats(view), view.offset(), view.offset() + view.numel());
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        Arrays.fill(ones, 1f);
        return ones;
    }

    /** Whether results stay as they are. */
    boolean isEmpty() {
        return empty;
    }

    /** Factor of each channel. */
    float[] scale() {
        return scale;
    }

    /** What is added to each channel. */
    float[] shift() {
        return shift;
    }

    /** The activation's least value. */
    float low() {
        return clampsLow ? 0f : Float.NEGATIVE_INFINITY;
    }

    /** The activation's largest value. */
    float high() {
        return clampsHigh ? 6f : Float.POSITIVE_INFINITY;
    }

    /**
     * Stores {@code rows} rows of {@code count} results, {@code step} apart in {@code block}, at {@code yAt + place} and then every
     * {@code yStep}; they belong to channels from {@code channel} on, and {@code place} is relative to the result.
     */
    void store(float[] block, int at, int step, int rows, int channel, int count, float[] y, int yAt, int place, int yStep) {
        if (empty) {
            for (int i = 0; i < rows; i++) {
                System.arraycopy(block, at + i * step, y, yAt + place + i * yStep, count);
            }
            return;
        }
        int whole = count - count % LANES;
        for (int j = 0; j < whole; j += LANES) {
            if (residual.isPresent()) {
                storeAdding(block, at + j, step, rows, channel + j, residual.get(), residualAt + place + j, y, yAt + place + j, yStep);
            } else {
                storeAlone(block, at + j, step, rows, channel + j, y, yAt + place + j, yStep);
            }
        }
        for (int i = 0; whole < count && i < rows; i++) {
            for (int j = whole; j < count; j++) {
                int to = place + i * yStep + j;
                float v = Math.fma(block[at + i * step + j], scale[channel + j], shift[channel + j]);
                y[yAt + to] = activated(residual.isPresent() ? v + residual.get()[residualAt + to] : v);
            }
        }
    }

    // One vector of channels, row by row. A loop for each activation: the JIT compiler makes objects of vectors that come from a choice.
    // Maximum and minimum keep NaN; masks would do as well, but are slow on JDK 17.
    private void storeAlone(float[] block, int at, int step, int rows, int channel, float[] y, int to, int yStep) {
        FloatVector s = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h = FloatVector.fromArray(SPECIES, shift, channel);
        if (clampsHigh) {
            for (int i = 0; i < rows; i++) {
                FloatVector.fromArray(SPECIES, block, at + i * step).fma(s, h).max(0f).min(6f).intoArray(y, to + i * yStep);
            }
        } else if (clampsLow) {
            for (int i = 0; i < rows; i++) {
                FloatVector.fromArray(SPECIES, block, at + i * step).fma(s, h).max(0f).intoArray(y, to + i * yStep);
            }
        } else {
            for (int i = 0; i < rows; i++) {
                FloatVector.fromArray(SPECIES, block, at + i * step).fma(s, h).intoArray(y, to + i * yStep);
            }
        }
    }

    private void storeAdding(float[] block, int at, int step, int rows, int channel, float[] added, int addedAt, float[] y, int to,
            int yStep) {
        FloatVector s = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h = FloatVector.fromArray(SPECIES, shift, channel);
        if (clampsHigh) {
            for (int i = 0; i < rows; i++) {
                FloatVector.fromArray(SPECIES, block, at + i * step).fma(s, h)
                        .add(FloatVector.fromArray(SPECIES, added, addedAt + i * yStep))
                        .max(0f).min(6f).intoArray(y, to + i * yStep);
            }
        } else if (clampsLow) {
            for (int i = 0; i < rows; i++) {
                FloatVector.fromArray(SPECIES, block, at + i * step).fma(s, h)
                        .add(FloatVector.fromArray(SPECIES, added, addedAt + i * yStep))
                        .max(0f).intoArray(y, to + i * yStep);
            }
        } else {
            for (int i = 0; i < rows; i++) {
                FloatVector.fromArray(SPECIES, block, at + i * step).fma(s, h)
                        .add(FloatVector.fromArray(SPECIES, added, addedAt + i * yStep))
                        .intoArray(y, to + i * yStep);
            }
        }
    }

    private float activated(float v) {
        float raised = clampsLow ? Math.max(v, 0f) : v;
        return clampsHigh ? Math.min(raised, 6f) : raised;
    }
}
