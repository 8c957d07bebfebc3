package dev.graft.cpu.sequence;

import dev.graft.cpu.gemm.MicroKernel;
import dev.graft.cpu.gemm.TransposedMicroKernel;

/** Products on the Vector API. */
public final class VectorBlockProducts implements BlockProducts {
    @Override
    public int width() {
        return MicroKernel.WIDTH;
    }

    @Override
    public boolean likesFewRows() {
        return true;
    }

    @Override
    public int padded(int columns) {
        return MicroKernel.padded(columns);
    }

    @Override
    public void multiply(
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
        MicroKernel.multiply(a, aAt, aRow, b, bAt, c, cAt, cRow, rows, columns, depth, add);
    }

    @Override
    public void multiplyTransposed(
            float[] a,
            int aAt,
            float[] b,
            int bAt,
            float[] c,
            int cAt,
            int cRow,
            int rows,
            int columns,
            int depth,
            boolean add) {
        TransposedMicroKernel.multiply(a, aAt, b, bAt, c, cAt, cRow, rows, columns, depth, add);
    }
}
