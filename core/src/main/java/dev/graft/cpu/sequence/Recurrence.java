package dev.graft.cpu.sequence;

import dev.graft.backend.RecurrentCell;
import dev.graft.backend.View;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;
import java.util.Optional;

/**
 * The steps of a recurrent layer. A task runs all steps of a few sequences, so tasks never wait for one another; the
 * recurrent weights are packed once for all of them.
 */
public final class Recurrence {
    /** Sequences of a task. */
    static final int ROWS = 16;

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
        int steps = gates.dim(0);
        int sequences = gates.dim(1);
        int units = weight.dim(1);
        Steps gate = Steps.of(gates, CpuStorage.floatsToWrite(gates));
        Steps out = Steps.of(y, CpuStorage.floatsToWrite(y));
        Optional<Steps> kept = memory.map(m -> Steps.of(m, CpuStorage.floatsToWrite(m)));
        Lengths length = new Lengths(lengths, steps);
        int width = cell.gates() * units;
        Workspace mine = context.workspace();
        float[] w = mine.array(Workspace.Slot.SHARED_RIGHT, Panels.size(products, units, width));
        Panels.pack(products, CpuStorage.floats(weight), CpuStorage.offset(weight), 1, units, units, width, w, 0);
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
            System.arraycopy(firstH, CpuStorage.offset(h0) + from * units, h, 0, rows * units);
            if (cell == RecurrentCell.LSTM) {
                System.arraycopy(firstC, CpuStorage.offset(c0.orElseThrow()) + from * units, c, 0, rows * units);
            }
            for (int step = 0; step < steps; step++) {
                int t = reverse ? steps - 1 - step : step;
                Panels.multiply(products, h, 0, units, w, width, width, sums, sumRow, rows, units);
                for (int r = 0; r < rows; r++) {
                    int n = from + r;
                    if (t >= length.of(n)) {
                        out.clear(t, n);
                        continue;
                    }
                    int at = gate.at(t, n);
                    if (cell == RecurrentCell.LSTM) {
                        cells.lstm(gate.data, at, sums, r * sumRow, input, hidden, c, h, r * units, units, scratch);
                        if (kept.isPresent()) {
                            System.arraycopy(
                                    c, r * units, kept.get().data, kept.get().at(t, n), units);
                        }
                    } else {
                        cells.gru(gate.data, at, sums, r * sumRow, input, hidden, h, r * units, units);
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
        Panels.pack(products, CpuStorage.floats(weight), CpuStorage.offset(weight), units, 1, width, units, w, 0);
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
