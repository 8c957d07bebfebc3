package dev.graft.cpu.gemm;

import dev.graft.backend.View;
import java.util.Optional;

/** Products that are large enough for their operands to be rearranged. */
public interface LargeProducts {
    /** What computes them, for {@code describe()}. */
    String description();

    /**
     * Computes {@code product}.
     *
     * @param weights what the transposed right matrix of a single product is, if it is worth keeping a rearranged copy
     *     of it while it does not change
     */
    void run(Product product, Optional<View> weights);
}
