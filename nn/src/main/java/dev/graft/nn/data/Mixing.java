package dev.graft.nn.data;

import dev.graft.random.Draw;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.random.RandomGenerator;

/** What the augmentations of whole batches share. */
final class Mixing {
    private Mixing() {}

    static void check(String name, double alpha, int classes) {
        if (!(alpha > 0) || Double.isInfinite(alpha) || classes < 1) {
            throw new IllegalArgumentException(name + ": alpha " + alpha + ", classes " + classes
                    + ". Hint: alpha must be positive, such as 0.2 or 1, and classes at least 1.");
        }
    }

    /** The one input of a batch. */
    static Tensor images(String name, Batch batch, int leastRank) {
        Tensor inputs = batch.inputs();
        if (inputs.rank() < leastRank || inputs.dtype() != DType.F32) {
            throw new IllegalArgumentException(name + ": inputs must be F32"
                    + (leastRank == 4 ? " images [N, C, H, W]" : "") + " (inputs " + inputs.dtype() + " "
                    + inputs.shape() + "). Hint: use it for batches of images.");
        }
        return inputs;
    }

    /** Labels as F32 {@code [N, classes]}: classes one-hot, soft ones as they are. */
    static Tensor soft(String name, Batch batch, int classes) {
        Tensor labels = batch.labels();
        if (labels.dtype() == DType.F32 && labels.rank() == 2 && labels.dim(1) == classes) {
            return labels;
        }
        if (labels.dtype() != DType.I64 || labels.rank() != 1) {
            throw new IllegalArgumentException(name + ": labels must be classes [N] I64, or F32 [N, " + classes
                    + "] (labels " + labels.dtype() + " " + labels.shape() + "). Hint: check the number of classes.");
        }
        long[] numbers = labels.toLongArray();
        float[] shares = new float[Math.multiplyExact(numbers.length, classes)];
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] < 0 || numbers[i] >= classes) {
                throw new IllegalArgumentException(name + ": label " + numbers[i] + " is not in [0, " + classes
                        + "). Hint: check the number of" + " classes.");
            }
            shares[i * classes + (int) numbers[i]] = 1;
        }
        return Tensor.of(labels.device(), shares, numbers.length, classes);
    }

    /** {@code lambda * x + (1 - lambda) * previous x}. */
    static Tensor blend(Tensor x, double lambda) {
        return x.roll(0, 1).mul((float) (1 - lambda)).add(x.mul((float) lambda));
    }

    /** From Beta(alpha, alpha), in [0, 1], with the same bits on every JDK. */
    static double beta(double alpha, RandomGenerator random) {
        double one = logGamma(alpha, random);
        double other = logGamma(alpha, random);
        return 1 / (1 + StrictMath.exp(other - one));
    }

    /**
     * The logarithm of a value from Gamma(alpha, 1), since for small alpha the value itself underflows: Marsaglia and
     * Tsang's method at alpha + 1, times {@code u^(1 / alpha)}.
     *
     * @see <a href="https://doi.org/10.1145/358407.358414">Marsaglia and Tsang 2000</a>
     */
    private static double logGamma(double alpha, RandomGenerator random) {
        double d = alpha + 1 - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double normal = Draw.normal(random);
            double v = 1 + c * normal;
            double u = Draw.uniform(random, 0.0, 1.0);
            if (v > 0 && u > 0) {
                double cube = v * v * v;
                if (StrictMath.log(u) < 0.5 * normal * normal + d - d * cube + d * StrictMath.log(cube)) {
                    double share = 1 - Draw.uniform(random, 0.0, 1.0); // never 0
                    return StrictMath.log(d * cube) + StrictMath.log(share) / alpha;
                }
            }
        }
    }
}
