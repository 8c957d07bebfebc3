package dev.graft.cpu.sequence;

import dev.graft.backend.RecurrentCell;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The steps of a recurrent layer. A task runs all steps of a few sequences, so tasks never wait for one another; the
 * recurrent weights are packed once for all of them.
 */
public final class Recurrence {
    /** Sequences of a task. */
    static final int ROWS = 16;
    /** Steps whose inputs are multiplied together, so that their weights are read less often. */
    private static final int TOGETHER = 4;
    /** The most floats of input weights that a task multiplies by itself: they are read anew all the time. */
    private static final int INPUT_WEIGHTS = 1 << 18;

    private final ExecutionContext context;
    private final BlockProducts products;
    private final CellLoops cells;

    public Recurrence(ExecutionContext context, BlockProducts products, CellLoops cells) {
        this.context = context;
        this.products = products;
        this.cells = cells;
    }

    /** An array {@code [T, N, width]} whose last dimension is contiguous. */
    record Steps(float[] data, int at, int step, int row, int width) {
        static Steps of(View view, float[] data) {
            return new Steps(
                    data, CpuStorage.offset(view), CpuStorage.stride(view, 0), CpuStorage.stride(view, 1), view.dim(2));
        }

        int at(int t, int n) {
            return at + t * step + n * row;
        }

        void clear(int t, int n) {
            Arrays.fill(data, at(t, n), at(t, n) + width, 0f);
        }
    }

    /** How many steps of each sequence count. */
    static final class Lengths {
        private final long[] values;
        private final int at;
        private final int steps;

        Lengths(Optional<View> lengths, int steps) {
            this.steps = steps;
            values = lengths.isPresent() ? CpuStorage.of(lengths.get()).array(long[].class) : new long[0];
            at = lengths.map(CpuStorage::offset).orElse(0);
        }

        int of(int n) {
            return values.length == 0 ? steps : (int) Math.max(0, Math.min(steps, values[at + n]));
        }
    }

    /** See {@link dev.graft.backend.Backend#recurrent}. */
    public void forward(
            RecurrentCell cell,
            boolean reverse,
            View gates,
            View weight,
            Optional<View> inputBias,
            Optional<View> hiddenBias,
            View h0,
            Optional<View> c0,
            Optional<View> lengths,
            View y,
            Optional<View> memory,
            View hn,
            Optional<View> cn) {
        context.awaitKernels();
        Steps gate = Steps.of(gates, CpuStorage.floatsToWrite(gates));
        run(
                cell,
                reverse,
                () -> new GivenGates(gate),
                weight,
                inputBias,
                hiddenBias,
                h0,
                c0,
                lengths,
                y,
                memory,
                hn,
                cn);
    }

    /** Whether {@link #outputs} is faster than a product of all inputs and {@link #forward}. */
    public boolean takesInputs(View inputWeight) {
        return products.likesFewRows() && inputWeight.numel() <= INPUT_WEIGHTS;
    }

    /**
     * See {@link dev.graft.backend.Backend#recurrentOutputs}. The gates of all steps would be many times as large as a
     * cache: each task computes those of a few steps at a time.
     */
    public void outputs(
            RecurrentCell cell,
            boolean reverse,
            View x,
            View inputWeight,
            View weight,
            Optional<View> inputBias,
            Optional<View> hiddenBias,
            View h0,
            Optional<View> c0,
            Optional<View> lengths,
            View y,
            View hn,
            Optional<View> cn) {
        context.awaitKernels();
        Steps inputs = Steps.of(x, CpuStorage.floats(x));
        int depth = x.dim(2);
        int width = inputWeight.dim(0);
        float[] panels = context.workspace().array(Workspace.Slot.SHARED_LEFT, Panels.size(products, depth, width));
        Panels.pack(
                context,
                products,
                CpuStorage.floats(inputWeight),
                CpuStorage.offset(inputWeight),
                CpuStorage.stride(inputWeight, 1),
                CpuStorage.stride(inputWeight, 0),
                depth,
                width,
                panels);
        run(
                cell,
                reverse,
                () -> new MultipliedInputs(inputs, panels, width, x.dim(0), reverse),
                weight,
                inputBias,
                hiddenBias,
                h0,
                c0,
                lengths,
                y,
                Optional.empty(),
                hn,
                cn);
    }

    /** Where a task finds the input part of the gates of the step that it is at. */
    private abstract static class Gates {
        /** Comes to a step of the sequences from {@code first} on. */
        void begin(int step, int first, int rows) {}

        abstract float[] data();

        abstract int at(int t, int first, int row);
    }

    /** Gates of all steps, which the step's activations replace. */
    private static final class GivenGates extends Gates {
        private final Steps gates;

        GivenGates(Steps gates) {
            this.gates = gates;
        }

        @Override
        float[] data() {
            return gates.data;
        }

        @Override
        int at(int t, int first, int row) {
            return gates.at(t, first + row);
        }
    }

