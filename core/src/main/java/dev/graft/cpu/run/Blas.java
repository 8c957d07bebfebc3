package dev.graft.cpu.run;

import dev.graft.cpu.memory.MatrixBuffer;

/** Row-major matrix products on {@link MatrixBuffer}s, with one thread for each call. */
public interface Blas {
    /** Name and version, for {@code describe()}. */
    String description();

    /** A new buffer with undefined content. */
    MatrixBuffer allocate(int floats);

    /**
     * {@code c = op(a) op(b) + beta c} with {@code op(a) [m, k]}, {@code op(b) [k, n]}, {@code c [m, n]}; each matrix
     * starts at {@code ...At} in its buffer, and its stored rows are {@code ld...} apart.
     */
    void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            MatrixBuffer a,
            int aAt,
            int lda,
            MatrixBuffer b,
            int bAt,
            int ldb,
            float beta,
            MatrixBuffer c,
            int cAt,
            int ldc);
}
