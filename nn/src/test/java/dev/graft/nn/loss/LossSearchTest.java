package dev.graft.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Every loss with every option in random combinations, value and gradient, against slow formulas in double. Each bound
 * is that of the roundings that a value passes, so a wrong small one is seen beside a large one.
 */
class LossSearchTest {
    private static final int CASES = 400;
    /** Half a unit in the last place of a float, relative. */
    private static final double ULP = 0x1p-24;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    /** Outputs in a random layout, and the leaf whose gradient is theirs. */
    private record Outputs(Tensor leaf, Tensor view, float[] values, int layout) {

        float[] gradient() {
            Tensor grad = leaf.grad().orElseThrow();
            return (layout == 1 ? reversed(grad) : layout == 2 ? grad.slice(0, 1, grad.dim(0)) : grad).toFloatArray();
        }
    }

    private static Tensor reversed(Tensor x) {
        int[] order = new int[x.rank()];
        for (int i = 0; i < order.length; i++) {
            order[i] = order.length - 1 - i;
        }
        return x.permute(order);
    }

    private Outputs outputs(float[] values, int... dims) {
        Tensor plain = Tensor.of(values, dims);
        int layout = random.nextInt(3);
        Tensor leaf =
                switch (layout) {
                    case 1 -> reversed(plain).copy();
                    case 2 -> Tensor.concat(0, plain.slice(0, 0, Math.min(1, dims[0])), plain);
                    default -> plain;
                };
        if (layout == 2 && dims[0] == 0) {
            layout = 0;
        }
        leaf.requireGrad(true);
        Tensor view = layout == 1 ? reversed(leaf) : layout == 2 ? leaf.slice(0, 1, leaf.dim(0)) : leaf;
        return new Outputs(leaf, view, values, layout);
    }

    /** Of one size, or of many at once. */
    private float number(double largest) {
        double scale = random.nextBoolean() ? largest : Math.pow(10, random.nextInt(40) - 20);
        return (float) Math.max(-largest, Math.min(largest, random.nextGaussian() * scale));
    }

    private float[] numbers(int count, double largest) {
        float[] values = new float[count];
        double usual = random.nextInt(4) == 0 ? largest : Math.min(largest, 10);
        for (int i = 0; i < count; i++) {
            values[i] = random.nextInt(10) == 0 ? number(largest) : (float) (random.nextGaussian() * usual);
        }
        return values;
    }

    private LossReduction reduction() {
        return LossReduction.values()[random.nextInt(3)];
    }

