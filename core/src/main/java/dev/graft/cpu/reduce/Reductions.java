package dev.graft.cpu.reduce;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.layout.StridedLoop;
import dev.graft.cpu.layout.StridedWalk;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.List;

/**
 * Reductions over dimensions. Floats are added in vectors of independent lanes, at most {@link #FLOAT_ADDITIONS} for
 * each lane before the lane is added to a double. Work is divided by size, and partial results are combined in order.
 */
public final class Reductions {
    /** Squares whose sum is less than this may have lost digits to underflow. */
    private static final double SMALLEST_EXACT_SQUARES = 1e-28;

    /** The elements of a task; the sums of tasks are combined in order. */
    private static final int TASK = 1 << 16;
    /** The most numbers that are added in floats before their sum is moved to double. */
    private static final int FLOAT_ADDITIONS = 32;

    /** Up to this many reduced elements, and neighbouring results, each result is reduced by itself. */
    private static final int SHORT_COLUMN = 64;

    private static final int SHORT_ROW = 64;
    /** The same where more elements are reduced. */
    private static final int SHORTEST_ROW = 16;

    private static final int BLOCK = Workspace.BLOCK;
    /** From here on, but at most two blocks, the largest element of a row is found on vectors. */
    private static final int LONG_EXTREME = 64;

    /** Rows that stay in the first-level cache, for the search of the largest elements' places. */
    private static final int ROWS = 8;

    private final ExecutionContext context;

    public Reductions(ExecutionContext context) {
        this.context = context;
    }

    public void reduce(Reduction op, View x, View y) {
        int[] spread = CpuStorage.strides(y);
        for (int axis = 0; axis < spread.length; axis++) {
            if (y.dim(axis) == 1) {
                spread[axis] = 0;
            }
        }
        StridedWalk walk = StridedWalk.of(0, x, new View(y.storage(), CpuStorage.offset(y), x.shape(), spread));
        int results = y.numel();
        if (results == 0) {
            return;
        }
        if (x.dtype() != DType.F32) {
            IntegerReductions.reduce(context, op, x, y, walk);
            return;
        }
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floatsToWrite(y);
        double[] folded;
        if (x.numel() == 0) {
            folded = new double[results];
            Arrays.fill(folded, start(op));
        } else if (walk.stride(1, walk.rank() - 1) == 0) {
            folded = foldRows(op, xs, walk);
        } else {
            folded = foldColumns(op, xs, walk);
        }
        double divisor = op == Reduction.MEAN ? (double) x.numel() / results : 1;
        StridedWalk kept = x.numel() == 0 ? StridedWalk.of(1, y, y) : walk.where(1, false);
        int step = kept.step(1);
        double[] sums = folded;
        context.forRange(
                results,
                TASK,
                (from, to) -> kept.runs(1, from, to, (at, position, count) -> {
                    for (int i = 0; i < count; i++) {
                        ys[at + i * step] = (float) (sums[position + i] / divisor);
                    }
                }));
    }

    private static double start(Reduction op) {
        return switch (op) {
            case SUM, MEAN -> 0;
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
        };
    }

    private static double join(Reduction op, double p, double q) {
        return switch (op) {
            case SUM, MEAN -> p + q;
            case MAX -> Math.max(p, q);
            case MIN -> Math.min(p, q);
        };
    }

    // The reduced elements are contiguous in memory.
    private double[] foldRows(Reduction op, float[] x, StridedWalk walk) {
        StridedWalk kept = walk.where(1, false);
        StridedWalk folded = walk.where(1, true);
        if (folded.rank() == 1 && folded.total() <= BLOCK) {
            return foldShort(op, x, kept, folded);
        }
        int pieces = (folded.total() + TASK - 1) / TASK;
        double[] partial = new double[kept.total() * pieces];
        int grain = Math.max(1, TASK / Math.min(TASK, folded.total()));
        context.forRange(partial.length, grain, (from, to) -> {
            Workspace workspace = context.workspace();
            for (int task = from; task < to; task++) {
                int begin = task % pieces * TASK;
                int end = Math.min(folded.total(), begin + TASK);
                int base = kept.at(0, task / pieces) - kept.offset(0);
                partial[task] = foldRun(op, x, base, folded, begin, end, workspace);
            }
        });
        return joined(op, partial, kept.total(), pieces, 1);
    }

