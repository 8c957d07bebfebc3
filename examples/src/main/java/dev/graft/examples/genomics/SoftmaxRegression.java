package dev.graft.examples.genomics;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Multinomial logistic regression on sparse rows: {@code min |W|^2 / 2 + C * sum of -log p(label)}, by L-BFGS in double
 * precision. Two classes have one vector of weights, so that C means what it means in scikit-learn. Intercepts have no
 * penalty.
 */
final class SoftmaxRegression {
    private static final int MEMORY = 10;
    private static final int MOST_STEPS = 300;
    private static final double CONVERGED = 1e-5;

    private final int features;
    private final int outputs;
    private final int classes;
    private double[] weights;

    /** The entries of a row that are not 0. */
    record Row(int[] index, float[] value) {
        static Row of(float[] dense) {
            int count = 0;
            for (float v : dense) {
                count += v != 0 ? 1 : 0;
            }
            int[] index = new int[count];
            float[] value = new float[count];
            int at = 0;
            for (int i = 0; i < dense.length; i++) {
                if (dense[i] != 0) {
                    index[at] = i;
                    value[at++] = dense[i];
                }
            }
            return new Row(index, value);
        }
    }

    private record Point(double[] weights, double loss, double[] gradient) {}

    private SoftmaxRegression(int features, int classes) {
        this.features = features;
        this.classes = classes;
        this.outputs = classes == 2 ? 1 : classes;
        this.weights = new double[outputs * (features + 1)];
    }

    /**
     * Fits a model.
     *
     * @param c the inverse of the penalty's strength
     */
    static SoftmaxRegression fit(Row[] rows, int[] labels, int features, int classes, double c) {
        SoftmaxRegression model = new SoftmaxRegression(features, classes);
        model.solve(rows, labels, c);
        return model;
    }

    private void solve(Row[] rows, int[] labels, double c) {
        Point now = at(weights, rows, labels, c);
        double first = norm(now.gradient);
        Deque<double[][]> memory = new ArrayDeque<>();
        for (int step = 0; step < MOST_STEPS && norm(now.gradient) > CONVERGED * Math.max(1, first); step++) {
            double[] direction = direction(now.gradient, memory);
            double slope = dot(direction, now.gradient);
            double scale = step == 0 ? 1 / Math.max(1, first) : 1;
            Point next = moved(now, direction, scale, rows, labels, c);
            while (next.loss > now.loss + 1e-4 * scale * slope && scale > 1e-10) {
                scale /= 2;
                next = moved(now, direction, scale, rows, labels, c);
            }
            if (!(next.loss < now.loss)) {
                break; // at the limit of the loss's digits
            }
            double[] s = new double[weights.length];
            double[] y = new double[weights.length];
            for (int i = 0; i < s.length; i++) {
                s[i] = next.weights[i] - now.weights[i];
                y[i] = next.gradient[i] - now.gradient[i];
            }
            if (dot(s, y) > 0) {
                memory.addFirst(new double[][] {s, y});
                if (memory.size() > MEMORY) {
                    memory.removeLast();
                }
            }
            now = next;
        }
        weights = now.weights;
    }

    private Point moved(Point from, double[] direction, double scale, Row[] rows, int[] labels, double c) {
        double[] w = new double[weights.length];
        for (int i = 0; i < w.length; i++) {
            w[i] = from.weights[i] + scale * direction[i];
        }
        return at(w, rows, labels, c);
    }

    /** The two loops of L-BFGS; Nocedal and Wright, algorithm 7.4. */
    private static double[] direction(double[] gradient, Deque<double[][]> memory) {
        double[] q = gradient.clone();
        double[] alpha = new double[memory.size()];
        int i = 0;
        for (double[][] pair : memory) {
            alpha[i] = dot(pair[0], q) / dot(pair[0], pair[1]);
            add(q, -alpha[i++], pair[1]);
        }
        if (!memory.isEmpty()) {
            double[][] newest = memory.getFirst();
            double scale = dot(newest[0], newest[1]) / dot(newest[1], newest[1]);
            for (int j = 0; j < q.length; j++) {
                q[j] *= scale;
            }
        }
        var oldestFirst = memory.descendingIterator();
        while (oldestFirst.hasNext()) {
            double[][] pair = oldestFirst.next();
            double beta = dot(pair[1], q) / dot(pair[0], pair[1]);
            add(q, alpha[--i] - beta, pair[0]);
        }
        for (int j = 0; j < q.length; j++) {
            q[j] = -q[j];
        }
        return q;
    }

    private Point at(double[] w, Row[] rows, int[] labels, double c) {
        double[] gradient = new double[w.length];
        double loss = 0;
        for (int i = 0; i < rows.length; i++) {
            double[] p = probabilities(w, rows[i]);
            loss -= c * Math.log(Math.max(p[labels[i]], 1e-300));
            for (int k = 0; k < outputs; k++) {
                int answer = outputs == 1 ? 1 : k;
                double error = c * (p[answer] - (labels[i] == answer ? 1 : 0));
                int base = k * (features + 1);
                for (int j = 0; j < rows[i].index.length; j++) {
                    gradient[base + rows[i].index[j]] += error * rows[i].value[j];
                }
                gradient[base + features] += error;
            }
        }
        for (int i = 0; i < w.length; i++) {
            if (i % (features + 1) != features) {
                loss += w[i] * w[i] / 2;
                gradient[i] += w[i];
            }
        }
        return new Point(w, loss, gradient);
    }

    private double[] probabilities(double[] w, Row row) {
        double[] z = new double[classes];
        for (int k = 0; k < outputs; k++) {
            int base = k * (features + 1);
            double sum = w[base + features];
            for (int j = 0; j < row.index.length; j++) {
                sum += w[base + row.index[j]] * row.value[j];
            }
            z[outputs == 1 ? 1 : k] = sum;
        }
        double largest = Arrays.stream(z).max().orElseThrow();
        double total = 0;
        for (int k = 0; k < classes; k++) {
            z[k] = Math.exp(z[k] - largest);
            total += z[k];
        }
        for (int k = 0; k < classes; k++) {
            z[k] /= total;
        }
        return z;
    }

    /** The probability of each class. */
    float[] probabilities(Row row) {
        double[] p = probabilities(weights, row);
        float[] floats = new float[p.length];
        for (int i = 0; i < p.length; i++) {
            floats[i] = (float) p[i];
        }
        return floats;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void add(double[] a, double scale, double[] b) {
        for (int i = 0; i < a.length; i++) {
            a[i] += scale * b[i];
        }
    }

    private static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }
}
