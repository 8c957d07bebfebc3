package dev.graft.cpu;

import static dev.graft.cpu.Blocks.in;
import static dev.graft.cpu.Blocks.inOut;
import static dev.graft.cpu.Blocks.out;

import dev.graft.backend.View;
import java.util.Optional;

/** Optimizer steps in one pass over the parameters. */
final class Optimizers {
    // Numbers below 1e-30 shrink to 0 within a few steps, larger ones keep their bits: a branch would stop vectorisation.
    private static final float FLUSH = 1e30f;

    private final Engine engine;

    Optimizers(Engine engine) {
        this.engine = engine;
    }

    /**
     * Momentum decays into denormal numbers where a gradient stays 0, and those make the pass four times slower: below about 1e-30 it
     * is flushed to 0.
     */
    void sgd(View weight, View gradient, Optional<View> velocity, boolean first, float lr, float momentum, float dampening,
             float weightDecay, boolean nesterov) {
        if (momentum == 0f) {
            Blocks.run(engine, (a, from, to) -> plain(a[0], a[1], lr, weightDecay, from, to), in(gradient), inOut(weight));
            return;
        }
        View v = velocity.orElseThrow(() -> new IllegalArgumentException("sgd: momentum " + momentum + " needs a velocity"));
        float decay = first ? 0f : momentum;
        float share = first ? 1f : 1f - dampening;
        Blocks.run(engine, first
                ? (a, from, to) -> start(a[0], a[1], a[2], lr, momentum, weightDecay, nesterov, from, to)
                : (a, from, to) -> step(a[0], a[1], a[2], lr, decay, share, weightDecay, nesterov, from, to),
                in(gradient), first ? out(v) : inOut(v), inOut(weight));
    }

    private static void plain(float[] gradient, float[] w, float lr, float weightDecay, int from, int to) {
        for (int i = from; i < to; i++) {
            w[i] -= lr * (gradient[i] + weightDecay * w[i]);
        }
    }

    private static void start(float[] gradient, float[] v, float[] w, float lr, float momentum, float weightDecay, boolean nesterov,
            int from, int to) {
        float scale = nesterov ? lr * (1f + momentum) : lr;
        for (int i = from; i < to; i++) {
            float g = gradient[i] + weightDecay * w[i];
            v[i] = g;
            w[i] -= scale * g;
        }
    }

    private static void step(float[] gradient, float[] v, float[] w, float lr, float momentum, float share, float weightDecay,
                             boolean nesterov, int from, int to) {
        float onGradient = nesterov ? lr : 0f;
        float onVelocity = nesterov ? lr * momentum : lr;
        for (int i = from; i < to; i++) {
            float g = gradient[i] + weightDecay * w[i];
            float u = momentum * v[i] + share * g;
            u *= Math.min(Math.abs(u) * FLUSH, 1f);
            v[i] = u;
            w[i] -= onGradient * g + onVelocity * u;
        }
    }

    void adamW(View weight, View gradient, View m, View v, long t, float lr, float beta1, float beta2, float eps, float weightDecay) {
        float stepSize = (float) (lr / (1 - Math.pow(beta1, t)));
        float rootScale = (float) (1 / Math.sqrt(1 - Math.pow(beta2, t)));
        float keep = 1f - lr * weightDecay;
        Blocks.run(engine, (a, from, to) -> {
            adamW(a[0], a[1], a[2], a[3], stepSize, rootScale, keep, beta1, beta2, eps, from, to);
        }, in(gradient), inOut(m), inOut(v), inOut(weight));
    }

    private static void adamW(float[] gradient, float[] m, float[] v, float[] w, float stepSize, float rootScale, float keep,
                              float beta1, float beta2, float eps, int from, int to) {
        float share1 = 1f - beta1;
        float share2 = 1f - beta2;
        for (int i = from; i < to; i++) {
            float g = gradient[i];
            float mean = beta1 * m[i] + share1 * g;
            mean *= Math.min(Math.abs(mean) * FLUSH, 1f);
            float square = beta2 * v[i] + share2 * g * g;
            m[i] = mean;
            v[i] = square;
            w[i] = keep * w[i] - stepSize * mean / ((float) Math.sqrt(square) * rootScale + eps);
        }
    }
}