    /** Gates of a few steps, multiplied when the first of these begins. */
    private final class MultipliedInputs extends Gates {
        private final Steps x;
        private final float[] panels;
        private final int width;
        private final int steps;
        private final boolean reverse;
        private final int gateRow;
        private final float[] gates;
        private final float[] rows;
        private int place;

        MultipliedInputs(Steps x, float[] panels, int width, int steps, boolean reverse) {
            this.x = x;
            this.panels = panels;
            this.width = width;
            this.steps = steps;
            this.reverse = reverse;
            gateRow = products.padded(width);
            gates = context.workspace().floats(4, TOGETHER * ROWS * gateRow);
            rows = context.workspace().floats(5, TOGETHER * ROWS * x.width);
        }

        @Override
        void begin(int step, int first, int count) {
            place = step % TOGETHER * count;
            if (place > 0) {
                return;
            }
            int together = Math.min(TOGETHER, steps - step);
            for (int s = 0; s < together; s++) {
                int t = reverse ? steps - 1 - step - s : step + s;
                for (int r = 0; r < count; r++) {
                    System.arraycopy(x.data, x.at(t, first + r), rows, (s * count + r) * x.width, x.width);
                }
            }
            Panels.multiply(
                    products, rows, 0, x.width, panels, width, width, gates, gateRow, together * count, x.width);
        }

        @Override
        float[] data() {
            return gates;
        }

        @Override
        int at(int t, int first, int row) {
            return (place + row) * gateRow;
        }
    }

    private void run(
            RecurrentCell cell,
            boolean reverse,
            Supplier<Gates> gatesOfTask,
            View weight,
            Optional<View> inputBias,
            Optional<View> hiddenBias,
            View h0,
            Optional<View> c0,
            Optional<View> lengths,
            View y,
            Optional<View> memory,
            View hn,
            Optional<View> cn) {
        int steps = y.dim(0);
        int sequences = y.dim(1);
        int units = weight.dim(1);
        Steps out = Steps.of(y, CpuStorage.floatsToWrite(y));
        Optional<Steps> kept = memory.map(m -> Steps.of(m, CpuStorage.floatsToWrite(m)));
        Lengths length = new Lengths(lengths, steps);
        int width = cell.gates() * units;
        Workspace mine = context.workspace();
        float[] w = mine.array(Workspace.Slot.SHARED_RIGHT, Panels.size(products, units, width));
        Panels.pack(context, products, CpuStorage.floats(weight), CpuStorage.offset(weight), 1, units, units, width, w);
        float[] input = bias(inputBias, width);
        float[] hidden = bias(hiddenBias, width);
        float[] firstH = CpuStorage.floats(h0);
        float[] firstC = CpuStorage.floats(c0.orElse(h0));
        float[] lastH = CpuStorage.floatsToWrite(hn);
        float[] lastC = CpuStorage.floatsToWrite(cn.orElse(hn));
        context.forRange(sequences, ROWS, (from, to) -> {
            Workspace workspace = context.workspace();
            int rows = to - from;
            int sumRow = products.padded(width);
            float[] h = workspace.floats(0, ROWS * units);
            float[] c = workspace.floats(1, ROWS * units);
            float[] sums = workspace.floats(2, ROWS * sumRow);
            float[] scratch = workspace.floats(3, units);
            Gates gates = gatesOfTask.get();
            System.arraycopy(firstH, CpuStorage.offset(h0) + from * units, h, 0, rows * units);
            if (cell == RecurrentCell.LSTM) {
                System.arraycopy(firstC, CpuStorage.offset(c0.orElseThrow()) + from * units, c, 0, rows * units);
            }
            for (int step = 0; step < steps; step++) {
                int t = reverse ? steps - 1 - step : step;
                gates.begin(step, from, rows);
                Panels.multiply(products, h, 0, units, w, width, width, sums, sumRow, rows, units);
                for (int r = 0; r < rows; r++) {
                    int n = from + r;
                    if (t >= length.of(n)) {
                        out.clear(t, n);
                        continue;
                    }
                    int at = gates.at(t, from, r);
                    if (cell == RecurrentCell.LSTM) {
                        cells.lstm(gates.data(), at, sums, r * sumRow, input, hidden, c, h, r * units, units, scratch);
                        if (kept.isPresent()) {
                            System.arraycopy(
                                    c, r * units, kept.get().data, kept.get().at(t, n), units);
                        }
                    } else {
                        cells.gru(gates.data(), at, sums, r * sumRow, input, hidden, h, r * units, units);
                        if (kept.isPresent()) {
                            System.arraycopy(
                                    sums,
                                    r * sumRow + 2 * units,
                                    kept.get().data,
                                    kept.get().at(t, n),
                                    units);
                        }
                    }
                    System.arraycopy(h, r * units, out.data, out.at(t, n), units);
                }
            }
            System.arraycopy(h, 0, lastH, CpuStorage.offset(hn) + from * units, rows * units);
            if (cell == RecurrentCell.LSTM) {
                System.arraycopy(c, 0, lastC, CpuStorage.offset(cn.orElseThrow()) + from * units, rows * units);
            }
        });
    }

