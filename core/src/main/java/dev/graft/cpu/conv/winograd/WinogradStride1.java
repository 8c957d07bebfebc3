package dev.graft.cpu.conv.winograd;

import dev.graft.cpu.run.Vectors;
import java.util.stream.IntStream;

/**
 * F(m x m, 3 x 3): a patch of {@code m + 2} squared pixels gives m squared results with one product for each of its
 * pixels. It includes the transforms of the weights' gradient, which are transposes of the others.
 */
public abstract class WinogradStride1 extends WinogradTransforms {
    private static final int LANES = Vectors.LANES;

    WinogradStride1(int tile) {
        super(tile, tile, tile + 2, IntStream.range(0, (tile + 2) * (tile + 2)).toArray());
    }

    /** {@code m = A dy A'}: the transpose of {@link #output}, from the gradient's pixels to positions. */
    final void outputGradient(
            float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition, int channels) {
        for (int c = 0; c < channels; c += LANES) {
            outputGradient(dy, dyAt + c, dyRow, dyColumn, m, mAt + c, mPosition);
        }
    }

    abstract void outputGradient(float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition);

    /** {@code dg = G' u G}: the transpose of {@link #weights}; adds what it writes to {@code watched}, one vector. */
    abstract void weightGradient(float[] u, int uAt, int uPosition, float[] dg, int dgAt, int dgTap, float[] watched);
}
