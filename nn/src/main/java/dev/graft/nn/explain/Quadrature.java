package dev.graft.nn.explain;

/** The points and weights by which an integral over [0, 1] is approximated. */
public enum Quadrature {
    /** Exact for polynomials of a degree below twice the number of points. */
    GAUSS_LEGENDRE {
        @Override
        double[][] of(int n) {
            double[] points = new double[n];
            double[] weights = new double[n];
            for (int i = 0; i < n; i++) {
                double x = Math.cos(Math.PI * (i + 0.75) / (n + 0.5)); // near the root of the Legendre polynomial
                double slope = 0;
                for (int step = 0; step < NEWTON; step++) {
                    double p = 1;
                    double before = 0;
                    for (int k = 1; k <= n; k++) {
                        double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
                        before = p;
                        p = next;
                    }
                    slope = n * (x * p - before) / (x * x - 1);
                    x -= p / slope;
                }
                points[n - 1 - i] = (1 + x) / 2;
                weights[n - 1 - i] = 1 / ((1 - x * x) * slope * slope);
            }
            return new double[][] {points, weights};
        }
    },
    /** Equal steps from 0 to 1, the ends by half; at least 2 points. */
    TRAPEZOID {
        @Override
        double[][] of(int n) {
            if (n < 2) {
                throw new IllegalArgumentException(
                        "integratedGradients: the trapezoid rule needs at least 2 steps, was given " + n + ".");
            }
            double[] points = new double[n];
            double[] weights = new double[n];
            for (int i = 0; i < n; i++) {
                points[i] = (double) i / (n - 1);
                weights[i] = (i == 0 || i == n - 1 ? 0.5 : 1) / (n - 1);
            }
            return new double[][] {points, weights};
        }
    };

    private static final int NEWTON = 20;

    /** Points in [0, 1], growing, and their weights, which add up to 1. */
    abstract double[][] of(int count);
}
