package dev.graft.backend.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Backend;
import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.backend.conformance.KernelCase.Operand;
import dev.graft.backend.conformance.KernelCase.Place;
import dev.graft.backend.conformance.KernelCase.Result;
import dev.graft.tensor.Close;
import dev.graft.tensor.Nd;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Runs one case with its views laid out in one way. Everything around the views is poison: NaN or a huge integer, which
 * shows in a result if it is read, and is missed if it is written.
 */
final class KernelTrial {
    /** Ways of laying views out. */
    static final int ARRANGEMENTS = 6;

    private static final int GUARD = 5;
    private static final long INTEGER_POISON = 1_000_003;

    private final Backend backend;
    private final KernelCase kernel;
    private final int arrangement;
    private final BooleanSupplier promisesBits;
    private final List<Storage> storages = new ArrayList<>();

    /** @param promisesBits asked after a run: whether the kernels that ran give the same bits again */
    KernelTrial(Backend backend, KernelCase kernel, int arrangement, BooleanSupplier promisesBits) {
        this.promisesBits = promisesBits;
        this.backend = backend;
        this.kernel = kernel;
        this.arrangement = arrangement;
    }

    /** Runs the case, and gives the memory back. */
    void run() {
        try {
            compareAll();
        } finally {
            storages.forEach(Storage::release);
        }
    }

    private void compareAll() {
        Nd[] in = values();
        Nd[] expected = kernel.oracle().of(in);
        List<Placed> first = once(in, -1, -1);
        check(first, in, expected);
        List<Placed> second = once(in, -1, -1);
        if (!promisesBits.getAsBoolean()) {
            check(second, in, expected);
        }
        for (int i = 0; promisesBits.getAsBoolean() && i < first.size(); i++) {
            assertThat(second.get(i).content())
                    .as("%s: view %d of a second run, bit for bit", kernel, i)
                    .isEqualTo(first.get(i).content());
        }
        for (int r = 0; r < kernel.results().size(); r++) {
            for (int o : kernel.results().get(r).mayBe()) {
                if (!repeats(o)) {
                    checkUpon(r, o, once(in, r, o), expected);
                }
            }
        }
    }

    /** The operands' values, repeated along the first dimension where the view repeats it. */
    private Nd[] values() {
        Nd[] in = new Nd[kernel.operands().size()];
        for (int i = 0; i < in.length; i++) {
            Nd x = kernel.operands().get(i).values();
            in[i] = !repeats(i) ? x : Nd.fill(x.dims(), index -> x.get(Nd.with(index, 0, 0)));
        }
        return in;
    }

    private boolean isChanged(int operand) {
        return kernel.results().stream().anyMatch(r -> r.changes() == operand);
    }

    private boolean repeats(int operand) {
        Operand o = kernel.operands().get(operand);
        return o.place() == Place.ANY
                && variant(operand) == 4
                && !isChanged(operand)
                && o.values().rank() > 0
                && o.values().dims()[0] > 1;
    }

    /** Arrangement 0 is all contiguous; in the others neighbours differ. */
    private int variant(int view) {
        return arrangement == 0 ? 0 : (arrangement - 1 + 2 * view) % 5;
    }

    /** A view with its memory. */
    private final class Placed {
        final View view;
        final DType dtype;
        final Nd values;

        /** @param values null for undefined content */
        Placed(int[] dims, DType dtype, long[] strides, int offset, Nd values) {
            this.dtype = dtype;
            this.values = values;
            long last = offset;
            for (int i = 0; i < dims.length; i++) {
                last += Math.max(0, dims[i] - 1) * strides[i];
            }
            Storage storage = backend.allocate(dtype, last + 1 + GUARD);
            storages.add(storage);
            view = new View(storage, offset, Shape.of(dims), strides);
            double[] content = new double[(int) storage.length()];
            Arrays.fill(content, poison());
            if (values != null) {
                Nd.fill(dims, i -> content[at(i)] = values.get(i));
            }
            write(storage, content);
        }

        private double poison() {
            return dtype.isFloat() ? Double.NaN : dtype.bytes() == 1 ? 1 : INTEGER_POISON;
        }

        private int at(int[] index) {
            long at = view.offset();
            for (int i = 0; i < index.length; i++) {
                at += index[i] * view.strides()[i];
            }
            return (int) at;
        }

        double[] content() {
            return read(view.storage());
        }

        double[] elements() {
            double[] content = content();
            return Nd.fill(view.shape().toArray(), i -> content[at(i)]).data();
        }

        /** That nothing around the elements was written. */
        void checkGuards(String what) {
            double[] content = content();
            Nd.fill(view.shape().toArray(), i -> content[at(i)] = poison());
            double[] poison = new double[content.length];
            Arrays.fill(poison, poison());
            assertThat(content)
                    .as("%s, arrangement %d: memory around %s", kernel, arrangement, what)
                    .isEqualTo(poison);
        }

        void checkUnchanged(String what) {
            assertThat(elements())
                    .as("%s, arrangement %d: %s is only read", kernel, arrangement, what)
                    .isEqualTo(values.data());
            checkGuards(what);
        }
    }

