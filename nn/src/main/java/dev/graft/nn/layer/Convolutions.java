package dev.graft.nn.layer;

import java.util.Arrays;

/** What the convolution layers share. */
final class Convolutions {
    private Convolutions() {}

    static void check(String op, int in, int out, int groups, int... kernel) {
        if (in < 1 || out < 1 || Arrays.stream(kernel).anyMatch(k -> k < 1)) {
            throw new IllegalArgumentException(op + ": channels and kernel must be at least 1 (in " + in + ", out "
                    + out + ", kernel " + Arrays.toString(kernel) + ")");
        }
        if (in % groups != 0 || out % groups != 0) {
            throw new IllegalArgumentException(
                    op + ": groups must divide the channels (in " + in + ", out " + out + ", groups " + groups + ")");
        }
    }

    /** All zeros that TensorFlow's SAME adds along one dimension, both sides together. */
    static int samePadding(int size, int kernel, int stride, int dilation) {
        int outputs = (size + stride - 1) / stride;
        return Math.max(0, (outputs - 1) * stride + dilation * (kernel - 1) + 1 - size);
    }
}
