package dev.graft.cpu.elementwise;

/**
 * The error function by cubic Hermite interpolation of a table; its derivative is known exactly. The absolute error is
 * below 1e-8. Tabulated from the all-positive series {@code erf(x) = 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!}
 * (Abramowitz and Stegun 7.1.6).
 */
final class Erf {
    private static final int STEPS = 64;
    // erf(6) is 1 to double precision.
    private static final int LIMIT = 6;
    private static final double[] VALUE = new double[LIMIT * STEPS + 2];
    private static final double[] SLOPE = new double[VALUE.length];

    static {
        for (int i = 0; i < VALUE.length; i++) {
            double x = (double) i / STEPS;
            VALUE[i] = series(x);
            SLOPE[i] = derivative(x) / STEPS;
        }
    }

    private Erf() {}

    private static double derivative(double x) {
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
    }

    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; term > 1e-17 * sum; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return derivative(x) * sum;
    }

    static double erf(double x) {
        double size = Math.abs(x);
        if (!(size < LIMIT)) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        int i = (int) (size * STEPS);
        double t = size * STEPS - i;
        double u = 1 - t;
        double y = u * u * ((1 + 2 * t) * VALUE[i] + t * SLOPE[i])
                + t * t * ((3 - 2 * t) * VALUE[i + 1] - u * SLOPE[i + 1]);
        return x < 0 ? -y : y;
    }
}
