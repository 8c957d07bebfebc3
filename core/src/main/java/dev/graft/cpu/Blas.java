package dev.graft.cpu;

/** Matrix products on {@link Panel}s, one thread a call; row-major. */
interface Blas {
    /** Name and version, for {@code describe()}. */
    String description();

    /** A new panel with undefined content. */
    Panel allocate(int floats);

    /**
     * {@code c = op(a) op(b) + beta c} with {@code op(a) [m, k]}, {@code op(b) [k, n]}, {@code c [m, n]}; each matrix
     * starts at {@code ...At} in its panel and its rows as stored are {@code ld...} apart.
     */
    void multiply(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            Panel a,
            int aAt,
            int lda,
            Panel b,
            int bAt,
            int ldb,
            float beta,
            Panel c,
            int cAt,
            int ldc);
}
