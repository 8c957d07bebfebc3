package dev.graft.cpu.gemm;

/** Products that are large enough for their operands to be rearranged. */
public interface LargeProducts {
    void run(Product product);
}