    /** Results of few elements each, straight from memory: any preparation would cost more than the elements. */
    private double[] foldShort(Reduction op, float[] x, StridedWalk kept, StridedWalk folded) {
        double[] results = new double[kept.total()];
        int n = folded.total();
        int foldedStep = folded.step(0);
        int keptStep = kept.step(0);
        context.forRange(
                results.length,
                Math.max(1, TASK / n),
                (from, to) -> kept.rows(0, from, to, (at, position, rows, rowStep, count) -> {
                    for (int r = 0; r < rows; r++) {
                        int first = at + r * rowStep;
                        int result = position + r * count;
                        for (int i = 0; i < count; i++) {
                            results[result + i] = fold(op, x, first + i * keptStep, foldedStep, n);
                        }
                    }
                }));
        return results;
    }

    private double foldRun(
            Reduction op, float[] x, int base, StridedWalk folded, int from, int to, Workspace workspace) {
        float[] block = workspace.floats(0, BLOCK);
        boolean adds = op == Reduction.SUM || op == Reduction.MEAN;
        Lanes lanes = adds && to - from >= 2 * BLOCK ? new Lanes(BLOCK, workspace.floats(1, BLOCK)) : null;
        double total = start(op);
        for (int start = from; start < to; start += BLOCK) {
            int end = Math.min(to, start + BLOCK);
            load(folded, x, base, start, end, block);
            if (lanes != null && end - start == BLOCK) {
                lanes.add(block);
            } else {
                total = join(op, total, fold(op, block, 0, 1, end - start));
            }
        }
        return lanes == null ? total : total + lanes.total();
    }

    private static void load(StridedWalk walk, float[] x, int base, int from, int to, float[] block) {
        int step = walk.step(0);
        walk.runs(0, from, to, (at, position, count) -> {
            int b = position - from;
            if (step == 1) {
                System.arraycopy(x, base + at, block, b, count);
            } else {
                for (int i = 0; i < count; i++) {
                    block[b + i] = x[base + at + i * step];
                }
            }
        });
    }

    private double fold(Reduction op, float[] x, int at, int step, int n) {
        return switch (op) {
            case SUM, MEAN -> sum(x, at, step, n);
            case MAX -> {
                if (step == 1 && n >= LONG_EXTREME) {
                    yield extreme(BinaryOp.MAXIMUM, x, at, n);
                }
                float best = x[at];
                for (int i = 1; i < n; i++) {
                    best = Math.max(best, x[at + i * step]);
                }
                yield best;
            }
            case MIN -> {
                if (step == 1 && n >= LONG_EXTREME) {
                    yield extreme(BinaryOp.MINIMUM, x, at, n);
                }
                float best = x[at];
                for (int i = 1; i < n; i++) {
                    best = Math.min(best, x[at + i * step]);
                }
                yield best;
            }
        };
    }

    /** By halves, which are compared on vectors. */
    private float extreme(BinaryOp op, float[] x, int at, int n) {
        Workspace workspace = context.workspace();
        float[] first = workspace.floats(2, BLOCK);
        float[] second = workspace.floats(3, BLOCK);
        int half = (n + 1) / 2;
        System.arraycopy(x, at, first, 0, half);
        System.arraycopy(x, at + n - half, second, 0, half);
        while (true) {
            context.elementLoops().binary(op, second, first, first, 0, half);
            if (half == 1) {
                return first[0];
            }
            int rest = half;
            half = (rest + 1) / 2;
            System.arraycopy(first, rest - half, second, 0, half);
        }
    }

    private static double sum(float[] x, int at, int step, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        int place = at;
        // Counted, as the step of a repeated element is 0.
        for (; i + 3 < n; i += 4) {
            s0 += x[place];
            s1 += x[place + step];
            s2 += x[place + 2 * step];
            s3 += x[place + 3 * step];
            place += 4 * step;
        }
        for (; i < n; i++) {
            s0 += x[place];
            place += step;
        }
        return s0 + s1 + (s2 + s3);
    }

    /** Sums of many blocks, lane by lane. */
    private final class Lanes {
        private final float[] lanes;
        private final double[] flushed;
        private int blocks;

        private Lanes(int width, float[] lanes) {
            this.lanes = lanes;
            this.flushed = new double[width];
            Arrays.fill(lanes, 0, width, 0f);
        }

        private void add(float[] block) {
            context.elementLoops().addScaled(1f, block, lanes, 0, flushed.length);
            if (++blocks % FLOAT_ADDITIONS == 0) {
                flush();
            }
        }

        private void addSquares(float[] block) {
            context.elementLoops().multiplyAdd(block, block, lanes, 0, flushed.length);
            if (++blocks % FLOAT_ADDITIONS == 0) {
                flush();
            }
        }

        private void flush() {
            for (int i = 0; i < flushed.length; i++) {
                flushed[i] += lanes[i];
                lanes[i] = 0f;
            }
        }

