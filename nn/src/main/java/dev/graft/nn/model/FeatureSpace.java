package dev.graft.nn.model;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.io.file.Sha256;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where the features of the training data lie, to tell inputs that are far from all of them: the Mahalanobis distance
 * by a Gaussian of which the directions of largest variance have their own and all others one common variance. Only
 * means and directions are kept, no example's features.
 *
 * <p>With the mean {@code m}, directions {@code u_i} of variance {@code v_i} and the remainder {@code r} of {@code x -
 * m}, of {@code d - k} dimensions with the mean variance {@code s}: {@code distance^2 = (sum of (u_i (x - m))^2 / v_i +
 * |r|^2 / s) / d}.
 *
 * @see <a href="https://arxiv.org/abs/1807.03888">Lee et al. 2018, A simple unified framework for detecting
 *     out-of-distribution samples</a>
 * @see <a href="https://doi.org/10.1111/1467-9868.00196">Tipping and Bishop 1999, Probabilistic principal component
 *     analysis</a>
 */
public final class FeatureSpace {
    /** The file beside the card that holds it. */
    public static final String FILE_NAME = "feature-space.safetensors";

    /** With fewer examples nothing is known of where they lie. */
    public static final int FEWEST = 20;

    private static final int MOST_DIRECTIONS = 32;
    private static final int ITERATIONS = 15;
    /** Of the mean variance: keeps a feature that never varied from making every change infinitely far. */
    private static final double LEAST_VARIANCE = 1e-3;

    private final float[] mean;
    private final float[][] directions;
    private final float[] variances;
    private final float rest;

    private FeatureSpace(float[] mean, float[][] directions, float[] variances, float rest) {
        this.mean = mean;
        this.directions = directions;
        this.variances = variances;
        this.rest = rest;
    }

