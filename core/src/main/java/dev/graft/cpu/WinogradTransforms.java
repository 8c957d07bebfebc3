package dev.graft.cpu;

/**
 * The transforms of Winograd's minimal filtering F(m x m, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
 * 2016): {@code y = A'[(G g G') * (B' d B)]A}. A patch of {@code m + 2} squared pixels of the image gives m squared results by as many
 * products as it has pixels. Every transform works on vectors of channels; those without a number of channels work on one.
 */
abstract class WinogradTransforms {
    private static final int LANES = VectorKernels.LANES;

    /** Result pixels of a tile along one side: m. */
    final int tile;
    /** Image pixels of a tile along one side. */
    final int patch;
    /** Products of a tile. */
    final int positions;

    WinogradTransforms(int tile) {
        this.tile = tile;
        this.patch = tile + 2;
        this.positions = patch * patch;
    }

    /**
     * {@code v = B' d B}.
     *
     * @param d        patch: pixel (i, j) at {@code dAt + i * dRow + j * dColumn}, then channels
     * @param v        position p at {@code vAt + p * vPosition}, then channels
     * @param channels whole vectors
     */
    final void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition, int channels) {
        for (int c = 0; c < channels; c += LANES) {
            input(d, dAt + c, dRow, dColumn, v, vAt + c, vPosition);
        }
    }

    abstract void input(float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition);

    /** {@code y = A' m A}: positions of {@code m} to the pixels of {@code y}, laid out as in {@link #input}. */
    final void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, int channels) {
        for (int c = 0; c < channels; c += LANES) {
            output(m, mAt + c, mPosition, y, yAt + c, yRow, yColumn);
        }
    }

    abstract void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn);

    /** {@code u = G g G'}: tap i of 9 at {@code gAt + i * gTap}, position p at {@code uAt + p * uPosition}. */
    abstract void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uPosition);

    /** {@code m = A dy A'}: the transpose of {@link #output}, from the gradient's pixels to positions. */
    final void outputGradient(float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition, int channels) {
        for (int c = 0; c < channels; c += LANES) {
            outputGradient(dy, dyAt + c, dyRow, dyColumn, m, mAt + c, mPosition);
        }
    }

    abstract void outputGradient(float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition);

    /** {@code dg = G' u G}: the transpose of {@link #weights}. */
    abstract void weightGradient(float[] u, int uAt, int uPosition, float[] dg, int dgAt, int dgTap);
}
