package dev.graft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.cpu.layout.ElementAccess;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MemoryPool;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** A backend of its own per test, views in every kind of layout, and comparisons with references in double. */
public final class Fixture {
    public static final long SEED = 20240607;
    private static final int[] THREADS = {1, 2, 3, 5};

    public final CpuBackend cpu;
    public final Random random = new Random(SEED);

    public Fixture() {
        this(CpuBackend.of(2, new MemoryPool(1 << 26)));
    }

    public Fixture(CpuBackend cpu) {
        this.cpu = cpu;
    }

    /** How a view lies in its storage. */
    public enum Layout {
        ROW_MAJOR,
        CHANNELS_LAST,
        /** An offset, and gaps between all elements. */
        GAPS,
        /** Dimensions in reverse order. */
        REVERSED
    }

    public View empty(Layout layout, int... dims) {
        Shape shape = Shape.of(dims);
        long[] strides = shape.contiguousStrides();
        int offset = 0;
        int length = shape.numel();
        switch (layout) {
            case ROW_MAJOR -> {}
            case CHANNELS_LAST -> {
                long pixel = dims[1];
                strides = new long[] {pixel * dims[2] * dims[3], 1, pixel * dims[3], pixel};
            }
            case GAPS -> {
                for (int i = 0; i < strides.length; i++) {
                    strides[i] *= 3;
                }
                offset = 7;
                length = 3 * length + 7;
            }
            case REVERSED -> {
                int step = 1;
                for (int i = 0; i < dims.length; i++) {
                    strides[i] = step;
                    step *= Math.max(1, dims[i]);
                }
            }
        }
        return new View(cpu.allocate(DType.F32, length), offset, shape, strides);
    }

    public View gaussian(Layout layout, int... dims) {
        View view = empty(layout, dims);
        float[] data = CpuStorage.floatsToWrite(view);
        for (int i = 0; i < view.storage().length(); i++) {
            data[i] = (float) random.nextGaussian();
        }
        return view;
    }

    public View of(float... values) {
        View view = empty(Layout.ROW_MAJOR, values.length);
        view.storage().write(0, values, 0, values.length);
        return view;
    }

    public View of(long... values) {
        Storage storage = cpu.allocate(DType.I64, values.length);
        storage.write(0, values, 0, values.length);
        return new View(storage, 0, Shape.of(values.length), new int[] {1});
    }

    public View of(DType dtype, int[] dims, byte... values) {
        Shape shape = Shape.of(dims);
        Storage storage = cpu.allocate(dtype, shape.numel());
        storage.write(0, values, 0, shape.numel());
        return new View(storage, 0, shape, shape.contiguousStrides());
    }

    public View empty(DType dtype, int... dims) {
        Shape shape = Shape.of(dims);
        return new View(cpu.allocate(dtype, shape.numel()), 0, shape, shape.contiguousStrides());
    }

    /** The sum of squares of all elements of all views. */
    public double sumOfSquares(View... views) {
        View sum = new View(cpu.allocate(DType.F64, 1), 0, Shape.of(), new int[0]);
        cpu.sumOfSquares(List.of(views), sum);
        byte[] bytes = new byte[Double.BYTES];
        sum.storage().read(0, bytes, 0, 1);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getDouble();
    }

    /** The same elements under another shape and other strides. */
    public static View viewed(View view, int[] dims, int[] strides) {
        return new View(view.storage(), view.offset(), Shape.of(dims), strides);
    }

    public static int place(View view, int... index) {
        int at = CpuStorage.offset(view);
        for (int i = 0; i < index.length; i++) {
            at += Math.toIntExact(index[i] * view.strides()[i]);
        }
        return at;
    }

    public static float at(View view, int... index) {
        return CpuStorage.floats(view)[place(view, index)];
    }

    /** All elements in row-major order. */
    public static double[] values(View view) {
        double[] values = new double[view.numel()];
        ElementAccess elements = ElementAccess.of(view);
        int[] index = new int[view.rank()];
        for (int i = 0; i < values.length; i++) {
            int rest = i;
            for (int d = index.length - 1; d >= 0; d--) {
                index[d] = rest % view.dim(d);
                rest /= view.dim(d);
            }
            values[i] = elements.getDouble(place(view, index));
        }
        return values;
    }

    /**
     * As {@link #assertClose(String, View, double[], double, double)}, where rounding errors are of the size of the
     * values themselves.
     */
    public static void assertClose(String what, View actual, double[] expected, double tolerance) {
        double typical = Arrays.stream(expected)
                .filter(Double::isFinite)
                .map(Math::abs)
                .average()
                .orElse(0);
        assertClose(what, actual, expected, tolerance, typical);
    }

    /**
     * Expects each value to {@code tolerance * (its own size + typical)}. Nothing here is as large as the largest value
     * or as 1: a kernel that wrote zeros for small values would pass.
     *
     * @param typical size of the terms that were added up to a value; 0 where each value is computed by itself
     */
    public static void assertClose(String what, View actual, double[] expected, double tolerance, double typical) {
        double[] values = values(actual);
        assertThat(values).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            if (Double.isNaN(expected[i]) || Double.isInfinite(expected[i])) {
                assertThat(values[i]).as("%s at %d", what, i).isEqualTo(expected[i]);
            } else {
                // Negated, so that NaN fails.
                boolean close = Math.abs(values[i] - expected[i]) <= tolerance * (Math.abs(expected[i]) + typical);
                assertThat(close)
                        .as("%s at %d: %s, expected %s (seed %d)", what, i, values[i], expected[i], SEED)
                        .isTrue();
            }
        }
    }

    /** Runs {@code kernel} with several numbers of threads and expects the same bits each time; returns the result. */
    public View sameBits(String what, Supplier<View> kernel) {
        cpu.setThreads(THREADS[0]);
        View first = kernel.get();
        double[] expected = values(first);
        for (int threads : THREADS) {
            cpu.setThreads(threads);
            View again = kernel.get();
            assertThat(values(again)).as("%s with %d threads", what, threads).isEqualTo(expected);
        }
        return first;
    }
}
