package dev.graft.cpu.conv;

import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.TapMatrices;
import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import java.util.Arrays;

/** The products of a {@link ScatteredInputGradient} by {@link MicroKernel}. */
final class VectorScatterProduct implements ScatteredInputGradient.Product {
    private static final int WIDTH = MicroKernel.WIDTH;
    /** Depth of a block of weights. */
    private static final int DEPTH_BLOCK = 128;
    /** Floats that a task packs. */
    private static final int PACKED = 1 << 14;

    private final Weights weights;
    private float[] left = {};
    private int leftAt;

    VectorScatterProduct(Weights weights) {
        this.weights = weights;
    }

    /**
     * For each kernel row, buffers {@code [output][width]} of its columns: kernel columns, and in each the inputs.
     * Columns that fill up the last vector are 0.
     */
    record Weights(float[] data, int outputs, int columns) {

        static Weights pack(ExecutionContext context, View w) {
            TapMatrices forward = TapMatrices.forward(w);
            int outputs = w.dim(0);
            int columns = w.dim(3) * w.dim(1);
            int rowSize = outputs * MicroKernel.padded(columns);
            float[] packed = forward.packed(context, "scatter " + w.dim(3), w.dim(2) * rowSize, buffer -> {
                int buffers = (columns + WIDTH - 1) / WIDTH;
                int grain = Math.max(1, PACKED / (outputs * WIDTH));
                context.forRange(w.dim(2) * buffers, grain, (from, to) -> {
                    for (int task = from; task < to; task++) {
                        int column = task % buffers * WIDTH;
                        int kernelRow = task / buffers;
                        pack(w, kernelRow, column, columns, buffer, kernelRow * rowSize + column * outputs);
                    }
                });
            });
            return new Weights(packed, outputs, columns);
        }

        private static void pack(View w, int kernelRow, int column, int columns, float[] buffer, int at) {
            float[] data = CpuStorage.floats(w);
            int count = Math.min(WIDTH, columns - column);
            int width = MicroKernel.padded(count);
            int inputs = w.dim(1);
            int[] places = new int[count];
            for (int j = 0; j < count; j++) {
                int tap = (column + j) / inputs;
                places[j] = CpuStorage.offset(w)
                        + (column + j) % inputs * CpuStorage.stride(w, 1)
                        + kernelRow * CpuStorage.stride(w, 2)
                        + tap * CpuStorage.stride(w, 3);
            }
            int outputStep = CpuStorage.stride(w, 0);
            for (int o = 0; o < w.dim(0); o++) {
                int to = at + o * width;
                int from = o * outputStep;
                for (int j = 0; j < count; j++) {
                    buffer[to + j] = data[from + places[j]];
                }
                Arrays.fill(buffer, to + count, to + width, 0f);
            }
        }
    }

    @Override
    public void load(float[] dy, int at, int rows) {
        left = dy;
        leftAt = at;
    }

    @Override
    public int multiply(int rows, int kernelRow, int column, int count, float[] result) {
        int width = MicroKernel.padded(count);
        int rowSize = weights.outputs * MicroKernel.padded(weights.columns);
        int at = kernelRow * rowSize + column * weights.outputs;
        int depth = weights.outputs;
        for (int k = 0; k < depth; k += DEPTH_BLOCK) {
            MicroKernel.multiply(
                    left,
                    leftAt + k,
                    depth,
                    weights.data,
                    at + k * width,
                    result,
                    0,
                    width,
                    rows,
                    width,
                    Math.min(DEPTH_BLOCK, depth - k),
                    k > 0);
        }
        return width;
    }
}
