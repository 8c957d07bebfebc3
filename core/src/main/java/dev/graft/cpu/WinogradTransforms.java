package dev.graft.cpu;

/**
 * The transforms of Winograd's minimal filtering F(m x m, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
 * 2016): {@code y = A'[(G g G') * (B' d B)]A}. A patch of {@code m + 2} squared pixels of the image gives m squared results by as many
 * products as it has pixels. Every transform works on vectors of channels, along rows first, then along columns, with the halfway result
 * in {@code t}.
 */
abstract class WinogradTransforms {
    private static final int LANES = VectorKernels.LANES;

    /** Result pixels of a tile along one side: m. */
    final int tile;
    /** Image pixels of a tile along one side. */
    final int patch;
    /** Products of a tile. */
    final int positions;
    private final int row;

    WinogradTransforms(int tile) {
        this.tile = tile;
        this.patch = tile + 2;
        this.positions = patch * patch;
        this.row = patch * LANES;
    }

    /** Floats of scratch memory that a transform needs. */
    int scratch() {
        return positions * LANES;
    }

    /**
     * {@code v = B' d B}.
     *
     * @param d        patch: pixel (i, j) at {@code dAt + i * dRow + j * dColumn}, then channels
     * @param v        position p at {@code vAt + p * vPosition}, then channels
     * @param channels whole vectors
     */
    final void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition, int channels, float[] t) {
        for (int c = 0; c < channels; c += LANES) {
            for (int j = 0; j < patch; j++) {
                input(d, dAt + c + j * dColumn, dRow, t, j * LANES, row);
            }
            for (int i = 0; i < patch; i++) {
                input(t, i * row, LANES, v, vAt + c + i * patch * vPosition, vPosition);
            }
        }
    }

    /**
     * {@code y = B' x} for one vector: {@code x[i]} at {@code at + i * step}, {@code y[i]} at {@code to + i * toStep}; so for those
     * below.
     */
    abstract void input(float[] x, int at, int step, float[] y, int to, int toStep);

    /** {@code y = A' m A}: positions of {@code m} to the pixels of {@code y}, laid out as in {@link #input}. */
    final void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, int channels, float[] t) {
        for (int c = 0; c < channels; c += LANES) {
            for (int j = 0; j < patch; j++) {
                output(m, mAt + c + j * mPosition, patch * mPosition, t, j * LANES, row);
            }
            for (int i = 0; i < tile; i++) {
                output(t, i * row, LANES, y, yAt + c + i * yRow, yColumn);
            }
        }
    }

    /** {@code y = A' x}. */
    abstract void output(float[] x, int at, int step, float[] y, int to, int toStep);

    /** {@code u = G g G'} for one vector of channels: tap i of 9 at {@code gAt + i * gTap}, position p at {@code uAt + p * uPosition}. */
    final void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uPosition, float[] t) {
        for (int j = 0; j < 3; j++) {
            weights(g, gAt + j * gTap, 3 * gTap, t, j * LANES, row);
        }
        for (int i = 0; i < patch; i++) {
            weights(t, i * row, LANES, u, uAt + i * patch * uPosition, uPosition);
        }
    }

    /** {@code y = G x}. */
    abstract void weights(float[] x, int at, int step, float[] y, int to, int toStep);

    /** {@code m = A dy A'}: the transpose of {@link #output}, from the gradient's pixels to positions. */
    final void outputGradient(float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition, int channels, float[] t) {
        for (int c = 0; c < channels; c += LANES) {
            for (int j = 0; j < tile; j++) {
                outputGradient(dy, dyAt + c + j * dyColumn, dyRow, t, j * LANES, row);
            }
            for (int i = 0; i < patch; i++) {
                outputGradient(t, i * row, LANES, m, mAt + c + i * patch * mPosition, mPosition);
            }
        }
    }

    /** {@code y = A x}. */
    abstract void outputGradient(float[] x, int at, int step, float[] y, int to, int toStep);

    /** {@code dg = G' u G}: the transpose of {@link #weights}. */
    final void weightGradient(float[] u, int uAt, int uPosition, float[] dg, int dgAt, int dgTap, float[] t) {
        for (int j = 0; j < patch; j++) {
            weightGradient(u, uAt + j * uPosition, patch * uPosition, t, j * LANES, row);
        }
        for (int i = 0; i < 3; i++) {
            weightGradient(t, i * row, LANES, dg, dgAt + 3 * i * dgTap, dgTap);
        }
    }

    /** {@code y = G' x}. */
    abstract void weightGradient(float[] x, int at, int step, float[] y, int to, int toStep);
}
