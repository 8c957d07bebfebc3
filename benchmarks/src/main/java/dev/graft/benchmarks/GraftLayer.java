package dev.graft.benchmarks;

import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One pass of a layer on Graft. Call {@link #prepare}, {@link #run} and {@link #finish} in turn; only {@code run} is
 * worth timing.
 */
public final class GraftLayer {
    private static final double TOLERANCE = 1e-3;
    /** Of a difference in double precision; larger ones would cross the kinks of pooling. */
    private static final double STEP = 1e-6;

    private final Layer layer;
    private final Pass pass;
    private final int batch;
    private final List<Tensor> inputs = new ArrayList<>();
    private final Tensor seed;
    private Scope scope;
    private Tensor output;

    public GraftLayer(Layer layer, Pass pass, int batch) {
        this.layer = layer;
        this.pass = pass;
        this.batch = batch;
        SplittableRandom random = new SplittableRandom(1);
        for (int[] shape : layer.inputs(batch)) {
            inputs.add(random(random, shape)
                    .requireGrad(pass == (inputs.isEmpty() ? Pass.INPUT_GRADIENT : Pass.WEIGHT_GRADIENT)));
        }
        seed = random(random, layer.output(batch));
    }

    /** Whether training does that pass at all: pooling has no weight, and images need no gradient. */
    public static boolean exists(Layer layer, Pass pass) {
        return switch (pass) {
            case FORWARD -> true;
            case INPUT_GRADIENT -> !(layer instanceof Layer.Conv conv && conv.in() == 3);
            case WEIGHT_GRADIENT -> layer instanceof Layer.Conv || layer instanceof Layer.Linear;
        };
    }

    /** Images lie channels-last, as layers hand them on. */
    private static Tensor random(SplittableRandom random, int[] s) {
        return s.length == 4
                ? Tensor.randn(random, s[0], s[2], s[3], s[1]).permute(0, 3, 1, 2)
                : Tensor.randn(random, s);
    }

    /** What comes before the pass: for a gradient, the forward computation. */
    public void prepare() {
        scope = Scope.open();
        if (pass != Pass.FORWARD) {
            inputs.forEach(Tensor::clearGrad);
            output = layer.apply(inputs);
        }
    }

    /** Returns the output or the gradient; it lives until {@link #finish}. */
    public Tensor run() {
        if (pass == Pass.FORWARD) {
            return Autograd.noGrad(() -> layer.apply(inputs));
        }
        output.backward(seed);
        return differentiated().grad().orElseThrow();
    }

    /** Frees what the pass made. */
    public void finish() {
        scope.close();
    }

    private Tensor differentiated() {
        return inputs.get(pass == Pass.INPUT_GRADIENT ? 0 : 1);
    }

    /**
     * Compares with the definition in double precision: the whole output, or the gradient's product with a random
     * direction, which must be the output's change in that direction.
     */
    public void check() {
        prepare();
        float[] actual = run().toFloatArray();
        double[][] values = inputs.stream().map(GraftLayer::values).toArray(double[][]::new);
        if (pass == Pass.FORWARD) {
            checkOutput(actual, layer.reference(batch, values));
        } else {
            checkGradient(actual, values);
        }
        finish();
    }

    private void checkOutput(float[] actual, double[] expected) {
        double largest = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            error = Math.max(error, Math.abs(expected[i] - actual[i]));
        }
        require(error, largest);
    }

    private void checkGradient(float[] gradient, double[][] values) {
        double[] x = values[pass == Pass.INPUT_GRADIENT ? 0 : 1];
        double[] start = x.clone();
        SplittableRandom random = new SplittableRandom(3);
        double[] direction = random.doubles(x.length).map(v -> v - 0.5).toArray();
        double product = 0;
        double squares = 0;
        for (int i = 0; i < x.length; i++) {
            double term = gradient[i] * direction[i];
            product += term;
            squares += term * term;
        }
        move(x, start, direction, STEP);
        double[] ahead = layer.reference(batch, values);
        move(x, start, direction, -STEP);
        double[] behind = layer.reference(batch, values);
        double[] dy = values(seed);
        double change = 0;
        for (int i = 0; i < dy.length; i++) {
            change += dy[i] * (ahead[i] - behind[i]) / (2 * STEP);
        }
        require(Math.abs(change - product), Math.sqrt(squares));
    }

    private static void move(double[] x, double[] start, double[] direction, double step) {
        for (int i = 0; i < x.length; i++) {
            x[i] = start[i] + step * direction[i];
        }
    }

    private static double[] values(Tensor tensor) {
        float[] floats = tensor.detach().toFloatArray();
        double[] doubles = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            doubles[i] = floats[i];
        }
        return doubles;
    }

    private void require(double error, double scale) {
        if (!(error <= TOLERANCE * scale)) {
            throw new IllegalStateException(layer + ", " + pass.label() + ", batch " + batch + ": wrong by " + error
                    + " where values are of size " + scale);
        }
    }
}
