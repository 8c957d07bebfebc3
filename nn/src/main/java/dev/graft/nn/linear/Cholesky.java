package dev.graft.nn.linear;

/** Linear equations with a positive definite matrix. */
final class Cholesky {
    private static final double SMALLEST = 1e-300;

    private Cholesky() {}

    /**
     * Solves {@code a x = b}.
     *
     * @param a the lower triangle by rows; its factor overwrites it
     */
    static double[] solve(double[][] a, double[] b) {
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
                row[j] = i == j ? Math.sqrt(Math.max(sum, SMALLEST)) : sum / other[j];
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
}
