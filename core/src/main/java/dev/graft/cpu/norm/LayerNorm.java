package dev.graft.cpu.norm;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.reduce.RowSums;
import dev.graft.cpu.reduce.Softmax;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.RowLoops;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/** Layer normalisation of contiguous rows (Ba, Kiros and Hinton 2016); statistics are summed in double. */
public final class LayerNorm {
    static final int MAX_PARTIAL_SUMS = 16;
    /** Rows that are added up in float, before they are added in double. */
    static final int FLOAT_ROWS = 32;

    /** Above, no square that counts is below the normal floats. */
    private static final double SMALLEST_SQUARES = 1e-30;

    /** Chains of floats take longer to begin than shorter rows take in double. */
    private static final int SHORT = 2 * RowLoops.CHAINS;

    /** Elements whose mean is where deviations are measured from at first. */
    private static final int FIRST = 8;

    /** Squares from there may be at most so many times those from the mean. */
    private static final double MOST_TAKEN_OFF = 2;

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
        int gAt = CpuStorage.offset(gamma);
        int bAt = CpuStorage.offset(beta);
        int width = x.dim(1);
        RowLoops loops = context.elementLoops().rows();
        context.forRange(x.dim(0), Softmax.rowGrain(width), (from, to) -> {
            double[] moments = new double[2];
            float[] work = new float[2 * RowLoops.CHAINS];
            for (int row = from; row < to; row++) {
                int xAt = CpuStorage.offset(x) + row * width;
                int yAt = CpuStorage.offset(y) + row * width;
                moments(loops, xs, xAt, width, work, moments);
                float inverse = (float) (1 / Math.sqrt(moments[1] + eps));
                // In two parts: where the mean is large beside the deviations, what its float lost counts.
                float m = (float) moments[0];
                float rest = (float) (moments[0] - m);
                means[CpuStorage.offset(mean) + row] = m;
                inverses[CpuStorage.offset(inverseStd) + row] = inverse;
                loops.normalize(xs, xAt, m, inverse, -rest * inverse, g, gAt, b, bAt, ys, yAt, width);
            }
        });
    }

    /** The mean and the mean squared deviation from it. */
    private static void moments(RowLoops loops, float[] x, int at, int count, float[] work, double[] moments) {
        if (count < SHORT) {
            RowSums.moments(x, at, count, moments);
            return;
        }
        // From near the mean, so that one pass serves both: what is taken off the squares is then small beside them.
        float origin = x[at];
        for (int i = 1; i < FIRST; i++) {
            origin += x[at + i];
        }
        origin /= FIRST;
        loops.moments(x, at, count, origin, work, moments);
        double apart = moments[0] / count;
        double mean = origin + apart;
        double squares = moments[1] - apart * moments[0];
        if (!(moments[1] <= MOST_TAKEN_OFF * squares)) {
            float m = (float) mean;
            squares = loops.squares(x, at, count, m, (float) (mean - m));
        }
        if (squares > SMALLEST_SQUARES && squares < Double.POSITIVE_INFINITY) {
            moments[0] = mean;
            moments[1] = squares / count;
        } else {
            RowSums.moments(x, at, count, moments); // deviations beyond 1e19 or below 1e-15 need double
        }
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
        int gAt = CpuStorage.offset(gamma);
        int rows = x.dim(0);
        int width = x.dim(1);
        int pieceRows = Math.max(Softmax.rowGrain(width), (rows + MAX_PARTIAL_SUMS - 1) / MAX_PARTIAL_SUMS);
        int pieces = (rows + pieceRows - 1) / pieceRows;
        double[] dgammas = new double[pieces * width];
        double[] dbetas = new double[pieces * width];
        RowLoops loops = context.elementLoops().rows();
        context.forRange(rows, pieceRows, (from, to) -> {
            Workspace workspace = context.workspace();
            float[] z = workspace.floats(0, width);
            float[] u = workspace.floats(1, width);
            float[] gammas = workspace.floats(2, width);
            float[] betas = workspace.floats(3, width);
            int at = from / pieceRows * width;
            for (int first = from; first < to; first += FLOAT_ROWS) {
                Arrays.fill(gammas, 0, width, 0f);
                Arrays.fill(betas, 0, width, 0f);
                for (int row = first; row < Math.min(to, first + FLOAT_ROWS); row++) {
                    int xAt = CpuStorage.offset(x) + row * width;
                    int dyAt = CpuStorage.offset(dy) + row * width;
                    int dxAt = CpuStorage.offset(dx) + row * width;
                    float m = means[CpuStorage.offset(mean) + row];
                    float inverse = inverses[CpuStorage.offset(inverseStd) + row];
                    for (int i = 0; i < width; i++) {
                        z[i] = (xs[xAt + i] - m) * inverse;
                    }
                    for (int i = 0; i < width; i++) {
                        float d = dys[dyAt + i];
                        u[i] = d * g[gAt + i];
                        betas[i] += d;
                        gammas[i] += d * z[i];
                    }
                    float mean1 = (float) (loops.sum(u, 0, width) / width);
                    float mean2 = (float) (loops.products(u, 0, z, 0, width) / width);
                    for (int i = 0; i < width; i++) {
                        dxs[dxAt + i] = inverse * (u[i] - mean1 - z[i] * mean2);
                    }
                }
                for (int i = 0; i < width; i++) {
                    dgammas[at + i] += gammas[i];
                    dbetas[at + i] += betas[i];
                }
            }
        });
        store(dgammas, pieces, width, dgamma);
        store(dbetas, pieces, width, dbeta);
    }

    /** Adds the sums of all pieces. */
    static void store(double[] partial, int pieces, int width, View y) {
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