    /**
     * Of the features of training examples.
     *
     * @param features {@code [examples][features]}, finite, at least {@value #FEWEST} examples
     */
    public static FeatureSpace of(float[][] features) {
        if (features.length < FEWEST) {
            throw new IllegalArgumentException("feature space: " + features.length + " examples are fewer than "
                    + FEWEST + ". Hint: give more, or do without.");
        }
        int d = features[0].length;
        double[] mean = new double[d];
        for (float[] row : features) {
            for (int j = 0; j < d; j++) {
                mean[j] += row[j] / (double) features.length;
            }
        }
        double[][] x = new double[features.length][d];
        double total = 0;
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < d; j++) {
                x[i][j] = features[i][j] - mean[j];
                total += x[i][j] * x[i][j] / (x.length - 1);
            }
        }
        if (!Double.isFinite(total)) {
            throw new IllegalArgumentException("feature space: a feature is not finite. Hint: look at the weights.");
        }
        int k = Math.min(Math.min(MOST_DIRECTIONS, d), features.length / 5);
        double[][] q = directions(x, k);
        double least = LEAST_VARIANCE * Math.max(total / d, Float.MIN_NORMAL);
        float[] variances = new float[k];
        double explained = 0;
        for (int i = 0; i < k; i++) {
            double sum = 0;
            for (double[] row : x) {
                double z = dot(row, q[i]);
                sum += z * z;
            }
            double variance = sum / (x.length - 1);
            explained += variance;
            variances[i] = (float) Math.max(variance, least);
        }
        double rest = d == k ? least : Math.max((total - explained) / (d - k), least);
        return new FeatureSpace(
                floats(mean), Arrays.stream(q).map(FeatureSpace::floats).toArray(float[][]::new), variances, (float)
                        rest);
    }

    /** The directions of largest variance, by orthogonal iteration from a fixed start. */
    private static double[][] directions(double[][] x, int k) {
        RandomGenerator random = RandomStream.of(0, "feature space");
        double[][] q = new double[k][x[0].length];
        for (double[] direction : q) {
            Arrays.setAll(direction, j -> random.nextDouble() - 0.5);
        }
        orthonormalise(q);
        for (int step = 0; step < ITERATIONS; step++) {
            double[][] next = new double[k][x[0].length];
            for (double[] row : x) {
                for (int i = 0; i < k; i++) {
                    double z = dot(row, q[i]);
                    for (int j = 0; j < row.length; j++) {
                        next[i][j] += z * row[j];
                    }
                }
            }
            for (int i = 0; i < k; i++) {
                if (dot(next[i], next[i]) == 0) { // no variance is left in this direction
                    next[i] = q[i];
                }
            }
            orthonormalise(next);
            q = next;
        }
        return q;
    }

    /** Gram and Schmidt, twice, since once leaves rounding errors. */
    private static void orthonormalise(double[][] q) {
        for (int i = 0; i < q.length; i++) {
            for (int pass = 0; pass < 2; pass++) {
                for (int other = 0; other < i; other++) {
                    double share = dot(q[i], q[other]);
                    for (int j = 0; j < q[i].length; j++) {
                        q[i][j] -= share * q[other][j];
                    }
                }
                double length = Math.sqrt(dot(q[i], q[i]));
                for (int j = 0; j < q[i].length && length > 0; j++) {
                    q[i][j] /= length;
                }
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int j = 0; j < a.length; j++) {
            sum += a[j] * b[j];
        }
        return sum;
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int j = 0; j < floats.length; j++) {
            floats[j] = (float) values[j];
        }
        return floats;
    }

    /** How many features there are. */
    public int size() {
        return mean.length;
    }

    /**
     * How far an input lies from the training data; about 1 for one of them, infinite if a feature is not finite.
     *
     * @param features {@code [features]}
     */
    public double distance(float[] features) {
        if (features.length != mean.length) {
            throw new IllegalArgumentException(
                    "feature space: it has " + mean.length + " features, the input has " + features.length);
        }
        double[] x = new double[mean.length];
        double left = 0;
        for (int j = 0; j < x.length; j++) {
            x[j] = (double) features[j] - mean[j];
            left += x[j] * x[j];
        }
        double squared = 0;
        for (int i = 0; i < directions.length; i++) {
            double z = 0;
            for (int j = 0; j < x.length; j++) {
                z += x[j] * directions[i][j];
            }
            squared += z * z / variances[i];
            left -= z * z;
        }
        double distance = Math.sqrt((squared + Math.max(0, left) / rest) / x.length);
        return Double.isFinite(distance) ? distance : Double.POSITIVE_INFINITY;
    }

    /** Of all numbers, for the card. */
    public String sha256() {
        MessageDigest digest = Sha256.digest();
        update(digest, mean);
        for (float[] direction : directions) {
            update(digest, direction);
        }
        update(digest, variances);
        update(digest, new float[] {rest});
        return Sha256.hex(digest);
    }

    private static void update(MessageDigest digest, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        for (float value : values) {
            bytes.putFloat(value);
        }
        digest.update(bytes.array());
    }

    /** Writes {@link #FILE_NAME}. */
    public void save(Path file) {
        float[] flat = new float[directions.length * mean.length];
        for (int i = 0; i < directions.length; i++) {
            System.arraycopy(directions[i], 0, flat, i * mean.length, mean.length);
        }
        try (Tensor means = Tensor.of(mean, mean.length);
                Tensor all = Tensor.of(flat, directions.length, mean.length);
                Tensor own = Tensor.of(variances, variances.length);
                Tensor others = Tensor.of(new float[] {rest}, 1);
                StateDict state = new StateDict()) {
            state.put("mean", means)
                    .put("directions", all)
                    .put("variances", own)
                    .put("rest", others);
            Safetensors.save(state, file);
        }
    }

    /**
     * Reads {@link #FILE_NAME}.
     *
     * @param sha256 its hash in the card
     * @throws ModelException where the file is another
     */
    public static FeatureSpace load(Path file, String sha256) {
        FeatureSpace space;
        try (StateDict state = WeightFiles.load(file)) {
            float[] mean = state.get("mean").toFloatArray();
            Tensor all = state.get("directions");
            float[] flat = all.toFloatArray();
            float[][] directions = new float[all.dim(0)][];
            for (int i = 0; i < directions.length; i++) {
                directions[i] = Arrays.copyOfRange(flat, i * mean.length, (i + 1) * mean.length);
            }
            space = new FeatureSpace(
                    mean,
                    directions,
                    state.get("variances").toFloatArray(),
                    state.get("rest").toFloatArray()[0]);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw other(file, e);
        }
        if (!space.sha256().equals(sha256)) {
            throw other(file, null);
        }
        return space;
    }

    private static ModelException other(Path file, @Nullable Exception cause) {
        String problem =
                file + " is not the file that " + ModelCard.FILE_NAME + " describes: its numbers have another SHA-256";
        String fix = "put the file of that run back, or remove it to do without";
        return cause == null ? new ModelException(problem, fix) : new ModelException(problem, fix, cause);
    }
}
