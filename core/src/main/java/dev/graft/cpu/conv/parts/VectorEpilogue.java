package dev.graft.cpu.conv.parts;

import dev.graft.backend.Activation;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.Vectors;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** An {@link Epilogue} that is applied by vectors while a block of results is stored. */
public final class VectorEpilogue {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    /** Leaves results as they are. */
    public static final VectorEpilogue NONE = new VectorEpilogue(Epilogue.NONE, Optional.empty(), 0);

    private final boolean empty;
    private final float[] scale;
    private final float[] shift;
    private final Optional<float[]> residual;
    private final int residualAt;
    private final boolean clampsLow;
    private final boolean clampsHigh;
    private final int low;
    private final int high;

    /** {@code residual} has the layout of the result, which has {@code channels} channels. */
    public VectorEpilogue(Epilogue epilogue, Optional<View> residual, int channels) {
        this.scale = epilogue.scale().map(VectorEpilogue::values).orElseGet(() -> ones(channels));
        this.shift = epilogue.shift().map(VectorEpilogue::values).orElseGet(() -> new float[channels]);
        this.residual = residual.map(CpuStorage::floats);
        this.residualAt = residual.map(CpuStorage::offset).orElse(0);
        this.clampsLow = epilogue.activation() != Activation.NONE;
        this.clampsHigh = epilogue.activation() == Activation.RELU6;
        this.low = clampsLow ? 0 : Integer.MIN_VALUE;
        this.high = clampsHigh ? Float.floatToIntBits(6f) : Integer.MAX_VALUE;
        this.empty = epilogue.scale().isEmpty() && epilogue.shift().isEmpty() && residual.isEmpty() && !clampsLow;
    }

    private static float[] values(View view) {
        return Arrays.copyOfRange(
                CpuStorage.floats(view), CpuStorage.offset(view), CpuStorage.offset(view) + view.numel());
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        Arrays.fill(ones, 1f);
        return ones;
    }

    /** Whether results stay as they are. */
    public boolean isEmpty() {
        return empty;
    }

    /** The factor of each channel. */
    public float[] scale() {
        return scale;
    }

    /** The value that is added to each channel. */
    public float[] shift() {
        return shift;
    }

    /**
     * The activation's smallest value, as the bits of a float. From 0 to infinity, floats are ordered like their bits;
     * negative floats are smaller.
     */
    public int low() {
        return low;
    }

    /** The activation's largest value, as the bits of a float. */
    public int high() {
        return high;
    }

    /**
     * Stores {@code rows} rows of {@code count} results, {@code step} apart in {@code block}, at {@code yAt + place}
     * and then every {@code yStep}; they belong to the channels from {@code channel} on, and {@code place} is relative
     * to the result.
     */
    public void store(
            Workspace workspace,
            float[] block,
            int at,
            int step,
            int rows,
            int channel,
            int count,
            float[] y,
            int yAt,
            int place,
            int yStep) {
        if (empty) {
            for (int i = 0; i < rows; i++) {
                System.arraycopy(block, at + i * step, y, yAt + place + i * yStep, count);
            }
            return;
        }
        NonFiniteWatch watch = NonFiniteWatch.begin(workspace);
        // The last vector overlaps the one before.
        for (int next = 0; count >= LANES && next < count; next += LANES) {
            int j = Math.min(next, count - LANES);
            if (residual.isPresent()) {
                storeAdding(
                        block,
                        at + j,
                        step,
                        rows,
                        channel + j,
                        residual.get(),
                        residualAt + place + j,
                        y,
                        yAt + place + j,
                        yStep,
                        watch.sums());
            } else {
                storeAlone(block, at + j, step, rows, channel + j, y, yAt + place + j, yStep, watch.sums());
            }
        }
        if (count < LANES || !watch.isFinite()) {
            storePlainly(block, at, step, rows, channel, count, y, yAt, place, yStep);
        }
    }

    // One vector of channels, row by row.
    private void storeAlone(
            float[] block, int at, int step, int rows, int channel, float[] y, int to, int yStep, float[] watched) {
        FloatVector s = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h = FloatVector.fromArray(SPECIES, shift, channel);
        FloatVector sum = FloatVector.fromArray(SPECIES, watched, 0);
        for (int i = 0; i < rows; i++) {
            FloatVector v = FloatVector.fromArray(SPECIES, block, at + i * step).fma(s, h);
            sum = sum.add(v);
            v.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + i * yStep);
        }
        sum.intoArray(watched, 0);
    }

    private void storeAdding(
            float[] block,
            int at,
            int step,
            int rows,
            int channel,
            float[] added,
            int addedAt,
            float[] y,
            int to,
            int yStep,
            float[] watched) {
        FloatVector s = FloatVector.fromArray(SPECIES, scale, channel);
        FloatVector h = FloatVector.fromArray(SPECIES, shift, channel);
        FloatVector sum = FloatVector.fromArray(SPECIES, watched, 0);
        for (int i = 0; i < rows; i++) {
            FloatVector v = FloatVector.fromArray(SPECIES, block, at + i * step)
                    .fma(s, h)
                    .add(FloatVector.fromArray(SPECIES, added, addedAt + i * yStep));
            sum = sum.add(v);
            v.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, to + i * yStep);
        }
        sum.intoArray(watched, 0);
    }

    private void storePlainly(
            float[] block,
            int at,
            int step,
            int rows,
            int channel,
            int count,
            float[] y,
            int yAt,
            int place,
            int yStep) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < count; j++) {
                int to = place + i * yStep + j;
                float v = scaled(block[at + i * step + j], channel + j);
                y[yAt + to] = activated(residual.isPresent() ? v + residual.get()[residualAt + to] : v);
            }
        }
    }

    /** A sum of {@code channel} as it is stored in the result; without a residual. */
    public float finish(float sum, int channel) {
        return activated(scaled(sum, channel));
    }

    private float scaled(float sum, int channel) {
        return Math.fma(sum, scale[channel], shift[channel]);
    }

    private float activated(float v) {
        float raised = clampsLow ? Math.max(v, 0f) : v;
        return clampsHigh ? Math.min(raised, 6f) : raised;
    }
}
