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

    /**
     * Stores {@code block[at .. at + count)}, results of channels from {@code channel}, at {@code yAt + place}, with {@code place}
     * relative to the result.
     */
    void store(float[] block, int at, int channel, int count, float[] y, int yAt, int place) {
        if (empty) {
            System.arraycopy(block, at, y, yAt + place, count);
        } else if (residual.isPresent()) {
            storeAdding(block, at, channel, count, residual.get(), residualAt + place, y, yAt + place);
        } else {
            storeAlone(block, at, channel, count, y, yAt + place);
        }
    }

    // Maximum and minimum keep NaN; masks would do as well, but are slow on JDK 17.
    private void storeAlone(float[] block, int at, int channel, int count, float[] y, int to) {
        int whole = count - count % LANES;
        for (int j = 0; j < whole; j += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, block, at + j)
                    .fma(FloatVector.fromArray(SPECIES, scale, channel + j), FloatVector.fromArray(SPECIES, shift, channel + j));
            v = clampsLow ? v.max(0f) : v;
            v = clampsHigh ? v.min(6f) : v;
            v.intoArray(y, to + j);
        }
        for (int j = whole; j < count; j++) {
            y[to + j] = activated(Math.fma(block[at + j], scale[channel + j], shift[channel + j]));
        }
    }

    private void storeAdding(float[] block, int at, int channel, int count, float[] added, int addedAt, float[] y, int to) {
        int whole = count - count % LANES;
        for (int j = 0; j < whole; j += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, block, at + j)
                    .fma(FloatVector.fromArray(SPECIES, scale, channel + j), FloatVector.fromArray(SPECIES, shift, channel + j))
                    .add(FloatVector.fromArray(SPECIES, added, addedAt + j));
            v = clampsLow ? v.max(0f) : v;
            v = clampsHigh ? v.min(6f) : v;
            v.intoArray(y, to + j);
        }
        for (int j = whole; j < count; j++) {
            y[to + j] = activated(Math.fma(block[at + j], scale[channel + j], shift[channel + j]) + added[addedAt + j]);
        }
    }

    private float activated(float v) {
        float raised = clampsLow ? Math.max(v, 0f) : v;
        return clampsHigh ? Math.min(raised, 6f) : raised;
    }
}
