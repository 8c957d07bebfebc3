package dev.graft.nn.metric.decision;

import dev.graft.nn.metric.Cases;

/**
 * Temperature scaling: logits are divided by one number, so that confidence matches how often the answer is right. Of
 * classes, {@code p_c^(1/T) / sum of p_k^(1/T)}, which is the softmax of the logits over T; of labels each by itself,
 * the sigmoid of its logit over T. Above 1 the network was overconfident.
 *
 * <p>It never changes which class of a case is the most probable, nor the order of the others. With two classes, or for
 * each label, it never changes the order of the cases either, so AUROC stays; with more classes, cases with different
 * remainders may swap.
 *
 * @param value the temperature, above 0; 1 changes nothing
 * @param note why it was left at 1 although it was fitted; mostly empty
 * @see <a href="https://arxiv.org/abs/1706.04599">Guo et al. 2017, On calibration of modern neural networks</a>
 */
public record Temperature(double value, String note) {
    /** Below all floats above 0, so that a probability of 0 keeps its place. */
    private static final double LEAST = 0x1p-150;
    /** Between 1 and the float below it. */
    private static final double MOST = 1 - 0x1p-25;

    private static final double WIDEST = Math.log(1000);
    private static final int STEPS = 200;

    public Temperature {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature: must be above 0 and finite, was " + value);
        }
    }

    /** A known temperature. */
    public static Temperature of(double value) {
        return new Temperature(value, "");
    }

    /**
     * The temperature with the smallest log loss on validation data, from 0.001 to 1000, to convergence: the loss is
     * convex in 1/T. It stays 1, with a note, if no temperature in that range is best: if (nearly) every case is right,
     * so that ever larger confidence pays, or if the probabilities say nothing.
     *
     * @throws IllegalArgumentException if a value is not a probability
     */
    public static Temperature fit(Validation<Cases> validation) {
        Cases cases = validation.cases();
        double[][] logits = new double[cases.size()][];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = logits(cases.probabilities(i), cases.isMultiLabel());
        }
        if (slope(cases, logits, Math.exp(-WIDEST)) >= 0) {
            return new Temperature(1, "not fitted: the probabilities say nothing about the validation cases");
        }
        // 0 where all probabilities are 0 or 1 by then, in doubles
        if (slope(cases, logits, Math.exp(WIDEST)) <= 0) {
            return new Temperature(1, "not fitted: nearly every validation case is right, so no temperature is best");
        }
        // bisection on the sign of the slope: exact, and as fast as it needs to be
        double low = -WIDEST;
        double high = WIDEST;
        for (int i = 0; i < STEPS && high - low > 1e-14; i++) {
            double middle = (low + high) / 2;
            if (slope(cases, logits, Math.exp(middle)) < 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return of(Math.exp(-(low + high) / 2));
    }

    private static double[] logits(float[] probabilities, boolean each) {
        double[] logits = new double[probabilities.length];
        for (int c = 0; c < logits.length; c++) {
            float p = probabilities[c];
            if (!(p >= 0 && p <= 1)) {
                throw new IllegalArgumentException("temperature: " + p
                        + " is not a probability. Hint: give values in [0, 1], such as those of softmax or sigmoid.");
            }
            double clipped = Math.max(each ? Math.min(p, MOST) : p, LEAST);
            logits[c] = each ? Math.log(clipped / (1 - clipped)) : Math.log(clipped);
        }
        return logits;
    }

    /** The derivative of the summed log loss by 1 / T. */
    private static double slope(Cases cases, double[][] logits, double beta) {
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            double[] p = scaled(logits[i], beta, cases.isMultiLabel());
            for (int c = 0; c < p.length; c++) {
                sum += (p[c] - (cases.has(i, c) ? 1 : 0)) * logits[i][c];
            }
        }
        return sum;
    }

    private static double[] scaled(double[] logits, double beta, boolean each) {
        double[] p = new double[logits.length];
        if (each) {
            for (int c = 0; c < p.length; c++) {
                p[c] = 1 / (1 + Math.exp(-beta * logits[c]));
            }
            return p;
        }
        double largest = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            p[c] = Math.exp(beta * (logits[c] - largest));
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }

    /** Probabilities of classes, of which one is true, at this temperature. */
    public double[] classes(float[] probabilities) {
        return scaled(logits(probabilities, false), 1 / value, false);
    }

    /** Probabilities of labels, each by itself, at this temperature. */
    public double[] labels(float[] probabilities) {
        return scaled(logits(probabilities, true), 1 / value, true);
    }

    /**
     * A case's probabilities at this temperature, rounded to floats; at 1 exactly as they are.
     *
     * @param each whether they are of labels, each by itself
     */
    public float[] apply(float[] probabilities, boolean each) {
        if (value == 1) {
            return probabilities.clone();
        }
        double[] p = each ? labels(probabilities) : classes(probabilities);
        float[] scaled = new float[p.length];
        for (int c = 0; c < p.length; c++) {
            scaled[c] = (float) p[c];
        }
        return scaled;
    }

    /** The same cases with their probabilities at this temperature, rounded to floats. */
    public Cases apply(Cases cases) {
        float[][] scaled = new float[cases.size()][];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = apply(cases.probabilities(i), cases.isMultiLabel());
        }
        return cases.withProbabilities(scaled);
    }
}
