package dev.graft.cpu.norm;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.reduce.Softmax;
import dev.graft.cpu.run.ExecutionContext;

/** Layer normalisation of contiguous rows (Ba, Kiros and Hinton 2016); statistics in double. */
public final class LayerNorm {
    private static final int MAX_PARTIAL_SUMS = 16;

    private final ExecutionContext context;

    public LayerNorm(ExecutionContext context) {
        this.context = context;
    }

    public void forward(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd) {
        float[] xs = CpuStorage.floats(x);
        float[] g = CpuStorage.floats(gamma);
        float[] b = CpuStorage.floats(beta);
        float[] ys = CpuStorage.floatsToWrite(y);
        float[] means = CpuStorage.floatsToWrite(mean);
        float[] inverses = CpuStorage.floatsToWrite(inverseStd);
        int width = x.dim(1);
        context.forRange(x.dim(0), Softmax.rowGrain(width), (from, to) -> {
            for (int row = from; row < to; row++) {
                int xAt = CpuStorage.offset(x) + row * width;
                int yAt = CpuStorage.offset(y) + row * width;
                double sum = 0;
                for (int i = 0; i < width; i++) {
                    sum += xs[xAt + i];
                }
                double m = sum / width;
                double squares = 0;
                for (int i = 0; i < width; i++) {
                    double d = xs[xAt + i] - m;
                    squares += d * d;
                }
                double inverse = 1 / Math.sqrt(squares / width + eps);
                means[CpuStorage.offset(mean) + row] = (float) m;
                inverses[CpuStorage.offset(inverseStd) + row] = (float) inverse;
                for (int i = 0; i < width; i++) {
                    ys[yAt + i] = (float) ((xs[xAt + i] - m) * inverse) * g[CpuStorage.offset(gamma) + i]
                            + b[CpuStorage.offset(beta) + i];
                }
            }
        });
    }

    /**
     * With {@code z} the normalised row and {@code u = dy * gamma}: {@code dx = inverseStd * (u - mean(u) - z * mean(u
     * * z))}.
     */
    public void backward(View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(dy);
        float[] g = CpuStorage.floats(gamma);
        float[] means = CpuStorage.floats(mean);
        float[] inverses = CpuStorage.floats(inverseStd);
        float[] dxs = CpuStorage.floatsToWrite(dx);
        int rows = x.dim(0);
        int width = x.dim(1);
        int pieceRows = Math.max(Softmax.rowGrain(width), (rows + MAX_PARTIAL_SUMS - 1) / MAX_PARTIAL_SUMS);
        int pieces = (rows + pieceRows - 1) / pieceRows;
        double[] dgammas = new double[pieces * width];
        double[] dbetas = new double[pieces * width];
        context.forRange(rows, pieceRows, (from, to) -> {
            int at = from / pieceRows * width;
            for (int row = from; row < to; row++) {
                int xAt = CpuStorage.offset(x) + row * width;
                int dyAt = CpuStorage.offset(dy) + row * width;
                int dxAt = CpuStorage.offset(dx) + row * width;
                double m = means[CpuStorage.offset(mean) + row];
                double inverse = inverses[CpuStorage.offset(inverseStd) + row];
                double sum = 0;
                double products = 0;
                for (int i = 0; i < width; i++) {
                    double z = (xs[xAt + i] - m) * inverse;
                    double d = dys[dyAt + i];
                    double u = d * g[CpuStorage.offset(gamma) + i];
                    sum += u;
                    products += u * z;
                    dbetas[at + i] += d;
                    dgammas[at + i] += d * z;
                }
                for (int i = 0; i < width; i++) {
                    double z = (xs[xAt + i] - m) * inverse;
                    double u = (double) dys[dyAt + i] * g[CpuStorage.offset(gamma) + i];
                    dxs[dxAt + i] = (float) (inverse * (u - sum / width - z * products / width));
                }
            }
        });
        store(dgammas, pieces, width, dgamma);
        store(dbetas, pieces, width, dbeta);
    }

    private static void store(double[] partial, int pieces, int width, View y) {
        float[] ys = CpuStorage.floatsToWrite(y);
        for (int i = 0; i < width; i++) {
            double total = 0;
            for (int piece = 0; piece < pieces; piece++) {
                total += partial[piece * width + i];
            }
            ys[CpuStorage.offset(y) + i] = (float) total;
        }
    }
}