    private static void write(Storage storage, double[] content) {
        int n = content.length;
        switch (storage.dtype()) {
            case F32 -> {
                float[] values = new float[n];
                for (int i = 0; i < n; i++) {
                    values[i] = (float) content[i];
                }
                storage.write(0, values, 0, n);
            }
            case I64 ->
                storage.write(0, Arrays.stream(content).mapToLong(v -> (long) v).toArray(), 0, n);
            case I32 ->
                storage.write(0, Arrays.stream(content).mapToInt(v -> (int) v).toArray(), 0, n);
            case F64 -> {
                ByteBuffer bytes = ByteBuffer.allocate(8 * n).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asDoubleBuffer().put(content);
                storage.write(0, bytes.array(), 0, n);
            }
            default -> {
                byte[] bytes = new byte[n];
                for (int i = 0; i < n; i++) {
                    bytes[i] = (byte) content[i];
                }
                storage.write(0, bytes, 0, n);
            }
        }
    }

    private static double[] read(Storage storage) {
        int n = (int) storage.length();
        double[] content = new double[n];
        switch (storage.dtype()) {
            case F32 -> {
                float[] values = new float[n];
                storage.read(0, values, 0, n);
                Arrays.setAll(content, i -> values[i]);
            }
            case I64 -> {
                long[] values = new long[n];
                storage.read(0, values, 0, n);
                Arrays.setAll(content, i -> values[i]);
            }
            case I32 -> {
                int[] values = new int[n];
                storage.read(0, values, 0, n);
                Arrays.setAll(content, i -> values[i]);
            }
            case F64 -> {
                byte[] bytes = new byte[8 * n];
                storage.read(0, bytes, 0, n);
                ByteBuffer.wrap(bytes)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asDoubleBuffer()
                        .get(content);
            }
            default -> {
                byte[] values = new byte[n];
                storage.read(0, values, 0, n);
                Arrays.setAll(content, i -> values[i]);
            }
        }
        return content;
    }

    private Placed place(int[] dims, DType dtype, Place place, int view, Nd values, boolean repeat) {
        int variant = place == Place.DENSE ? variant(0) : variant(view);
        int offset = new int[] {0, 1, 3, 2, 5}[variant];
        long[] strides =
                switch (place) {
                    case CONTIGUOUS -> row(dims);
                    case IMAGE -> backend.imageLayout(DType.F32).strides(Shape.of(dims));
                    case DENSE ->
                        variant == 3 && dims.length == 4
                                ? ordered(dims, 0, 2, 3, 1)
                                : variant == 2 || variant == 3 ? reversed(dims) : row(dims);
                    case ANY ->
                        switch (variant) {
                            case 2 -> reversed(dims);
                            case 3 -> gaps(dims);
                            default -> row(dims);
                        };
                };
        if (repeat) {
            strides = row(Nd.with(dims, 0, 1));
            strides[0] = 0;
        }
        return new Placed(dims, dtype, strides, offset, values);
    }

    private static long[] row(int[] dims) {
        return Shape.of(dims).contiguousStrides();
    }

    /** @param order the dimensions, outermost first */
    private static long[] ordered(int[] dims, int... order) {
        long[] strides = new long[dims.length];
        long step = 1;
        for (int i = order.length - 1; i >= 0; i--) {
            strides[order[i]] = step;
            step *= Math.max(1, dims[order[i]]);
        }
        return strides;
    }

    private static long[] reversed(int[] dims) {
        int[] order = new int[dims.length];
        Arrays.setAll(order, i -> order.length - 1 - i);
        return ordered(dims, order);
    }

    /** Every second element, and a row of nothing between rows. */
    private static long[] gaps(int[] dims) {
        long[] strides = new long[dims.length];
        long step = 2;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= dims[i] + 1;
        }
        return strides;
    }

    /** One run on fresh memory: operands, then results of their own; result {@code upon} lies on {@code operand}. */
    private List<Placed> once(Nd[] in, int upon, int operand) {
        List<Placed> all = new ArrayList<>();
        View[] reads = new View[in.length];
        for (int i = 0; i < in.length; i++) {
            Operand o = kernel.operands().get(i);
            all.add(place(o.values().dims(), o.dtype(), o.place(), i, in[i], repeats(i)));
            reads[i] = all.get(i).view;
        }
        View[] writes = new View[kernel.results().size()];
        for (int r = 0; r < writes.length; r++) {
            Result result = kernel.results().get(r);
            if (result.changes() >= 0) {
                writes[r] = reads[result.changes()];
            } else if (r == upon) {
                writes[r] = reads[operand];
            } else {
                all.add(place(result.dims(), result.dtype(), result.place(), in.length + r, null, false));
                writes[r] = all.get(all.size() - 1).view;
            }
        }
        kernel.call().of(backend, reads, writes);
        return all;
    }

    private void check(List<Placed> all, Nd[] in, Nd[] expected) {
        int own = in.length;
        for (int r = 0; r < kernel.results().size(); r++) {
            Result result = kernel.results().get(r);
            Placed placed = all.get(result.changes() >= 0 ? result.changes() : own++);
            if (result.defined()) {
                compare("result " + r, placed.elements(), expected[r]);
            }
            placed.checkGuards("result " + r);
        }
        for (int i = 0; i < in.length; i++) {
            if (!isChanged(i)) {
                all.get(i).checkUnchanged("operand " + i);
            }
        }
    }

    private void checkUpon(int result, int operand, List<Placed> all, Nd[] expected) {
        String what = "result " + result + " upon operand " + operand;
        compare(what, all.get(operand).elements(), expected[result]);
        all.get(operand).checkGuards(what);
    }

    private void compare(String what, double[] actual, Nd expected) {
        float[] floats = new float[actual.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) actual[i];
        }
        Close.check(kernel + ", arrangement " + arrangement + ", " + what, floats, expected, kernel.terms());
    }
}
