package dev.graft.cpu.gemm;

import java.util.Arrays;

/**
 * {@code count} products {@code c = a b + bias} of {@code [m, k]} and {@code [k, n]}.
 *
 * @param bias {@code [n]}, added to every row, or {@code [m]}, added to every column; empty if there is none
 */
public record Product(
        Matrices a, Matrices b, Matrices c, int count, int m, int n, int k, float[] bias, boolean biasOfRows) {

    static final float[] NO_BIAS = {};

    /** The same as {@code c^T = b^T a^T}: every sum has the same terms in the same order. */
    Product transposed() {
        return new Product(b.transposed(), a.transposed(), c.transposed(), count, n, m, k, bias, !biasOfRows);
    }

    /** Products that share {@code b} are one, if their left matrices and results lie one below the other. */
    Product merged() {
        return count > 1 && b.isOne() && a.isStack(m) && c.isStack(m) && !biasOfRows
                ? new Product(a.only(0), b.only(0), c.only(0), 1, count * m, n, k, bias, false)
                : this;
    }

    /** Multiplications of one of the products. */
    long multiplications() {
        return (long) m * n * k;
    }

    /** Product number {@code i} alone. */
    Product only(int i) {
        return new Product(a.only(i), b.only(i), c.only(i), 1, m, n, k, bias, biasOfRows);
    }

    /** Some rows and columns of a single product's result. */
    Product block(int row, int rows, int column, int columns) {
        float[] part = bias.length == 0
                ? bias
                : Arrays.copyOfRange(bias, biasOfRows ? row : column, biasOfRows ? row + rows : column + columns);
        return new Product(
                a.moved(row, 0), b.moved(0, column), c.moved(row, column), 1, rows, columns, k, part, biasOfRows);
    }

    /** The part of a single product's sums over {@code count} places of the depth, without a bias, as an array. */
    Product range(int from, int count, float[] sums) {
        return new Product(a.moved(0, from), b.moved(from, 0), Matrices.of(sums, n), 1, m, n, count, NO_BIAS, false);
    }
}
