package dev.graft.nn.linear;

import dev.graft.message.SettingException;

/**
 * Logistic regression with an L2 penalty, of two classes or more: {@code min |w|^2 / 2 + C * sum of -log p(label)},
 * where {@code p} is the softmax of {@code W x + b}. Two classes have one vector of weights, that of the second class,
 * so {@code C} means what it means in scikit-learn. Intercepts {@code b} have no penalty.
 *
 * <pre>{@code
 * LogisticRegression model = LogisticRegression.fit(rows, labels, 2, 0.1);
 * double[][] probabilities = model.probabilities(rows);        // [rows][classes]
 * }</pre>
 *
 * <p>Newton's method solves it to convergence; conjugate gradients solve for its steps where that is less work than the
 * matrix. All sums are in double precision and in one order, so the bits depend on the rows alone.
 *
 * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.LogisticRegression.html">
 *     scikit-learn's LogisticRegression</a>
 */
public final class LogisticRegression {
    /** Of the gradient's norm, relative to that of the first step: far below what a probability shows. */
    public static final double TOLERANCE = 1e-8;

    private static final int MOST_STEPS = 100;
    private static final int MOST_HALVINGS = 40;
    /** A Hessian of more weights is not built: 1,500 are 18 MB, and take a second to factor. */
    private static final int MOST_DENSE = 1500;
    /** Conjugate gradients that a step is expected to take. */
    private static final double EXPECTED_GRADIENTS = 100;
    /** Where all probabilities are 0 or 1, and along the direction in which all intercepts of many classes grow. */
    private static final double RIDGE = 1e-10;

    private final int width;
    private final int classes;
    private final int outputs;
    /** Of each output: one for each column, then the intercept. */
    private final double[] weights;

    private LogisticRegression(int width, int classes, double[] weights) {
        this.width = width;
        this.classes = classes;
        this.outputs = outputs(classes);
        this.weights = weights;
    }

    private static int outputs(int classes) {
        return classes == 2 ? 1 : classes;
    }

    /**
     * A model with given weights.
     *
     * @param width how many columns the rows have
     * @param classes at least 2
     * @param weights as {@link #weights()} gives them
     */
    public static LogisticRegression of(int width, int classes, double... weights) {
        requireClasses(classes);
        int length = outputs(classes) * (width + 1);
        if (weights.length != length) {
            throw new IllegalArgumentException("logistic regression: there are " + weights.length + " weights, "
                    + classes + " classes of rows with " + width + " columns need " + length
                    + ". Hint: give the width that the model was fitted with.");
        }
        return new LogisticRegression(width, classes, weights.clone());
    }

    private static void requireClasses(int classes) {
        if (classes < 2) {
            throw new IllegalArgumentException("logistic regression: needs at least 2 classes, was " + classes);
        }
    }

    /** As {@link #fit(SparseRows, int[], int, double, double)}, to {@link #TOLERANCE}. */
    public static LogisticRegression fit(SparseRows rows, int[] labels, int classes, double c) {
        return fit(rows, labels, classes, c, TOLERANCE);
    }

