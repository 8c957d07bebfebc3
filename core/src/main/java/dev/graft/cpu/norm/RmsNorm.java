package dev.graft.cpu.norm;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.reduce.RowSums;
import dev.graft.cpu.reduce.Softmax;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/**
 * Root-mean-square normalisation of contiguous rows (Zhang and Sennrich 2019); squares are summed in double. Rows are
 * copied to blocks, because C2 vectorizes a loop only if all its arrays have one index.
 */
public final class RmsNorm {
    private final ExecutionContext context;

    public RmsNorm(ExecutionContext context) {
        this.context = context;
    }

    public void forward(View x, View gamma, float eps, View y, View inverseRms) {
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        float[] inverses = CpuStorage.floatsToWrite(inverseRms);
        int width = x.dim(1);
        context.forRange(x.dim(0), Softmax.rowGrain(width), (from, to) -> {
            Workspace workspace = context.workspace();
            float[] z = workspace.floats(0, width);
            float[] g = loaded(gamma, workspace, 1, width);
            for (int row = from; row < to; row++) {
                int xAt = CpuStorage.offset(x) + row * width;
                double squares = RowSums.products(xs, xAt, xs, xAt, width);
                float inverse = (float) (1 / Math.sqrt(squares / width + eps));
                inverses[CpuStorage.offset(inverseRms) + row] = inverse;
                System.arraycopy(xs, xAt, z, 0, width);
                for (int i = 0; i < width; i++) {
                    z[i] = z[i] * inverse * g[i];
                }
                System.arraycopy(z, 0, ys, CpuStorage.offset(y) + row * width, width);
            }
        });
    }

    private static float[] loaded(View gamma, Workspace workspace, int block, int width) {
        float[] g = workspace.floats(block, width);
        System.arraycopy(CpuStorage.floats(gamma), CpuStorage.offset(gamma), g, 0, width);
        return g;
    }

    /** With {@code z = x * inverseRms} and {@code u = dy * gamma}: {@code dx = inverseRms * (u - z * mean(u * z))}. */
    public void backward(View x, View dy, View gamma, View inverseRms, View dx, View dgamma) {
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(dy);
        float[] inverses = CpuStorage.floats(inverseRms);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        int rows = x.dim(0);
        int width = x.dim(1);
        int pieceRows =
                Math.max(Softmax.rowGrain(width), (rows + LayerNorm.MAX_PARTIAL_SUMS - 1) / LayerNorm.MAX_PARTIAL_SUMS);
        int pieces = (rows + pieceRows - 1) / pieceRows;
        double[] dgammas = new double[pieces * width];
        context.forRange(rows, pieceRows, (from, to) -> {
            Workspace workspace = context.workspace();
            float[] z = workspace.floats(0, width);
            float[] u = workspace.floats(1, width);
            float[] gammas = workspace.floats(2, width);
            float[] g = loaded(gamma, workspace, 3, width);
            int at = from / pieceRows * width;
            for (int first = from; first < to; first += LayerNorm.FLOAT_ROWS) {
                Arrays.fill(gammas, 0, width, 0f);
                for (int row = first; row < Math.min(to, first + LayerNorm.FLOAT_ROWS); row++) {
                    float inverse = inverses[CpuStorage.offset(inverseRms) + row];
                    System.arraycopy(xs, CpuStorage.offset(x) + row * width, z, 0, width);
                    System.arraycopy(dys, CpuStorage.offset(dy) + row * width, u, 0, width);
                    for (int i = 0; i < width; i++) {
                        z[i] *= inverse;
                        gammas[i] += u[i] * z[i];
                        u[i] *= g[i];
                    }
                    float mean = (float) (RowSums.products(u, 0, z, 0, width) / width);
                    for (int i = 0; i < width; i++) {
                        u[i] = inverse * (u[i] - z[i] * mean);
                    }
                    System.arraycopy(u, 0, dxs, CpuStorage.offset(dx) + row * width, width);
                }
                for (int i = 0; i < width; i++) {
                    dgammas[at + i] += gammas[i];
                }
            }
        });
        LayerNorm.store(dgammas, pieces, width, dgamma);
    }
}