        private double total() {
            flush();
            double total = 0;
            for (double lane : flushed) {
                total += lane;
            }
            return total;
        }
    }

    // Neighbours in memory belong to different results: whole ranges of them are reduced at once.
    private double[] foldColumns(Reduction op, float[] x, StridedWalk walk) {
        StridedWalk kept = walk.where(1, false);
        StridedWalk folded = walk.where(1, true);
        int width = kept.size(kept.rank() - 1);
        int step = kept.step(0);
        int outer = kept.total() / width;
        int columns = Math.min(width, BLOCK);
        int columnBlocks = (width + columns - 1) / columns;
        boolean shortColumns = folded.total() <= SHORT_COLUMN && (width <= SHORT_ROW || step != 1);
        boolean shortRows = folded.total() <= BLOCK && width <= SHORTEST_ROW && outer >= width;
        if (folded.rank() == 1 && (shortColumns || shortRows)) {
            return foldShort(op, x, kept, folded);
        }
        int rows = Math.max(2 * FLOAT_ADDITIONS, TASK / columns);
        int pieces = (folded.total() + rows - 1) / rows;
        double[] partial = new double[Math.multiplyExact(kept.total(), pieces)];
        int grain = Math.max(1, TASK / (columns * Math.min(rows, folded.total())));
        // Short contiguous rows are reduced several at a time, because short loops are slow.
        boolean dense = step == 1 && columns == width && folded.rank() == 1 && folded.step(0) == width;
        int together = dense ? BLOCK / columns : 1;
        context.forRange(outer * columnBlocks * pieces, grain, (from, to) -> {
            Workspace workspace = context.workspace();
            for (int task = from; task < to; task++) {
                int piece = task % pieces;
                int column = task / pieces % columnBlocks * columns;
                int line = task / pieces / columnBlocks;
                int count = Math.min(columns, width - column);
                int base = kept.at(0, line * width) - kept.offset(0) + column * step;
                int end = Math.min(folded.total(), (piece + 1) * rows);
                foldLines(
                        op,
                        x,
                        base,
                        step,
                        count,
                        together,
                        folded,
                        piece * rows,
                        end,
                        workspace,
                        partial,
                        (line * pieces + piece) * width + column);
            }
        });
        return joined(op, partial, outer, pieces, width);
    }

    private void foldLines(
            Reduction op,
            float[] x,
            int base,
            int step,
            int count,
            int together,
            StridedWalk folded,
            int from,
            int to,
            Workspace workspace,
            double[] result,
            int resultAt) {
        float[] block = workspace.floats(0, BLOCK);
        float[] sum = workspace.floats(1, BLOCK);
        Arrays.fill(sum, 0, together * count, (float) start(op));
        Arrays.fill(result, resultAt, resultAt + count, start(op));
        int added = 0;
        for (int row = from; row < to; row += together) {
            int at = base + folded.at(0, row);
            int loaded = Math.min(together, to - row) * count;
            if (step == 1) {
                System.arraycopy(x, at, block, 0, loaded);
            } else {
                for (int i = 0; i < count; i++) {
                    block[i] = x[at + i * step];
                }
            }
            switch (op) {
                case SUM, MEAN -> context.elementLoops().addScaled(1f, block, sum, 0, loaded);
                case MAX -> context.elementLoops().binary(BinaryOp.MAXIMUM, block, sum, sum, 0, loaded);
                case MIN -> context.elementLoops().binary(BinaryOp.MINIMUM, block, sum, sum, 0, loaded);
            }
            if (++added % FLOAT_ADDITIONS == 0 || row + together >= to) {
                for (int lane = 0; lane < together * count; lane += count) {
                    for (int i = 0; i < count; i++) {
                        result[resultAt + i] = join(op, result[resultAt + i], sum[lane + i]);
                    }
                }
                Arrays.fill(sum, 0, together * count, (float) start(op));
            }
        }
    }

    // partial[outer][pieces][width] to [outer][width].
    private static double[] joined(Reduction op, double[] partial, int outer, int pieces, int width) {
        if (pieces == 1) {
            return partial;
        }
        double[] joined = new double[outer * width];
        for (int o = 0; o < outer; o++) {
            for (int i = 0; i < width; i++) {
                double total = start(op);
                for (int piece = 0; piece < pieces; piece++) {
                    total = join(op, total, partial[(o * pieces + piece) * width + i]);
                }
                joined[o * width + i] = total;
            }
        }
        return joined;
    }