    /** What each loss is multiplied by on the way to a scalar; one number where it was folded already. */
    private float[] upstream(LossReduction reduction, int count) {
        float[] factors = new float[reduction == LossReduction.NONE ? count : 1];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) random.nextGaussian();
        }
        return factors;
    }

    private static void backward(Tensor loss, float[] upstream) {
        loss.mul(Tensor.of(upstream, loss.shape().toArray())).sum().backward();
    }

    private void check(String what, float[] actual, double[] expected, double[] bounds) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            boolean right = Double.isNaN(expected[i])
                    ? Float.isNaN(actual[i])
                    : actual[i] == expected[i] || Math.abs(actual[i] - expected[i]) <= bounds[i];
            if (!right) {
                throw new AssertionError(what + ": value " + i + " is " + actual[i] + ", right is " + expected[i]
                        + ", may differ by " + bounds[i] + " (seed " + seed + ")");
            }
        }
    }

    /** Folds losses and their bounds as a reduction does; a sum rounds to float, and so does a divisor. */
    private void checkValue(
            String what, Tensor loss, LossReduction reduction, double[] losses, double[] bounds, double divisor) {
        double[] expected = losses;
        double[] allowed = bounds;
        if (reduction != LossReduction.NONE) {
            double divided = reduction == LossReduction.MEAN ? divisor : 1;
            double sum = Arrays.stream(losses).sum();
            double size = Arrays.stream(losses).map(Math::abs).sum();
            expected = new double[] {sum / divided};
            allowed = new double[] {(Arrays.stream(bounds).sum() + 4 * ULP * size) / divided};
        }
        check(what + " value", loss.toFloatArray(), expected, allowed);
    }

    // Cross-entropy

    @Test
    void crossEntropy() {
        for (int i = 0; i < CASES; i++) {
            try (Scope scope = Scope.open()) {
                crossEntropyCase(i);
            }
        }
    }

    private void crossEntropyCase(int number) {
        int n = random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(6);
        int classes = random.nextInt(10) == 0 ? 300 : 1 + random.nextInt(7);
        int places = random.nextBoolean() ? 1 : 1 + random.nextInt(3);
        boolean images = places > 1 || random.nextInt(4) == 0;
        int[] dims = images ? new int[] {n, classes, places} : new int[] {n, classes};
        Outputs x = outputs(numbers(n * classes * places, random.nextInt(5) == 0 ? 1e36 : 60), dims);
        long ignored = random.nextBoolean() ? -100 : random.nextInt(classes);
        long[] labels = new long[n * places];
        boolean allIgnored = random.nextInt(12) == 0;
        for (int r = 0; r < labels.length; r++) {
            labels[r] = allIgnored || random.nextInt(5) == 0 ? ignored : random.nextInt(classes);
        }
        float[] weights = new float[classes];
        for (int c = 0; c < classes; c++) {
            weights[c] = random.nextInt(6) == 0 ? 0 : random.nextFloat() * 3;
        }
        float smoothing = new float[] {0, 0, 0.1f, random.nextFloat(), 1}[random.nextInt(5)];
        LossReduction reduction = reduction();
        CrossEntropyLoss loss = new CrossEntropyLoss()
                .labelSmoothing(smoothing)
                .ignoreIndex(ignored)
                .reduction(reduction);
        if (random.nextBoolean()) {
            loss = loss.classWeights(weights);
        } else {
            Arrays.fill(weights, 1);
        }
        String what = "case " + number + " of " + loss + " " + Arrays.toString(dims);
        Tensor target = Tensor.of(labels, images ? new int[] {n, places} : new int[] {n});
        target = random.nextBoolean() ? target.to(DType.I32) : target;
        Tensor value = loss.forward(x.view, target);
        float[] upstream = upstream(reduction, labels.length);

        double divisor = 0;
        for (long label : labels) {
            divisor += label == ignored ? 0 : weights[(int) label];
        }
        double[] losses = new double[labels.length];
        double[] bounds = new double[labels.length];
        double[] gradient = new double[x.values.length];
        double[] gradientBounds = new double[x.values.length];
        for (int r = 0; r < labels.length; r++) {
            if (labels[r] == ignored) {
                continue;
            }
            double[] row = new double[classes];
            for (int c = 0; c < classes; c++) {
                row[c] = x.values[(r / places * classes + c) * places + r % places];
            }
            double d = reduction == LossReduction.NONE
                    ? upstream[r]
                    : reduction == LossReduction.SUM ? upstream[0] : upstream[0] / divisor;
            Row result = Row.of(row, (int) labels[r], weights, smoothing);
            losses[r] = result.loss;
            bounds[r] = result.bound;
            for (int c = 0; c < classes; c++) {
                int at = (r / places * classes + c) * places + r % places;
                gradient[at] = d * result.gradient[c];
                gradientBounds[at] = Math.abs(d) * result.gradientBound[c] + Float.MIN_VALUE;
            }
        }
        if (reduction == LossReduction.MEAN && divisor == 0) {
            assertThat(Float.isFinite(value.item())).as(what).isFalse(); // 0 / 0, or what smoothing leaves / 0
        } else {
            checkValue(what, value, reduction, losses, bounds, divisor);
        }
        boolean counts = Arrays.stream(labels).anyMatch(label -> label != ignored);
        CrossEntropyLoss asked = loss;
        Tensor askedTarget = target;
        if (counts && divisor == 0 && smoothing > 0) {
            assertThatThrownBy(() -> asked.weight(x.view, askedTarget)).hasMessageContaining("class weight 0");
        } else {
            assertThat(loss.weight(x.view, target)).as(what).isEqualTo(divisor);
        }
        if (reduction != LossReduction.MEAN || divisor > 0) {
            backward(value, upstream);
            check(what + " gradient", x.gradient(), gradient, gradientBounds);
        }
    }

    /** Of a float exponential, relative: two roundings. */
    private static final double EXP_ERROR = 2 * ULP;

    /** One example's loss and its gradient, each with the error that roundings to float may make. */
    private record Row(double loss, double bound, double[] gradient, double[] gradientBound) {

        static Row of(double[] x, int label, float[] weights, double smoothing) {
            int classes = x.length;
            double largest = Arrays.stream(x).max().orElseThrow();
            double others = 0; // the sum of all exponentials but one of the largest, which is 1
            double moved = 0; // by how much rounding the differences to float may change that sum
            boolean one = false;
            for (double v : x) {
                double e = Math.exp(v - largest);
                moved += e * (largest - v) * ULP;
                if (v == largest && !one) {
                    one = true;
                } else {
                    others += e;
                }
            }
            double logSum = Math.log1p(others);
            // every exponential but the 1 is a float, short rows are summed in floats, and so is the logarithm
            double summed = Math.max(0, classes - 2) * ULP;
            double logBound = (1.1 * moved + (EXP_ERROR + summed) * others) / (1 + others) + 2 * ULP * logSum + 4e-16;
            double weightSum = 0;
            for (float weight : weights) {
                weightSum += weight;
            }
            double onTarget = (1 - smoothing) * weights[label];
            double spread = smoothing / classes;
            double loss = 0;
            double bound = 0;
            double[] gradient = new double[classes];
            double[] gradientBound = new double[classes];
            double notLabel = 0;
            double[] p = new double[classes];
            for (int c = 0; c < classes; c++) {
                p[c] = Math.exp(x[c] - largest - logSum);
                notLabel += c == label ? 0 : p[c];
            }
            for (int c = 0; c < classes; c++) {
                double share = (c == label ? onTarget : 0) + spread * weights[c];
                double lp = x[c] - largest - logSum;
                // the difference to the largest and the result are both rounded
                double lpBound = 2.2 * ULP * Math.abs(lp) + logBound;
                if (share != 0) {
                    loss -= share * lp;
                    bound += share * (lpBound + 1.1 * ULP * Math.abs(lp));
                }
                double hard = c == label ? -onTarget * notLabel : onTarget * p[c];
                gradient[c] = hard + spread * (p[c] * weightSum - weights[c]);
                double exp = EXP_ERROR * (c == label ? Math.min(p[c], notLabel) : p[c]);
                gradientBound[c] = (onTarget + spread * weightSum) * (p[c] * lpBound + exp)
                        + 1e-15 * (onTarget + spread * (weightSum + weights[c]))
                        + 5 * ULP * Math.abs(gradient[c]);
            }
            return new Row(loss, bound, gradient, gradientBound);
        }
    }

    // Binary cross-entropy and the squared error

    /** Targets of the outputs' shape or, for {@code [N, 1]}, of {@code [N]}; of a type that holds them. */
    private Tensor targets(float[] values, int[] dims, boolean whole) {
        boolean column = dims[dims.length - 1] == 1 && dims.length > 1 && random.nextBoolean();
        Tensor y = Tensor.of(values, column ? Arrays.copyOf(dims, dims.length - 1) : dims);
        DType[] types = {DType.I64, DType.I32, DType.U8, DType.BOOL};
        return whole ? y.to(types[random.nextInt(types.length)]) : y;
    }

    private int[] dims() {
        int[] dims = new int[1 + random.nextInt(3)];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = 1 + random.nextInt(6);
        }
        if (random.nextInt(25) == 0) {
            dims[0] = 0;
        }
        return dims;
    }

    @Test
    void binaryCrossEntropy() {
        for (int i = 0; i < CASES; i++) {
            try (Scope scope = Scope.open()) {
                int[] dims = dims();
                int count = Shape.of(dims).numel();
                int last = dims[dims.length - 1];
                Outputs x = outputs(numbers(count, random.nextInt(5) == 0 ? 1e36 : 90), dims);
                boolean whole = random.nextBoolean();
                float[] t = new float[count];
                for (int k = 0; k < count; k++) {
                    t[k] = whole || random.nextInt(3) == 0 ? random.nextInt(2) : random.nextFloat();
                }
                LossReduction reduction = reduction();
                BceWithLogitsLoss loss = new BceWithLogitsLoss().reduction(reduction);
                float[] weights = new float[random.nextBoolean() || (dims.length == 1 && count == 0) ? 1 : last];
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = random.nextInt(6) == 0 ? 0 : random.nextFloat() * 5;
                }
                boolean weighted = random.nextBoolean() && weights.length > 0;
                loss = weighted ? loss.positiveWeight(weights) : loss;
                String what = "case " + i + " of binary cross-entropy " + Arrays.toString(dims) + " " + reduction;
                Tensor value = loss.forward(x.view, targets(t, dims, whole));
                float[] upstream = upstream(reduction, count);
                double[] losses = new double[count];
                double[] bounds = new double[count];
                double[] gradient = new double[count];
                double[] gradientBounds = new double[count];
                for (int k = 0; k < count; k++) {
                    double v = x.values[k];
                    double p = weighted ? weights[weights.length == 1 ? 0 : k % last] : 1;
                    double yes = p * t[k] * softplus(-v);
                    double no = (1 - (double) t[k]) * softplus(v);
                    losses[k] = yes + no;
                    bounds[k] = 12 * ULP * losses[k] + (2 + p) * Float.MIN_VALUE;
                    double d = reduction == LossReduction.NONE
                            ? upstream[k]
                            : reduction == LossReduction.SUM ? upstream[0] : upstream[0] / (double) count;
                    double down = p * t[k] * sigmoid(-v);
                    double up = (1 - (double) t[k]) * sigmoid(v);
                    gradient[k] = d * (up - down);
                    gradientBounds[k] =
                            16 * ULP * Math.abs(d) * (up + down) + 4 * (1 + p) * (1 + Math.abs(d)) * Float.MIN_VALUE;
                }
                checkValue(what, value, reduction, losses, bounds, count);
                assertThat(loss.weight(x.view, x.view)).isEqualTo(count);
                backward(value, upstream);
                check(what + " gradient", x.gradient(), gradient, gradientBounds);
            }
        }
    }

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static double sigmoid(double x) {
        return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
    }

    @Test
    void squaredError() {
        for (int i = 0; i < CASES; i++) {
            try (Scope scope = Scope.open()) {
                int[] dims = dims();
                int count = Shape.of(dims).numel();
                Outputs x = outputs(numbers(count, random.nextInt(5) == 0 ? 1e17 : 10), dims);
                boolean whole = random.nextBoolean();
                float[] y = whole ? new float[count] : numbers(count, 10);
                for (int k = 0; k < count && whole; k++) {
                    y[k] = random.nextInt(2);
                }
                LossReduction reduction = reduction();
                MseLoss loss = new MseLoss().reduction(reduction);
                String what = "case " + i + " of the squared error " + Arrays.toString(dims) + " " + reduction;
                Tensor value = loss.forward(x.view, targets(y, dims, whole));
                float[] upstream = upstream(reduction, count);
                double[] losses = new double[count];
                double[] bounds = new double[count];
                double[] gradient = new double[count];
                double[] gradientBounds = new double[count];
                for (int k = 0; k < count; k++) {
                    double apart = (double) x.values[k] - y[k];
                    losses[k] = apart * apart;
                    bounds[k] = 4 * ULP * losses[k] + Float.MIN_VALUE;
                    double d = reduction == LossReduction.NONE
                            ? upstream[k]
                            : reduction == LossReduction.SUM ? upstream[0] : upstream[0] / (double) count;
                    gradient[k] = 2 * d * apart;
                    gradientBounds[k] = 6 * ULP * Math.abs(gradient[k]) + Float.MIN_VALUE;
                }
                checkValue(what, value, reduction, losses, bounds, count);
                backward(value, upstream);
                check(what + " gradient", x.gradient(), gradient, gradientBounds);
            }
        }
    }

    // Shapes that do not belong together

    @Test
    void otherShapesAreRefusedUnderTheLossesNames() {
        for (int i = 0; i < CASES; i++) {
            int[] outputs = dims();
            int[] targets = dims();
            Tensor x = Tensor.zeros(outputs);
            String what = "case " + i + ": outputs " + Arrays.toString(outputs) + ", targets "
                    + Arrays.toString(targets) + " (seed " + seed + ")";
            boolean same = Arrays.equals(outputs, targets);
            boolean column = outputs.length == targets.length + 1
                    && outputs[outputs.length - 1] == 1
                    && Arrays.equals(Arrays.copyOf(outputs, targets.length), targets);
            accepts(what, new MseLoss(), "mse", x, Tensor.zeros(targets), same || column);
            accepts(what, new BceWithLogitsLoss(), "bceWithLogits", x, Tensor.zeros(targets), same || column);
            boolean classes = outputs.length == targets.length + 1
                    && outputs[0] == targets[0]
                    && Arrays.equals(
                            Arrays.copyOfRange(outputs, 2, outputs.length),
                            Arrays.copyOfRange(targets, 1, targets.length));
            accepts(
                    what,
                    new CrossEntropyLoss(),
                    "crossEntropy",
                    x,
                    Tensor.zeros(DType.I64, Shape.of(targets)),
                    classes);
        }
    }

    private static void accepts(String what, Loss loss, String name, Tensor x, Tensor y, boolean fits) {
        if (fits) {
            assertThat(loss.forward(x, y).rank()).as(what).isZero();
        } else {
            assertThatThrownBy(() -> loss.forward(x, y))
                    .as(what)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(name + ": ")
                    .hasMessageContaining(x.shape().toString())
                    .hasMessageContaining(y.shape().toString());
        }
    }
}
