package dev.graft.cpu.memory;

/**
 * The floats that matrix products work on: off-heap for OpenBLAS, an array for the product in Java. Bulk transfers
 * only.
 */
public interface MatrixBuffer {
    int capacity();

    void put(int at, float[] source, int from, int count);

    void get(int at, float[] target, int to, int count);

    void zero(int at, int count);
}
