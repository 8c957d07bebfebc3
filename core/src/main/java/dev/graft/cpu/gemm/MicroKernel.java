package dev.graft.cpu.gemm;

import dev.graft.cpu.run.Vectors;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost matrix product: a tile of {@link #ROWS} rows by up to {@link #MAX_VECTORS} vectors stays in registers
 * while one loop runs over the depth. That loop must be the only one: JDK 17 keeps vectors that outlive a loop nest on
 * the heap, which is fifty times slower. Hence there is one method for each number of vectors ({@link MicroTile}, which
 * is generated), written out and without branches. A tile with fewer rows computes its last row several times.
 *
 * <p>All steps of that loop are constants, so that the JIT compiler checks bounds before the loop instead of eight
 * times inside it. With steps as parameters, the product took a quarter longer.
 */
public final class MicroKernel {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;

    /** Rows of a tile. */
    public static final int ROWS = MicroTile.ROWS;

    /** Vectors in a tile's row: 16 sums on machines with 32 registers (AVX-512, NEON), 8 on those with 16 (AVX2). */
    static final int MAX_VECTORS = SPECIES.vectorBitSize() == 256 ? 2 : 4;

    /** Vectors in a row of the widest {@link TallMicroTile}: half of the sums of the widest tile, at twice the rows. */
    private static final int TALL_VECTORS = MAX_VECTORS / 2;

    /** Columns of the widest tile. */
    public static final int WIDTH = MAX_VECTORS * LANES;

    private MicroKernel() {}

    /** Columns in whole vectors. */
    public static int padded(int columns) {
        return (columns + LANES - 1) / LANES * LANES;
    }

    /**
     * Rows of a task, at most {@code most}, in whole tiles, chosen so that the number of tasks is even, as the number
     * of threads usually is. With a single odd task left over, half of the threads would wait.
     */
    public static int evenRows(int rows, int most) {
        int tasks = (rows + most - 1) / most;
        int even = tasks > 1 ? (tasks + 1) / 2 * 2 : 1;
        return ((rows + even - 1) / even + ROWS - 1) / ROWS * ROWS;
    }

    /**
     * {@code c[i][j] = sum over k of a[i][k] * b[k][j]}, with {@code a[i][k]} at {@code aAt + i * aRow + k},
     * {@code b[k][j]} at {@code bAt + k * columns + j} and {@code c[i][j]} at {@code cAt + i * cRow + j}.
     *
     * @param columns whole vectors, at most {@link #WIDTH}
     * @param add adds to what {@code c} holds
     */
    public static void multiply(
            float[] a,
            int aAt,
            int aRow,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int columns,
            int depth,
            boolean add) {
        int vectors = columns / LANES;
        int next;
        for (int i = 0; i < rows; i += next) {
            // Narrow tiles are higher: with few sums, each addition waits for the one before.
            next = vectors <= TALL_VECTORS && rows - i > ROWS ? TallMicroTile.ROWS : ROWS;
            int count = Math.min(next, rows - i);
            int from = aAt + i * aRow;
            int to = cAt + i * cRow;
            if (next > ROWS) {
                if (count == next && (aRow == 16 || aRow == 32 || aRow == 64)) {
                    multiplyEven(a, from, aRow, b, bAt, c, to, cRow, vectors, depth, add);
                } else if (vectors == 2) {
                    TallMicroTile.multiply2(a, from, aRow, b, bAt, c, to, cRow, count, depth, add);
                } else {
                    TallMicroTile.multiply1(a, from, aRow, b, bAt, c, to, cRow, count, depth, add);
                }
                continue;
            }
            switch (vectors) {
                case 4 -> MicroTile.multiply4(a, from, aRow, b, bAt, c, to, cRow, count, depth, add);
                case 3 -> MicroTile.multiply3(a, from, aRow, b, bAt, c, to, cRow, count, depth, add);
                case 2 -> MicroTile.multiply2(a, from, aRow, b, bAt, c, to, cRow, count, depth, add);
                default -> MicroTile.multiply1(a, from, aRow, b, bAt, c, to, cRow, count, depth, add);
            }
        }
    }

    /**
     * A whole tall tile whose rows are a constant distance apart, as the pixels of usual numbers of channels are. Its
     * eight rows then take one address register, not eight: a quarter faster.
     */
    private static void multiplyEven(
            float[] a,
            int aAt,
            int aRow,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int cRow,
            int vectors,
            int depth,
            boolean add) {
        if (vectors == 2) {
            switch (aRow) {
                case 16 -> EvenMicroTile.multiply2By16(a, aAt, b, bAt, c, cAt, cRow, depth, add);
                case 32 -> EvenMicroTile.multiply2By32(a, aAt, b, bAt, c, cAt, cRow, depth, add);
                default -> EvenMicroTile.multiply2By64(a, aAt, b, bAt, c, cAt, cRow, depth, add);
            }
        } else {
            switch (aRow) {
                case 16 -> EvenMicroTile.multiply1By16(a, aAt, b, bAt, c, cAt, cRow, depth, add);
                case 32 -> EvenMicroTile.multiply1By32(a, aAt, b, bAt, c, cAt, cRow, depth, add);
                default -> EvenMicroTile.multiply1By64(a, aAt, b, bAt, c, cAt, cRow, depth, add);
            }
        }
    }
}
