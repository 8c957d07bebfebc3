package dev.graft.cpu.reduce;

import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
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
            for (int r = from; r < to; r++) {
                int at = CpuStorage.offset(logProbabilities) + r * classes;
                softmax.row(true, x, CpuStorage.offset(logits) + r * classes, lp, at, classes);
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
        context.forRange(logProbabilities.dim(0), Softmax.rowGrain(ROW + classes), (from, to) -> {
            for (int r = from; r < to; r++) {
                int lpAt = CpuStorage.offset(logProbabilities) + r * classes;
                int dxAt = CpuStorage.offset(dlogits) + r * classes;
                long label = t[CpuStorage.offset(target) + r];
                if (label == ignoreIndex) {
                    Arrays.fill(dx, dxAt, dxAt + classes, 0f);
                    continue;
                }
                double d = dlosses[CpuStorage.offset(dloss) + r];
                double onTarget = (1.0 - smoothing) * w[(int) label];
                System.arraycopy(lp, lpAt, dx, dxAt, classes);
                softmax.exp(dx, dx, dxAt, dxAt + classes);
                for (int c = 0; c < classes; c++) {
                    dx[dxAt + c] = (float) (d * (dx[dxAt + c] * (onTarget + spreadSum) - spread * w[c]));
                }
                // Where the network is sure, p - 1 has digits that a float p has lost.
                int t0 = (int) label;
                dx[dxAt + t0] =
                        (float) (d * (Math.expm1(lp[lpAt + t0]) * (onTarget + spreadSum) + spreadSum - spread * w[t0]));
            }
        });
    }
}
