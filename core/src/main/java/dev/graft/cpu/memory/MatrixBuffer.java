package dev.graft.cpu.memory;

/**
 * Floats that matrix products work on: outside the heap for OpenBLAS, an array for the Java product. Bulk transfers
 * only.
 */
public interface MatrixBuffer {
    int capacity();

    void put(int at, float[] source, int from, int count);

    void get(int at, float[] target, int to, int count);

    void zero(int at, int count);
}
