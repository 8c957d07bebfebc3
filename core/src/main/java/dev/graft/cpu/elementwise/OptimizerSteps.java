package dev.graft.cpu.elementwise;

import static dev.graft.cpu.layout.StridedLoop.in;
import static dev.graft.cpu.layout.StridedLoop.inOut;
import static dev.graft.cpu.layout.StridedLoop.out;

import dev.graft.backend.View;
import dev.graft.cpu.layout.StridedLoop;
import dev.graft.cpu.run.ExecutionContext;
import java.util.ArrayList;
import java.util.List;

/** Optimizer steps in one pass over the parameters. */
public final class OptimizerSteps {
    // Numbers below 1e-30 shrink to 0 within a few steps, and larger ones keep their bits. A branch would prevent
    // vectorisation.
    private static final float DENORMAL_SCALE = 1e30f;

    private final ExecutionContext context;

    public OptimizerSteps(ExecutionContext context) {
        this.context = context;
    }

    /**
     * Momentum decays into denormal numbers if a gradient stays 0. These make the pass four times slower, so momentum
     * below about 1e-30 is flushed to 0.
     */
    public void sgd(
            List<View> weights,
            List<View> gradients,
            List<View> velocities,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov) {
        float rate = (float) lr;
        float penalty = (float) weightDecay;
        List<StridedLoop.Operand[]> tensors = new ArrayList<>(weights.size());
        if (momentum == 0) {
            for (int i = 0; i < weights.size(); i++) {
                tensors.add(new StridedLoop.Operand[] {in(gradients.get(i)), inOut(weights.get(i))});
            }
            StridedLoop.runAll(context, (a, from, to) -> plain(a[0], a[1], rate, penalty, from, to), tensors);
            return;
        }
        for (int i = 0; i < weights.size(); i++) {
            View v = velocities.get(i);
            tensors.add(
                    new StridedLoop.Operand[] {in(gradients.get(i)), first ? out(v) : inOut(v), inOut(weights.get(i))});
        }
        float decay = (float) momentum;
        float share = (float) (1 - dampening);
        float onFirst = (float) (nesterov ? lr * (1 + momentum) : lr);
        float onGradient = nesterov ? rate : 0f;
        float onVelocity = (float) (nesterov ? lr * momentum : lr);
        StridedLoop.runAll(
                context,
                first
                        ? (a, from, to) -> start(a[0], a[1], a[2], onFirst, penalty, from, to)
                        : (a, from, to) ->
                                step(a[0], a[1], a[2], onGradient, onVelocity, decay, share, penalty, from, to),
                tensors);
    }

    private static void plain(float[] gradient, float[] w, float lr, float weightDecay, int from, int to) {
        for (int i = from; i < to; i++) {
            w[i] -= lr * (gradient[i] + weightDecay * w[i]);
        }
    }

    private static void start(
            float[] gradient, float[] v, float[] w, float scale, float weightDecay, int from, int to) {
        for (int i = from; i < to; i++) {
            float g = gradient[i] + weightDecay * w[i];
            v[i] = g;
            w[i] -= scale * g;
        }
    }

    private static void step(
            float[] gradient,
            float[] v,
            float[] w,
            float onGradient,
            float onVelocity,
            float momentum,
            float share,
            float weightDecay,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            float g = gradient[i] + weightDecay * w[i];
            float u = momentum * v[i] + share * g;
            u *= Math.min(Math.abs(u) * DENORMAL_SCALE, 1f);
            v[i] = u;
            w[i] -= onGradient * g + onVelocity * u;
        }
    }

    public void adam(
            View weight,
            View gradient,
            View m,
            View v,
            long t,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            boolean decoupled) {
        float stepSize = (float) (lr / (1 - Math.pow(beta1, (double) t)));
        float rootScale = (float) (1 / Math.sqrt(1 - Math.pow(beta2, (double) t)));
        float keep = decoupled ? (float) (1 - lr * weightDecay) : 1f;
        float penalty = decoupled ? 0f : (float) weightDecay;
        float decay1 = (float) beta1;
        float decay2 = (float) beta2;
        // not 1 - decay: a beta next to 1 may be 1 as a float
        float share1 = (float) (1 - beta1);
        float share2 = (float) (1 - beta2);
        float floor = (float) eps;
        StridedLoop.run(
                context,
                (a, from, to) -> {
                    adam(
                            a[0], a[1], a[2], a[3], stepSize, rootScale, keep, penalty, decay1, share1, decay2, share2,
                            floor, from, to);
                },
                in(gradient),
                inOut(m),
                inOut(v),
                inOut(weight));
    }

    private static void adam(
            float[] gradient,
            float[] m,
            float[] v,
            float[] w,
            float stepSize,
            float rootScale,
            float keep,
            float penalty,
            float beta1,
            float share1,
            float beta2,
            float share2,
            float eps,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            float g = gradient[i] + penalty * w[i];
            float mean = beta1 * m[i] + share1 * g;
            mean *= Math.min(Math.abs(mean) * DENORMAL_SCALE, 1f);
            float square = beta2 * v[i] + share2 * g * g;
            m[i] = mean;
            v[i] = square;
            w[i] = keep * w[i] - stepSize * mean / ((float) Math.sqrt(square) * rootScale + eps);
        }
    }
}
