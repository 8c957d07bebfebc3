package dev.graft.cpu.conv.winograd;

import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.run.Vectors;
import java.util.Arrays;

/**
 * The transforms of Winograd's minimal filtering for kernels of 3x3 (Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2016): {@code y = A'[(G g G') * (B' d B)]A}. A patch of the image, transformed, is multiplied
 * position by position with transformed weights; transformed back, the products are a tile of results. Every transform
 * works on vectors of channels; those without a parameter for the number of channels work on one vector.
 */
abstract class WinogradTransforms {
    private static final int LANES = Vectors.LANES;

    /** Result pixels along one side of a tile. */
    final int tile;
    /** The distance in image pixels from one patch to the next. */
    final int step;
    /** Image pixels along one side of a patch. */
    final int patch;
    /** Products of a tile. */
    final int positions;
    /** Distinct matrices of transformed weights. */
    final int matrices;

    private final int[] matrix;

    /** @param matrix the weights that belong to each position */
    WinogradTransforms(int tile, int step, int patch, int[] matrix) {
        this.tile = tile;
        this.step = step;
        this.patch = patch;
        this.positions = matrix.length;
        this.matrices = Arrays.stream(matrix).max().orElseThrow() + 1;
        this.matrix = matrix;
    }

    /** The weights that a position is multiplied with. */
    final int matrix(int position) {
        return matrix[position];
    }

    /**
     * {@code v = B' d B}.
     *
     * @param d patch: pixel (i, j) at {@code dAt + i * dRow + j * dColumn}, then channels
     * @param v position p at {@code vAt + p * vPosition}, then channels
     * @param channels whole vectors
     */
    final void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition, int channels) {
        for (int c = 0; c < channels; c += LANES) {
            input(d, dAt + c, dRow, dColumn, v, vAt + c, vPosition);
        }
    }

    abstract void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition);

    /**
     * {@code y = A' m A}, which may overwrite {@code m}: positions of {@code m} to the pixels of {@code y}, laid out as
     * in {@link #input}.
     *
     * @param watched one vector, to which all results are added: see {@link NonFiniteWatch}
     */
    final void output(
            float[] m,
            int mAt,
            int mPosition,
            float[] y,
            int yAt,
            int yRow,
            int yColumn,
            int channels,
            float[] watched) {
        for (int c = 0; c < channels; c += LANES) {
            output(m, mAt + c, mPosition, y, yAt + c, yRow, yColumn, watched);
        }
    }

    abstract void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, float[] watched);

    /** {@code u = G g G'}: tap i of 9 at {@code gAt + i * gTap}, matrix p at {@code uAt + p * uMatrix}. */
    abstract void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uMatrix);
}
