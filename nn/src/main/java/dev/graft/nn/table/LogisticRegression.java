package dev.graft.nn.table;

import dev.graft.message.SettingException;
import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.TableEncoder;
import java.util.Arrays;

/**
 * Logistic regression with an L2 penalty: {@code min |w|^2 / 2 + C * sum log(1 + exp(-y (w x + b)))}, where {@code x}
 * has a 1 for each level (the level "other" too) and the standardised numbers. The intercept {@code b} has no penalty.
 * Newton's method solves it to convergence; with many levels, conjugate gradients solve for its steps. All sums are in
 * double precision and in one order, so the bits depend on the rows alone.
 *
 * @see <a href="https://scikit-learn.org/stable/modules/generated/sklearn.linear_model.LogisticRegression.html">
 *     scikit-learn's LogisticRegression</a>
 */
public final class LogisticRegression {
    private static final int MOST_STEPS = 100;
    private static final int MOST_HALVINGS = 40;
    /** Of the gradient's norm, relative to that of the first step: far below what a probability shows. */
    private static final double CONVERGED = 1e-8;
    /** A Hessian of more weights is not built: 1,500 are 18 MB, and take a second to factor. */
    private static final int MOST_DENSE = 1500;

    private final int[] offsets;
    private final int numerics;
    /** One for each code of each category, then one for each number, then the intercept. */
    private final double[] weights;

    private LogisticRegression(int[] offsets, int numerics, double[] weights) {
        this.offsets = offsets;
        this.numerics = numerics;
        this.weights = weights;
    }

    /**
     * A model with given weights.
     *
     * @param encoder of the rows that it will see
     * @param weights as {@link #weights()} gives them
     */
    public static LogisticRegression of(TableEncoder encoder, double... weights) {
        int[] offsets = offsets(encoder);
        int length = offsets[offsets.length - 1] + encoder.numerics() + 1;
        if (weights.length != length) {
            throw new IllegalArgumentException(
                    "logistic regression: there are " + weights.length + " weights, the table's" + " inputs need "
                            + length + ". Hint: give the encoder that the model was fitted with.");
        }
        return new LogisticRegression(offsets, encoder.numerics(), weights.clone());
    }

    /**
     * Fits a model.
     *
     * @param encoder what the rows were encoded by
     * @param positive the answers
     * @param c the inverse of the penalty's strength, above 0
     * @throws SettingException if it does not converge, or for another {@code c}
     */
    public static LogisticRegression fit(TableEncoder encoder, EncodedRows rows, boolean[] positive, double c) {
        if (!(c > 0 && Double.isFinite(c))) {
            throw new SettingException("logistic regression: C must be positive, was " + c, "try 0.1");
        }
        if (positive.length != rows.size() || rows.size() == 0) {
            throw new IllegalArgumentException(
                    "logistic regression: " + positive.length + " answers for " + rows.size() + " rows");
        }
        int[] offsets = offsets(encoder);
        LogisticRegression model = new LogisticRegression(
                offsets, encoder.numerics(), new double[offsets[offsets.length - 1] + encoder.numerics() + 1]);
        model.solve(rows, positive, c);
        return model;
    }

    private static int[] offsets(TableEncoder encoder) {
        int[] offsets = new int[encoder.categories().size() + 1];
        for (int k = 0; k + 1 < offsets.length; k++) {
            offsets[k + 1] = offsets[k] + encoder.categories().get(k).size();
        }
        return offsets;
    }

