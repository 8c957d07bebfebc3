package dev.graft.nn.train;

import java.util.Arrays;

/** A growing list without boxing, because a validation set may have millions of examples. */
final class IntList {
    private int[] values = new int[64];
    private int size;

    void add(int[] more) {
        if (size + more.length > values.length) {
            values = Arrays.copyOf(values, Math.max(2 * values.length, size + more.length));
        }
        System.arraycopy(more, 0, values, size, more.length);
        size += more.length;
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