    public void argmax(View x, int axis, View y) {
        float[] xs = CpuStorage.floats(x);
        CpuStorage storage = CpuStorage.of(y);
        storage.changed();
        long[] ys = storage.array(long[].class);
        StridedWalk walk = StridedWalk.of(1, StridedWalk.first(x, axis), y);
        int n = x.dim(axis);
        int step = CpuStorage.stride(x, axis);
        context.forRange(walk.total(), Math.max(1, TASK / Math.max(1, n)), (from, to) -> {
            for (int start = from; start < to; start += BLOCK) {
                walk.runs(1, start, Math.min(to, start + BLOCK), (at, position, count) -> {
                    int xAt = walk.at(0, position);
                    if (walk.step(0) == 1 && count >= SHORTEST_ROW) {
                        firstLargest(xs, xAt, step, n, count, ys, at, walk.step(1));
                        return;
                    }
                    for (int i = 0; i < count; i++) {
                        ys[at + i * walk.step(1)] = firstLargest(xs, xAt + i * walk.step(0), step, n);
                    }
                });
            }
        });
    }

    /**
     * The same of {@code count} lines side by side, a few rows of them after the other: the maxima of these, then the
     * rows that have them, from the last.
     */
    private void firstLargest(float[] x, int at, int step, int n, int count, long[] y, int yAt, int yStep) {
        ElementLoops loops = context.elementLoops();
        Workspace workspace = context.workspace();
        float[] row = workspace.floats(0, BLOCK);
        float[] some = workspace.floats(1, BLOCK);
        float[] places = workspace.floats(2, BLOCK);
        float[] largest = workspace.floats(3, BLOCK);
        for (int first = 0; first < n; first += ROWS) {
            int end = Math.min(n, first + ROWS);
            System.arraycopy(x, at + first * step, some, 0, count);
            for (int k = first + 1; k < end; k++) {
                System.arraycopy(x, at + k * step, row, 0, count);
                loops.binary(BinaryOp.MAXIMUM, row, some, some, 0, count);
            }
            Arrays.fill(places, 0, count, 0f);
            for (int k = end - 1; k >= first; k--) {
                System.arraycopy(x, at + k * step, row, 0, count);
                loops.markEqual(some, row, k - first, places, 0, count);
            }
            for (int c = 0; c < count; c++) {
                if (first > 0 && (some[c] <= largest[c] || Float.isNaN(largest[c]))) {
                    continue;
                }
                largest[c] = some[c];
                // NaN where NaN or an infinity is among the elements
                int place = Float.isNaN(places[c])
                        ? firstLargest(x, at + first * step + c, step, end - first)
                        : (int) places[c];
                y[yAt + c * yStep] = (long) first + place;
            }
        }
    }

    private static int firstLargest(float[] x, int at, int step, int n) {
        int best = 0;
        float largest = x[at];
        for (int i = 1; i < n && !Float.isNaN(largest); i++) {
            float v = x[at + i * step];
            if (v > largest || Float.isNaN(v)) {
                largest = v;
                best = i;
            }
        }
        return best;
    }

    public double sumOfSquares(List<View> views) {
        double total = 0;
        for (View view : views) {
            total += sumOfSquares(view);
        }
        return total;
    }

    private double sumOfSquares(View view) {
        float[] x = CpuStorage.floats(view);
        StridedWalk walk = StridedWalk.of(0, view);
        int pieces = (walk.total() + TASK - 1) / TASK;
        double[] partial = new double[pieces];
        context.forEach(pieces, piece -> {
            Workspace workspace = context.workspace();
            float[] block = workspace.floats(0, BLOCK);
            Lanes lanes = new Lanes(BLOCK, workspace.floats(1, BLOCK));
            int end = Math.min(walk.total(), (piece + 1) * TASK);
            for (int start = piece * TASK; start < end; start += BLOCK) {
                int stop = Math.min(end, start + BLOCK);
                StridedLoop.load(walk, 0, x, start, stop, block);
                Arrays.fill(block, stop - start, BLOCK, 0f);
                lanes.addSquares(block);
            }
            double sum = lanes.total();
            // squares of floats beyond about 1e19 and below 1e-19 leave the floats that the lanes are
            partial[piece] = Double.isFinite(sum) && sum > SMALLEST_EXACT_SQUARES
                    ? sum
                    : squaresInDouble(walk, x, piece * TASK, end, block);
        });
        double total = 0;
        for (double p : partial) {
            total += p;
        }
        return total;
    }

    private static double squaresInDouble(StridedWalk walk, float[] x, int from, int to, float[] block) {
        double sum = 0;
        for (int start = from; start < to; start += BLOCK) {
            int stop = Math.min(to, start + BLOCK);
            StridedLoop.load(walk, 0, x, start, stop, block);
            for (int i = 0; i < stop - start; i++) {
                sum += (double) block[i] * block[i];
            }
        }
        return sum;
    }
}
