package dev.graft.tensor;

import dev.graft.random.Draw;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * How {@link Tensor} makes tensors from host values. Errors have the name of the function that was called. Computed
 * values are made block by block.
 */
final class Making {
    private static final int BLOCK = 1 << 14;

    /** Returns one value after another. */
    interface Values {
        float next();
    }

    private Making() {}

    static Shape shape(String function, int[] dims) {
        return Shape.of(function, Arrays.stream(dims).asLongStream().toArray());
    }

    /** Uninitialised. */
    static Tensor empty(String function, Device device, DType dtype, Shape shape) {
        return Refusal.under(function, () -> Raw.empty(device.backend(), dtype, shape));
    }

    static Tensor of(Device device, float[] data, int[] dims) {
        Tensor t = empty("of", device, DType.F32, filled("float", data.length, dims));
        t.storage().write(0, data, 0, data.length);
        return t;
    }

    static Tensor of(Device device, long[] data, int[] dims) {
        Tensor t = empty("of", device, DType.I64, filled("long", data.length, dims));
        t.storage().write(0, data, 0, data.length);
        return t;
    }

    static Tensor of(Device device, int[] data, int[] dims) {
        Tensor t = empty("of", device, DType.I32, filled("int", data.length, dims));
        t.storage().write(0, data, 0, data.length);
        return t;
    }

    static Tensor of(Device device, boolean[] data, int[] dims) {
        Shape shape = filled("boolean", data.length, dims);
        byte[] bytes = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            bytes[i] = (byte) (data[i] ? 1 : 0);
        }
        return ofBytes("of", device, DType.BOOL, shape, bytes);
    }

    private static Shape filled(String kind, int length, int[] dims) {
        Shape shape = shape("of", dims);
        if (shape.numel() != length) {
            throw new IllegalArgumentException(
                    "of: " + length + " " + kind + " values do not fill shape " + shape + " (" + shape.numel() + ")");
        }
        return shape;
    }

    static Tensor ofBytes(String function, Device device, DType dtype, Shape shape, byte[] littleEndian) {
        long bytes = (long) shape.numel() * dtype.bytes();
        if (bytes != littleEndian.length) {
            throw new IllegalArgumentException(function + ": " + littleEndian.length + " bytes do not fill " + dtype
                    + " " + shape + " (" + bytes + " bytes)");
        }
        Tensor t = empty(function, device, dtype, shape);
        HostBytes.write(t.storage(), littleEndian);
        return t;
    }

    static Tensor full(String function, Device device, float value, int... dims) {
        return empty(function, device, DType.F32, shape(function, dims)).fill(value);
    }

    static Tensor arange(Device device, int n) {
        if (n < 0) {
            throw new IllegalArgumentException("arange: the number of values must not be negative, was " + n
                    + ". Hint: arange(n) counts from 0 to n - 1.");
        }
        Tensor t = empty("arange", device, DType.I64, Shape.of("arange", n));
        long[] block = new long[Math.min(n, BLOCK)];
        for (int from = 0; from < n; from += BLOCK) {
            int first = from;
            Arrays.setAll(block, i -> first + (long) i);
            t.storage().write(from, block, 0, Math.min(BLOCK, n - from));
        }
        return t;
    }

    static Tensor uniform(Device device, RandomGenerator random, float low, float high, int[] dims) {
        if (!(low <= high && high - low < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "uniform: low must not exceed high, and both must be finite (low " + low + ", high " + high + ")");
        }
        return drawn("uniform", device, () -> Draw.uniform(random, low, high), dims);
    }

    static Tensor drawn(String function, Device device, Values values, int... dims) {
        Tensor t = empty(function, device, DType.F32, shape(function, dims));
        float[] block = new float[Math.min(t.numel(), BLOCK)];
        for (int from = 0; from < t.numel(); from += BLOCK) {
            int count = Math.min(BLOCK, t.numel() - from);
            for (int i = 0; i < count; i++) {
                block[i] = values.next();
            }
            t.storage().write(from, block, 0, count);
        }
        return t;
    }
}
