package dev.graft.cpu.memory;

import java.util.Arrays;

/** A buffer on the heap. */
public record HeapMatrixBuffer(float[] data) implements MatrixBuffer {
    @Override
    public int capacity() {
        return data.length;
    }

    @Override
    public void put(int at, float[] source, int from, int count) {
        System.arraycopy(source, from, data, at, count);
    }

    @Override
    public void get(int at, float[] target, int to, int count) {
        System.arraycopy(data, at, target, to, count);
    }

    @Override
    public void zero(int at, int count) {
        Arrays.fill(data, at, at + count, 0f);
    }
}
