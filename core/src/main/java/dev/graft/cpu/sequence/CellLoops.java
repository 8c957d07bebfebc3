package dev.graft.cpu.sequence;

import dev.graft.backend.UnaryOp;
import dev.graft.cpu.run.ElementLoops;

/** The element-wise part of one step of one sequence. */
public class CellLoops {
    private final ElementLoops loops;

    public CellLoops(ElementLoops loops) {
        this.loops = loops;
    }

    private void apply(UnaryOp op, float[] x, float[] y, int at, int count) {
        loops.unary(op, 0f, 0f, x, y, at, at + count);
    }

    /** {@code gates += sums + input + hidden}. */
    void addAll(float[] gates, int at, float[] sums, int sumsAt, float[] input, float[] hidden, int count) {
        for (int i = 0; i < count; i++) {
            gates[at + i] = sums[sumsAt + i] + input[i] + hidden[i] + gates[at + i];
        }
    }

    /** {@code c = f c + i g}. */
    void updateCells(float[] gates, int at, float[] c, int cAt, int from, int units) {
        for (int i = from; i < units; i++) {
            c[cAt + i] = gates[at + units + i] * c[cAt + i] + gates[at + i] * gates[at + 2 * units + i];
        }
    }

    /** {@code y = x * w}. */
    void multiply(float[] x, int xAt, float[] w, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = x[xAt + i] * w[i];
        }
    }

    /**
     * A step of an LSTM: {@code gates} hold the input part and become the activated gates; c and h change in place.
     *
     * @param scratch {@code units} floats
     */
    public void lstm(
            float[] gates,
            int at,
            float[] sums,
            int sumsAt,
            float[] input,
            float[] hidden,
            float[] c,
            float[] h,
            int stateAt,
            int units,
            float[] scratch) {
        addAll(gates, at, sums, sumsAt, input, hidden, 4 * units);
        apply(UnaryOp.SIGMOID, gates, gates, at, 2 * units);
        apply(UnaryOp.TANH, gates, gates, at + 2 * units, units);
        apply(UnaryOp.SIGMOID, gates, gates, at + 3 * units, units);
        updateCells(gates, at, c, stateAt, 0, units);
        System.arraycopy(c, stateAt, scratch, 0, units);
        apply(UnaryOp.TANH, scratch, scratch, 0, units);
        multiply(gates, at + 3 * units, scratch, h, stateAt, units);
    }

    /** A step of a GRU; the last third of {@code sums} becomes the hidden part of gate n, its bias included. */
    public void gru(
            float[] gates,
            int at,
            float[] sums,
            int sumsAt,
            float[] input,
            float[] hidden,
            float[] h,
            int stateAt,
            int units) {
        addAll(gates, at, sums, sumsAt, input, hidden, 2 * units);
        apply(UnaryOp.SIGMOID, gates, gates, at, 2 * units);
        addCandidates(gates, at, sums, sumsAt, input, hidden, 0, units);
        apply(UnaryOp.TANH, gates, gates, at + 2 * units, units);
        updateStates(gates, at, h, stateAt, 0, units);
    }

    /** The hidden part of gate n gets its bias; gate n becomes its input part plus that, as far as gate r lets it. */
    void addCandidates(
            float[] gates, int at, float[] sums, int sumsAt, float[] input, float[] hidden, int from, int units) {
        int n = at + 2 * units;
        int sum = sumsAt + 2 * units;
        for (int i = from; i < units; i++) {
            sums[sum + i] += hidden[2 * units + i];
            gates[n + i] += input[2 * units + i] + gates[at + i] * sums[sum + i];
        }
    }

    /** {@code h = n + z (h - n)}. */
    void updateStates(float[] gates, int at, float[] h, int stateAt, int from, int units) {
        for (int i = from; i < units; i++) {
            float last = gates[at + 2 * units + i];
            h[stateAt + i] = last + gates[at + units + i] * (h[stateAt + i] - last);
        }
    }

    /**
     * The gradient of {@link #lstm}: writes that of the gates before their activation, and turns {@code dc} into that
     * of the cell before the step.
     *
     * @param scratch {@code units} floats
     */
    public void lstmGradient(
            float[] gates,
            int at,
            float[] c,
            int cAt,
            float[] previous,
            int previousAt,
            float[] dh,
            float[] dc,
            int stateAt,
            float[] dgates,
            int dAt,
            int units,
            float[] scratch) {
        System.arraycopy(c, cAt, scratch, 0, units);
        apply(UnaryOp.TANH, scratch, scratch, 0, units);
        lstmSlopes(gates, at, scratch, previous, previousAt, dh, dc, stateAt, dgates, dAt, 0, units);
    }

    /** The arithmetic of {@link #lstmGradient}. */
    void lstmSlopes(
            float[] gates,
            int at,
            float[] tanhs,
            float[] previous,
            int previousAt,
            float[] dh,
            float[] dc,
            int stateAt,
            float[] dgates,
            int dAt,
            int from,
            int units) {
        for (int j = from; j < units; j++) {
            float i = gates[at + j];
            float f = gates[at + units + j];
            float g = gates[at + 2 * units + j];
            float o = gates[at + 3 * units + j];
            float tanh = tanhs[j];
            float d = dh[stateAt + j];
            float dcell = dc[stateAt + j] + d * o * (1f - tanh * tanh);
            dc[stateAt + j] = dcell * f;
            dgates[dAt + j] = dcell * g * (i * (1f - i));
            // The slope comes first, so that only a gradient that is too large itself overflows.
            dgates[dAt + units + j] = dcell * (f * (1f - f)) * previous[previousAt + j];
            dgates[dAt + 2 * units + j] = dcell * i * (1f - g * g);
            dgates[dAt + 3 * units + j] = d * tanh * (o * (1f - o));
        }
    }

    /**
     * The gradient of {@link #gru}: writes those of the input part and of the hidden part of the gates, and turns
     * {@code dh} into the part of the gradient of h before the step that does not pass through the gates.
     */
    public void gruGradient(
            float[] gates,
            int at,
            float[] memory,
            int memoryAt,
            float[] previous,
            int previousAt,
            float[] dh,
            int stateAt,
            float[] dgates,
            int dAt,
            float[] dhidden,
            int hiddenAt,
            int units) {
        gruSlopes(
                gates,
                at,
                memory,
                memoryAt,
                previous,
                previousAt,
                dh,
                stateAt,
                dgates,
                dAt,
                dhidden,
                hiddenAt,
                0,
                units);
    }

    /** The arithmetic of {@link #gruGradient}. */
    void gruSlopes(
            float[] gates,
            int at,
            float[] memory,
            int memoryAt,
            float[] previous,
            int previousAt,
            float[] dh,
            int stateAt,
            float[] dgates,
            int dAt,
            float[] dhidden,
            int hiddenAt,
            int from,
            int units) {
        for (int j = from; j < units; j++) {
            float r = gates[at + j];
            float z = gates[at + units + j];
            float n = gates[at + 2 * units + j];
            float d = dh[stateAt + j];
            float dn = d * (1f - z) * (1f - n * n);
            // The slopes come first, so that only a gradient that is too large itself overflows.
            float dz = d * (z * (1f - z)) * (previous[previousAt + j] - n);
            float dr = dn * (r * (1f - r)) * memory[memoryAt + j];
            dh[stateAt + j] = d * z;
            dgates[dAt + j] = dr;
            dgates[dAt + units + j] = dz;
            dgates[dAt + 2 * units + j] = dn;
            dhidden[hiddenAt + j] = dr;
            dhidden[hiddenAt + units + j] = dz;
            dhidden[hiddenAt + 2 * units + j] = dn * r;
        }
    }
}