    private static float[] bias(Optional<View> bias, int width) {
        float[] values = new float[width];
        bias.ifPresent(b -> System.arraycopy(CpuStorage.floats(b), CpuStorage.offset(b), values, 0, width));
        return values;
    }

    /** See {@link dev.graft.backend.Backend#recurrentBackward}. */
    public void backward(
            RecurrentCell cell,
            boolean reverse,
            View gates,
            View memory,
            View y,
            View weight,
            View h0,
            Optional<View> c0,
            Optional<View> lengths,
            View dy,
            Optional<View> dhn,
            Optional<View> dcn,
            View dgates,
            Optional<View> dhidden,
            View dh0,
            Optional<View> dc0) {
        context.awaitKernels();
        int steps = gates.dim(0);
        int sequences = gates.dim(1);
        int units = weight.dim(1);
        int width = cell.gates() * units;
        boolean lstm = cell == RecurrentCell.LSTM;
        Steps gate = Steps.of(gates, CpuStorage.floats(gates));
        Steps kept = Steps.of(memory, CpuStorage.floats(memory));
        Steps out = Steps.of(y, CpuStorage.floats(y));
        Steps dout = Steps.of(dy, CpuStorage.floats(dy));
        Steps dgate = Steps.of(dgates, CpuStorage.floatsToWrite(dgates));
        Steps dhid = dhidden.map(d -> Steps.of(d, CpuStorage.floatsToWrite(d))).orElse(dgate);
        Lengths length = new Lengths(lengths, steps);
        float[] w = context.workspace().array(Workspace.Slot.SHARED_RIGHT, Panels.size(products, width, units));
        Panels.pack(context, products, CpuStorage.floats(weight), CpuStorage.offset(weight), units, 1, width, units, w);
        // The state before the first step: an LSTM's cells, a GRU's outputs.
        View first = lstm ? c0.orElseThrow() : h0;
        float[] before = CpuStorage.floats(first);
        float[] dFirstH = CpuStorage.floatsToWrite(dh0);
        float[] dFirstC = CpuStorage.floatsToWrite(dc0.orElse(dh0));
        context.forRange(sequences, ROWS, (from, to) -> {
            Workspace workspace = context.workspace();
            int rows = to - from;
            int sumRow = products.padded(units);
            float[] dh = workspace.floats(0, ROWS * units);
            float[] dc = workspace.floats(1, ROWS * units);
            float[] sums = workspace.floats(2, ROWS * sumRow);
            float[] scratch = workspace.floats(3, units);
            start(dhn, from, rows, units, dh);
            start(dcn, from, rows, units, dc);
            for (int step = steps - 1; step >= 0; step--) {
                int t = reverse ? steps - 1 - step : step;
                for (int r = 0; r < rows; r++) {
                    int n = from + r;
                    if (t >= length.of(n)) {
                        dgate.clear(t, n);
                        dhid.clear(t, n);
                        continue;
                    }
                    boolean isFirst = reverse ? t == length.of(n) - 1 : t == 0;
                    Steps states = lstm ? kept : out;
                    float[] previous = isFirst ? before : states.data;
                    int previousAt =
                            isFirst ? CpuStorage.offset(first) + n * units : states.at(reverse ? t + 1 : t - 1, n);
                    context.elementLoops().add(dout.data, dout.at(t, n), dh, r * units, units);
                    if (lstm) {
                        cells.lstmGradient(
                                gate.data,
                                gate.at(t, n),
                                kept.data,
                                kept.at(t, n),
                                previous,
                                previousAt,
                                dh,
                                dc,
                                r * units,
                                dgate.data,
                                dgate.at(t, n),
                                units,
                                scratch);
                    } else {
                        cells.gruGradient(
                                gate.data,
                                gate.at(t, n),
                                kept.data,
                                kept.at(t, n),
                                previous,
                                previousAt,
                                dh,
                                r * units,
                                dgate.data,
                                dgate.at(t, n),
                                dhid.data,
                                dhid.at(t, n),
                                units);
                    }
                }
                Panels.multiply(
                        products, dhid.data, dhid.at(t, from), dhid.row, w, units, units, sums, sumRow, rows, width);
                for (int r = 0; r < rows; r++) {
                    if (t < length.of(from + r)) {
                        if (lstm) {
                            System.arraycopy(sums, r * sumRow, dh, r * units, units);
                        } else {
                            context.elementLoops().add(sums, r * sumRow, dh, r * units, units);
                        }
                    }
                }
            }
            System.arraycopy(dh, 0, dFirstH, CpuStorage.offset(dh0) + from * units, rows * units);
            if (lstm) {
                System.arraycopy(dc, 0, dFirstC, CpuStorage.offset(dc0.orElseThrow()) + from * units, rows * units);
            }
        });
    }

    private static void start(Optional<View> gradient, int from, int rows, int units, float[] to) {
        if (gradient.isPresent()) {
            View g = gradient.get();
            System.arraycopy(CpuStorage.floats(g), CpuStorage.offset(g) + from * units, to, 0, rows * units);
        } else {
            Arrays.fill(to, 0, rows * units, 0f);
        }
    }
}
