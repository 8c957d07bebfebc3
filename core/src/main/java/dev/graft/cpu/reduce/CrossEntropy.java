package dev.graft.cpu.reduce;

import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;

/** Cross-entropy with class weights and label smoothing, as in PyTorch's CrossEntropyLoss with class indices. */
public final class CrossEntropy {
    /** The cost of a row, whatever its length, in elements: a logarithm and an exponential. */
    private static final int ROW = 30;

    private final ExecutionContext context;
    private final Softmax softmax;

    public CrossEntropy(ExecutionContext context) {
        this.context = context;
        this.softmax = new Softmax(context);
    }

    public void crossEntropy(
            View logits,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View loss,
            View rowWeight,
            View logProbabilities) {
        float[] x = CpuStorage.floats(logits);
        long[] t = CpuStorage.of(target).array(long[].class);
        float[] losses = CpuStorage.floatsToWrite(loss);
        float[] weights = CpuStorage.floatsToWrite(rowWeight);
        float[] lp = CpuStorage.floatsToWrite(logProbabilities);
        int classes = logits.dim(1);
        float[] w = classWeights(classWeight, classes);
        context.forRange(logits.dim(0), Softmax.rowGrain(ROW + classes), (from, to) -> {
            int xAt = CpuStorage.offset(logits) + from * classes;
            int at = CpuStorage.offset(logProbabilities) + from * classes;
            softmax.rows(true, x, xAt, lp, at, to - from, classes);
            for (int r = from; r < to; r++, at += classes) {
                long label = t[CpuStorage.offset(target) + r];
                boolean ignored = label == ignoreIndex;
                weights[CpuStorage.offset(rowWeight) + r] = ignored ? 0f : w[(int) label];
                losses[CpuStorage.offset(loss) + r] = ignored ? 0f : rowLoss(lp, at, (int) label, w, smoothing);
            }
        });
    }

    private static float[] classWeights(Optional<View> classWeight, int classes) {
        float[] w = new float[classes];
        Arrays.fill(w, 1f);
        classWeight.ifPresent(
                view -> System.arraycopy(CpuStorage.floats(view), CpuStorage.offset(view), w, 0, classes));
        return w;
    }

    private static float rowLoss(float[] lp, int at, int label, float[] w, float smoothing) {
        double loss = -(1.0 - smoothing) * w[label] * lp[at + label];
        // Not multiplied by a smoothing of 0, because a log-probability may be minus infinity.
        if (smoothing > 0) {
            double sum = 0;
            for (int c = 0; c < w.length; c++) {
                sum -= (double) w[c] * lp[at + c];
            }
            loss += smoothing / w.length * sum;
        }
        return (float) loss;
    }

    /** {@code dlogits[c] = dloss * ((1 - s) w[t] (p[c] - [c = t]) + s/C (p[c] sum(w) - w[c]))}. */
    public void crossEntropyBackward(
            View logProbabilities,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View dloss,
            View dlogits) {
        float[] lp = CpuStorage.floats(logProbabilities);
        long[] t = CpuStorage.of(target).array(long[].class);
        float[] dlosses = CpuStorage.floats(dloss);
        float[] dx = CpuStorage.floatsToWrite(dlogits);
        int classes = logProbabilities.dim(1);
        float[] w = classWeights(classWeight, classes);
        double weightSum = 0;
        for (float weight : w) {
            weightSum += weight;
        }
        double spread = smoothing / (double) classes;
        double spreadSum = spread * weightSum;
        int rows = Math.max(1, Workspace.BLOCK / classes);
        context.forRange(logProbabilities.dim(0), Softmax.rowGrain(ROW + classes), (from, to) -> {
            float[] sure = context.workspace().floats(0, rows);
            for (int start = from; start < to; start += rows) {
                int count = Math.min(rows, to - start);
                int lpAt = CpuStorage.offset(logProbabilities) + start * classes;
                int dxAt = CpuStorage.offset(dlogits) + start * classes;
                int tAt = CpuStorage.offset(target) + start;
                System.arraycopy(lp, lpAt, dx, dxAt, count * classes);
                softmax.exp(dx, dx, dxAt, dxAt + count * classes);
                // Where the network is sure, p - 1 has digits that a float p has lost; where p is small, p has them.
                for (int r = 0; r < count; r++) {
                    long label = t[tAt + r];
                    sure[r] = label == ignoreIndex ? 0f : lp[lpAt + r * classes + (int) label];
                }
                context.elementLoops().unary(UnaryOp.EXPM1, 0f, 0f, sure, sure, 0, count);
                for (int r = 0; r < count; r++, dxAt += classes) {
                    long label = t[tAt + r];
                    if (label == ignoreIndex) {
                        Arrays.fill(dx, dxAt, dxAt + classes, 0f);
                        continue;
                    }
                    int t0 = (int) label;
                    double d = dlosses[CpuStorage.offset(dloss) + start + r];
                    double onTarget = (1.0 - smoothing) * w[t0];
                    double factor = onTarget + spreadSum;
                    double p = dx[dxAt + t0];
                    double own = p < 0.5 ? p * factor - onTarget : sure[r] * factor + spreadSum;
                    row(dx, dxAt, d, factor, spread, w);
                    dx[dxAt + t0] = (float) (d * (own - spread * w[t0]));
                }
            }
        });
    }

    private static void row(float[] dx, int at, double d, double factor, double spread, float[] w) {
        if (spread == 0) {
            float scale = (float) (d * factor);
            for (int c = 0; c < w.length; c++) {
                dx[at + c] *= scale;
            }
            return;
        }
        for (int c = 0; c < w.length; c++) {
            dx[at + c] = (float) (d * (dx[at + c] * factor - spread * w[c]));
        }
    }
}
