package dev.graft.tensor;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;

/**
 * The reference of the random graphs: single numbers in double precision, each with the numbers that it was computed
 * from and its derivatives by them, after <a href="https://github.com/karpathy/micrograd">micrograd</a>. Tensors are
 * lists of such numbers, operators are plain loops over them, and every gradient follows from the chain rule alone.
 * Shares nothing with the library.
 *
 * <p>A tape may be noisy: then every result and every product of the chain rule is a little off, as floats are. How far
 * the outcomes of noisy tapes lie apart tells how exact a computation in floats can be, number by number.
 */
public final class GraphTape {
    /** Multiples of this up to {@link #LARGEST} stay exact in floats under addition and multiplication. */
    private static final double GRID = 1.0 / 64;

    private static final double LARGEST = 1024;

    private final double noise;
    private final SplittableRandom random;
    private double[] values = new double[1 << 10];
    private boolean[] exact = new boolean[1 << 10];
    /** Relative error of what flows back through a number, for casts to short types. */
    private double[] castNoise = new double[1 << 10];

    private int[] firstEdge = new int[(1 << 10) + 1];
    private int[] parents = new int[1 << 12];
    private double[] slopes = new double[1 << 12];
    private int size;

    /** @param noise relative errors are uniform up to this; 0 for the exact reference */
    public GraphTape(double noise, long seed) {
        this.noise = noise;
        this.random = new SplittableRandom(seed);
    }

    public double value(int id) {
        return values[id];
    }

    /** Whether float arithmetic gives this very number, so that comparisons come out the same. */
    public boolean isExact(int id) {
        return exact[id];
    }

    public int size() {
        return size;
    }

    /** Forgets the newest numbers. */
    public void truncate(int newSize) {
        size = newSize;
    }

    private double jitter() {
        return noise == 0 ? 1 : 1 + noise * (2 * random.nextDouble() - 1);
    }

    /** As a float computation within a function has it. */
    public double rounded(double value) {
        return value * jitter();
    }

    private int node(double value, boolean isExact) {
        if (size == values.length) {
            int more = 2 * size;
            values = Arrays.copyOf(values, more);
            exact = Arrays.copyOf(exact, more);
            castNoise = Arrays.copyOf(castNoise, more);
            firstEdge = Arrays.copyOf(firstEdge, more + 1);
        }
        values[size] = isExact ? value : value * jitter();
        exact[size] = isExact;
        castNoise[size] = 0;
        firstEdge[size + 1] = firstEdge[size];
        return size++;
    }

    /** To be called for the newest number alone. */
    private void edge(int parent, double slope) {
        int at = firstEdge[size]++;
        if (at == parents.length) {
            parents = Arrays.copyOf(parents, 2 * at);
            slopes = Arrays.copyOf(slopes, 2 * at);
        }
        parents[at] = parent;
        slopes[at] = slope;
    }

    private static boolean onGrid(double v) {
        return Math.abs(v) <= LARGEST && Math.rint(v / GRID) * GRID == v;
    }

    /** A number without history; it must be a float. */
    public int leaf(double value) {
        return node(value, true);
    }

    public int detached(int a) {
        int id = node(values[a], true);
        exact[id] = exact[a];
        return id;
    }

    private int exactOrNot(double value, int a, int b) {
        return node(value, exact[a] && exact[b] && onGrid(values[a]) && onGrid(values[b]) && onGrid(value));
    }

    public int add(int a, int b) {
        int id = exactOrNot(values[a] + values[b], a, b);
        edge(a, 1);
        edge(b, 1);
        return id;
    }

    public int mul(int a, int b) {
        int id = exactOrNot(values[a] * values[b], a, b);
        edge(a, values[b]);
        edge(b, values[a]);
        return id;
    }

    public int div(int a, int b) {
        int id = node(values[a] / values[b], false);
        edge(a, 1 / values[b]);
        edge(b, -values[a] / values[b] / values[b]);
        return id;
    }

    /** {@code scale * a + shift}. */
    public int affine(int a, double scale, double shift) {
        boolean isExact =
                exact[a] && onGrid(values[a]) && onGrid(scale) && onGrid(shift) && onGrid(scale * values[a] + shift);
        // The product is rounded too, which shows where the sum is small.
        int id = node((isExact ? scale * values[a] : scale * values[a] * jitter()) + shift, isExact);
        edge(a, scale);
        return id;
    }

    public int sub(int a, int b) {
        return add(a, affine(b, -1, 0));
    }

    /** Any function of one number. */
    public int function(int a, double value, double slope) {
        int id = node(value, false);
        edge(a, slope);
        return id;
    }

    /**
     * A function whose slope is computed from its result, as float libraries do: where 1 - y is small, rounding shows.
     */
    public int functionByResult(int a, double value, DoubleUnaryOperator slope) {
        int id = node(value, false);
        edge(a, slope.applyAsDouble(values[id]));
        return id;
    }

    /** A function that gives its argument back or a bound, so that exact stays exact. */
    public int clipped(int a, double value, double slope) {
        int id = node(value, exact[a]);
        edge(a, slope);
        return id;
    }

    /** The same number, whose gradient is rounded to a type of short numbers. */
    public int cast(int a, double relativeError) {
        int id = clipped(a, values[a], 1);
        castNoise[id] = relativeError;
        return id;
    }

    /** The largest, or smallest, of some numbers; equal ones share the gradient. */
    public int extreme(boolean largest, int... ids) {
        double best = values[ids[0]];
        boolean allExact = true;
        for (int id : ids) {
            best = largest ? Math.max(best, values[id]) : Math.min(best, values[id]);
            allExact &= exact[id];
        }
        int ties = 0;
        for (int id : ids) {
            ties += values[id] == best ? 1 : 0;
        }
        int out = node(best, true);
        exact[out] = allExact;
        for (int id : ids) {
            if (values[id] == best) {
                edge(id, 1.0 / ties);
            }
        }
        return out;
    }

    public int sum(int... ids) {
        if (ids.length == 0) {
            return leaf(0);
        }
        int total = ids[0];
        for (int i = 1; i < ids.length; i++) {
            total = add(total, ids[i]);
        }
        return total;
    }

    public int mean(int... ids) {
        return affine(sum(ids), 1.0 / ids.length, 0);
    }

    public int exp(int a) {
        double e = Math.exp(values[a]);
        return function(a, e, e);
    }

    public int log(int a) {
        return function(a, Math.log(values[a]), 1 / values[a]);
    }

    public int sqrt(int a) {
        double r = Math.sqrt(values[a]);
        return function(a, r, 0.5 / r);
    }

    /** {@code log(1 + exp(a))}. */
    public int softplus(int a) {
        double v = values[a];
        return function(a, Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))), 1 / (1 + Math.exp(-v)));
    }

    /** Adds to {@code gradients} the derivatives of {@code sum(seeds * roots)} by every number. */
    public void backward(int[] roots, double[] seeds, double[] gradients) {
        double[] d = new double[size];
        for (int i = 0; i < roots.length; i++) {
            d[roots[i]] += seeds[i];
        }
        for (int id = size - 1; id >= 0; id--) {
            if (d[id] != 0) {
                double cast = castNoise[id] == 0 || noise == 0 ? 1 : 1 + castNoise[id] * (2 * random.nextDouble() - 1);
                for (int e = firstEdge[id]; e < firstEdge[id + 1]; e++) {
                    d[parents[e]] += d[id] * slopes[e] * cast * jitter();
                }
            }
        }
        for (int id = 0; id < size; id++) {
            gradients[id] += d[id];
        }
    }
}