    /**
     * Fits a model.
     *
     * @param labels the class of each row, in {@code [0, classes)}
     * @param classes at least 2
     * @param c the inverse of the penalty's strength, above 0
     * @param tolerance how small the gradient must be, relative to that at the start
     * @throws SettingException if it does not converge, or for another {@code c}
     */
    public static LogisticRegression fit(SparseRows rows, int[] labels, int classes, double c, double tolerance) {
        if (!(c > 0 && Double.isFinite(c))) {
            throw new SettingException("logistic regression: C must be positive, was " + c, "try 0.1");
        }
        requireClasses(classes);
        if (labels.length != rows.size() || rows.size() == 0) {
            throw new IllegalArgumentException(
                    "logistic regression: " + labels.length + " answers for " + rows.size() + " rows");
        }
        for (int label : labels) {
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException(
                        "logistic regression: label " + label + " is not in [0, " + classes + ")");
            }
        }
        LogisticRegression model =
                new LogisticRegression(rows.width(), classes, new double[outputs(classes) * (rows.width() + 1)]);
        model.solve(rows, labels, c, tolerance);
        return model;
    }

    /** At weights: margins, probabilities of the outputs, and what is to be minimised. */
    private record Point(double[] margins, double loss) {}

    private Point at(SparseRows rows, int[] labels, double[] w, double c) {
        double[] margins = rows.times(w, outputs);
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            sum += outputs == 1
                    ? softplus(labels[i] == 1 ? -margins[i] : margins[i])
                    : logSum(margins, i) - margins[i * outputs + labels[i]];
        }
        double squares = 0;
        for (int j = 0; j < w.length; j++) {
            squares += isIntercept(j) ? 0 : w[j] * w[j];
        }
        return new Point(margins, squares / 2 + c * sum);
    }

    private boolean isIntercept(int index) {
        return index % (width + 1) == width;
    }

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private double logSum(double[] margins, int row) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < outputs; k++) {
            largest = Math.max(largest, margins[row * outputs + k]);
        }
        double total = 0;
        for (int k = 0; k < outputs; k++) {
            total += Math.exp(margins[row * outputs + k] - largest);
        }
        return largest + Math.log(total);
    }

    /** The probability of each output's class, {@code [rows, outputs]}. */
    private double[] activations(double[] margins) {
        double[] p = new double[margins.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = outputs == 1 ? 1 / (1 + Math.exp(-margins[i])) : Math.exp(margins[i] - logSum(margins, i / outputs));
        }
        return p;
    }

    private void startAtShares(int[] labels) {
        double[] counts = new double[classes];
        for (int label : labels) {
            counts[label]++;
        }
        if (outputs > 1) {
            for (int k = 0; k < outputs; k++) {
                weights[k * (width + 1) + width] = Math.log((counts[k] + 0.5) / labels.length);
            }
        } else if (counts[0] > 0 && counts[1] > 0) {
            weights[width] = Math.log(counts[1] / counts[0]);
        }
    }

    private void solve(SparseRows rows, int[] labels, double c, double tolerance) {
        int d = weights.length;
        startAtShares(labels);
        Point now = at(rows, labels, weights, c);
        double firstNorm = -1;
        int step = 0;
        for (; step < MOST_STEPS; step++) {
            double[] p = activations(now.margins);
            double[] gradient = gradient(rows, labels, p, c);
            double norm = Math.sqrt(dot(gradient, gradient));
            firstNorm = firstNorm < 0 ? Math.max(1, norm) : firstNorm;
            if (norm <= tolerance * firstNorm) {
                return;
            }
            double[] direction = isDense(rows)
                    ? Cholesky.solve(hessian(rows, p, c), gradient)
                    : conjugate(rows, p, c, gradient, Math.min(0.1, Math.sqrt(norm / firstNorm)));
            double slope = -dot(gradient, direction);
            double scale = 1;
            double[] next = new double[d];
            Point then = now;
            for (int halving = 0; halving < MOST_HALVINGS; halving++) {
                for (int j = 0; j < d; j++) {
                    next[j] = weights[j] - scale * direction[j];
                }
                then = at(rows, labels, next, c);
                if (then.loss <= now.loss + 1e-4 * scale * slope) {
                    break;
                }
                scale /= 2;
            }
            if (!(then.loss < now.loss)) { // the loss is at the limit of its digits
                if (norm <= 1e-5 * firstNorm) {
                    return;
                }
                break;
            }
            System.arraycopy(next, 0, weights, 0, d);
            now = then;
        }
        throw new SettingException(
                "logistic regression: no convergence after " + step + " steps with C " + c, "use a smaller C");
    }

    /** Whether the matrix is less work than conjugate gradients, which pass over all entries twice. */
    private boolean isDense(SparseRows rows) {
        double d = weights.length;
        double entries = (double) rows.entries() * outputs;
        double perRow = entries / rows.size();
        return d <= MOST_DENSE && entries * perRow / 2 + d * d * d / 6 <= EXPECTED_GRADIENTS * 2 * entries;
    }

    private double[] gradient(SparseRows rows, int[] labels, double[] p, double c) {
        double[] residuals = new double[p.length];
        for (int i = 0; i < p.length; i++) {
            int output = outputs == 1 ? 1 : i % outputs;
            residuals[i] = c * (p[i] - (labels[i / outputs] == output ? 1 : 0));
        }
        double[] gradient = rows.transposedTimes(residuals, outputs);
        for (int j = 0; j < gradient.length; j++) {
            gradient[j] += isIntercept(j) ? 0 : weights[j];
        }
        return gradient;
    }

    /** The lower triangle by rows. */
    private double[][] hessian(SparseRows rows, double[] p, double c) {
        double[][] out = new double[weights.length][];
        for (int j = 0; j < out.length; j++) {
            out[j] = new double[j + 1];
        }
        for (int i = 0; i < rows.size(); i++) {
            for (int k = 0; k < outputs; k++) {
                double pk = p[i * outputs + k];
                rows.addOuter(i, c * pk * (1 - pk), out, k * (width + 1), k * (width + 1));
                for (int l = 0; l < k; l++) {
                    rows.addOuter(i, -c * pk * p[i * outputs + l], out, k * (width + 1), l * (width + 1));
                }
            }
        }
        for (int j = 0; j < out.length; j++) {
            out[j][j] += isIntercept(j) ? RIDGE : 1;
        }
        return out;
    }

    /** The Hessian's product with a vector, without the matrix. */
    private double[] curved(SparseRows rows, double[] p, double c, double[] v) {
        double[] u = rows.times(v, outputs);
        for (int i = 0; i < rows.size(); i++) {
            double mean = 0;
            for (int k = i * outputs; k < (i + 1) * outputs; k++) {
                mean += p[k] * u[k];
            }
            for (int k = i * outputs; k < (i + 1) * outputs; k++) {
                u[k] = c * p[k] * (u[k] - mean); // with one output, its mean is p u: p (1 - p) u
            }
        }
        double[] product = rows.transposedTimes(u, outputs);
        for (int j = 0; j < product.length; j++) {
            product[j] += isIntercept(j) ? RIDGE * v[j] : v[j];
        }
        return product;
    }

    private double[] diagonal(SparseRows rows, double[] p, double c) {
        double[] h = new double[p.length];
        for (int i = 0; i < p.length; i++) {
            h[i] = c * p[i] * (1 - p[i]);
        }
        double[] diagonal = rows.squaresTransposedTimes(h, outputs);
        for (int j = 0; j < diagonal.length; j++) {
            diagonal[j] += isIntercept(j) ? RIDGE : 1;
        }
        return diagonal;
    }

    /**
     * Solves for a Newton step by conjugate gradients with the diagonal as the preconditioner; Nocedal and Wright,
     * algorithm 5.3.
     *
     * @param precision of the residual, relative to the gradient
     */
    private double[] conjugate(SparseRows rows, double[] p, double c, double[] gradient, double precision) {
        int d = gradient.length;
        double[] diagonal = diagonal(rows, p, c);
        double[] x = new double[d];
        double[] r = gradient.clone();
        double[] y = divided(r, diagonal);
        double[] direction = y.clone();
        double ry = dot(r, y);
        double enough = dot(r, r) * precision * precision;
        for (int step = 0; step < 10 * d && dot(r, r) > enough; step++) {
            double[] q = curved(rows, p, c, direction);
            double alpha = ry / dot(direction, q);
            for (int j = 0; j < d; j++) {
                x[j] += alpha * direction[j];
                r[j] -= alpha * q[j];
            }
            y = divided(r, diagonal);
            double next = dot(r, y);
            double beta = next / ry;
            ry = next;
            for (int j = 0; j < d; j++) {
                direction[j] = y[j] + beta * direction[j];
            }
        }
        return x;
    }

    private static double[] divided(double[] a, double[] by) {
        double[] quotient = new double[a.length];
        for (int j = 0; j < a.length; j++) {
            quotient[j] = a[j] / by[j];
        }
        return quotient;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** Of each output (one for two classes, else one for each class): one for each column, then the intercept. */
    public double[] weights() {
        return weights.clone();
    }

    /** The number of classes. */
    public int classes() {
        return classes;
    }

    /** The probability of each class for each row, {@code [rows][classes]}. */
    public double[][] probabilities(SparseRows rows) {
        if (rows.width() != width) {
            throw new IllegalArgumentException("logistic regression: rows have " + rows.width()
                    + " columns, the model has " + width + ". Hint: encode them as those that it was fitted on.");
        }
        double[] p = activations(rows.times(weights, outputs));
        double[][] all = new double[rows.size()][classes];
        for (int i = 0; i < all.length; i++) {
            if (outputs == 1) {
                all[i][0] = 1 - p[i];
                all[i][1] = p[i];
            } else {
                System.arraycopy(p, i * outputs, all[i], 0, outputs);
            }
        }
        return all;
    }
}