    private void solve(EncodedRows rows, boolean[] positive, double c) {
        int d = weights.length;
        double share = 0;
        for (boolean yes : positive) {
            share += yes ? 1 : 0;
        }
        share /= positive.length;
        if (share > 0 && share < 1) {
            weights[d - 1] = Math.log(share / (1 - share));
        }
        double[] margins = margins(rows, weights);
        double loss = loss(margins, positive, weights, c);
        double firstNorm = -1;
        for (int step = 0; step < MOST_STEPS; step++) {
            double[] residuals = new double[margins.length];
            double[] curvature = new double[margins.length];
            for (int i = 0; i < margins.length; i++) {
                double p = 1 / (1 + Math.exp(-margins[i]));
                residuals[i] = c * (p - (positive[i] ? 1 : 0));
                curvature[i] = c * p * (1 - p);
            }
            double[] gradient = transposed(rows, residuals);
            for (int j = 0; j < d - 1; j++) {
                gradient[j] += weights[j];
            }
            double norm = Math.sqrt(dot(gradient, gradient));
            firstNorm = firstNorm < 0 ? norm : firstNorm;
            if (norm <= CONVERGED * Math.max(1, firstNorm)) {
                return;
            }
            double[] direction = d <= MOST_DENSE
                    ? cholesky(hessian(rows, curvature), gradient)
                    : conjugate(rows, curvature, gradient);
            double slope = -dot(gradient, direction);
            double scale = 1;
            double[] next = new double[d];
            double nextLoss = Double.NaN;
            for (int halving = 0; halving < MOST_HALVINGS; halving++) {
                for (int j = 0; j < d; j++) {
                    next[j] = weights[j] - scale * direction[j];
                }
                margins = margins(rows, next);
                nextLoss = loss(margins, positive, next, c);
                if (nextLoss <= loss + 1e-4 * scale * slope) {
                    break;
                }
                scale /= 2;
            }
            if (!(nextLoss < loss)) { // the loss is at the limit of its digits
                margins = margins(rows, weights);
                if (norm <= 1e-5 * Math.max(1, firstNorm)) {
                    return;
                }
                break;
            }
            System.arraycopy(next, 0, weights, 0, d);
            loss = nextLoss;
        }
        throw new SettingException(
                "logistic regression: no convergence after " + MOST_STEPS + " steps with C " + c, "use a smaller C");
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double loss(double[] margins, boolean[] positive, double[] w, double c) {
        double sum = 0;
        for (int i = 0; i < margins.length; i++) {
            double wrong = positive[i] ? -margins[i] : margins[i];
            sum += Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong)));
        }
        double squares = 0;
        for (int j = 0; j < w.length - 1; j++) {
            squares += w[j] * w[j];
        }
        return squares / 2 + c * sum;
    }

    /** {@code X w + b}. */
    private double[] margins(EncodedRows rows, double[] w) {
        int k = offsets.length - 1;
        int first = offsets[k];
        double[] margins = new double[rows.size()];
        int[] codes = rows.codes();
        float[] numbers = rows.numbers();
        for (int i = 0; i < margins.length; i++) {
            double sum = w[w.length - 1];
            for (int j = 0; j < k; j++) {
                sum += w[offsets[j] + codes[i * k + j]];
            }
            for (int j = 0; j < numerics; j++) {
                sum += w[first + j] * numbers[i * numerics + j];
            }
            margins[i] = sum;
        }
        return margins;
    }

    /** {@code X^T r}, with the sum of {@code r} at the intercept. */
    private double[] transposed(EncodedRows rows, double[] r) {
        int k = offsets.length - 1;
        int first = offsets[k];
        double[] out = new double[weights.length];
        int[] codes = rows.codes();
        float[] numbers = rows.numbers();
        for (int i = 0; i < r.length; i++) {
            double value = r[i];
            for (int j = 0; j < k; j++) {
                out[offsets[j] + codes[i * k + j]] += value;
            }
            for (int j = 0; j < numerics; j++) {
                out[first + j] += value * numbers[i * numerics + j];
            }
            out[out.length - 1] += value;
        }
        return out;
    }

    /** {@code X^T diag(h) X} and the penalty: the lower triangle by rows. */
    private double[][] hessian(EncodedRows rows, double[] h) {
        int k = offsets.length - 1;
        int first = offsets[k];
        int d = weights.length;
        double[][] out = new double[d][];
        for (int j = 0; j < d; j++) {
            out[j] = new double[j + 1];
        }
        int[] codes = rows.codes();
        float[] numbers = rows.numbers();
        int[] at = new int[k];
        for (int i = 0; i < h.length; i++) {
            double value = h[i];
            for (int j = 0; j < k; j++) {
                at[j] = offsets[j] + codes[i * k + j];
                double[] line = out[at[j]];
                for (int l = 0; l <= j; l++) {
                    line[at[l]] += value;
                }
            }
            for (int j = 0; j < numerics; j++) {
                double scaled = value * numbers[i * numerics + j];
                double[] line = out[first + j];
                for (int l = 0; l < k; l++) {
                    line[at[l]] += scaled;
                }
                for (int l = 0; l <= j; l++) {
                    line[first + l] += scaled * numbers[i * numerics + l];
                }
            }
            double[] last = out[d - 1];
            for (int l = 0; l < k; l++) {
                last[at[l]] += value;
            }
            for (int l = 0; l < numerics; l++) {
                last[first + l] += value * numbers[i * numerics + l];
            }
            last[d - 1] += value;
        }
        for (int j = 0; j < d - 1; j++) {
            out[j][j] += 1;
        }
        out[d - 1][d - 1] += 1e-10; // where all probabilities are 0 or 1
        return out;
    }

    /** Solves {@code a x = b} for a positive definite {@code a}, which it overwrites by its factor. */
    private static double[] cholesky(double[][] a, double[] b) {
        int d = b.length;
        double[] x = b.clone();
        for (int i = 0; i < d; i++) {
            double[] row = a[i];
            for (int j = 0; j <= i; j++) {
                double[] other = a[j];
                double sum = row[j];
                for (int l = 0; l < j; l++) {
                    sum -= row[l] * other[l];
                }
                row[j] = i == j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / other[j];
            }
            for (int j = 0; j < i; j++) {
                x[i] -= row[j] * x[j];
            }
            x[i] /= row[i];
        }
        for (int i = d - 1; i >= 0; i--) {
            x[i] /= a[i][i];
            for (int j = 0; j < i; j++) {
                x[j] -= a[i][j] * x[i];
            }
        }
        return x;
    }

    /** Solves for a Newton step without the matrix, to a precision that grows as the gradient falls. */
    private double[] conjugate(EncodedRows rows, double[] h, double[] gradient) {
        int d = gradient.length;
        double[] x = new double[d];
        double[] r = gradient.clone();
        double[] p = r.clone();
        double rr = dot(r, r);
        double enough = rr * 1e-6;
        for (int step = 0; step < 10 * d && rr > enough; step++) {
            double[] hp = margins(rows, p);
            for (int i = 0; i < hp.length; i++) {
                hp[i] *= h[i];
            }
            double[] q = transposed(rows, hp);
            for (int j = 0; j < d - 1; j++) {
                q[j] += p[j];
            }
            q[d - 1] += 1e-10 * p[d - 1];
            double alpha = rr / dot(p, q);
            for (int j = 0; j < d; j++) {
                x[j] += alpha * p[j];
                r[j] -= alpha * q[j];
            }
            double next = dot(r, r);
            double beta = next / rr;
            rr = next;
            for (int j = 0; j < d; j++) {
                p[j] = r[j] + beta * p[j];
            }
        }
        return x;
    }

    /** One for each code of each category, then one for each number, then the intercept. */
    public double[] weights() {
        return weights.clone();
    }

    /** The probability of yes for each row. */
    public double[] predict(EncodedRows rows) {
        return Arrays.stream(margins(rows, weights))
                .map(m -> 1 / (1 + Math.exp(-m)))
                .toArray();
    }
}
