package dev.graft.cpu.pool;

import dev.graft.backend.PoolAxis;
import dev.graft.cpu.run.ExecutionContext;
import java.util.function.Supplier;

/**
 * Windows along one axis that overlap so much that neighbours share most of their work. The axis is cut into blocks as
 * long as the longest window. A window then lies in at most two of them: it is the end of one and the beginning of the
 * next. So the folds of all beginnings and all ends of blocks give every window with one more step, however long
 * windows are, and no element outside of a window takes part in it: there is no difference of large sums.
 *
 * <p>Both ends ascend. Window {@code i} covers {@code [from[i], to[i])}, which may be empty.
 *
 * @see <a href="https://doi.org/10.1016/0167-8655(92)90069-C">van Herk 1992, A fast algorithm for local minimum and
 *     maximum filters on rectangular and octagonal kernels</a>
 */
record LongWindows(int size, int[] from, int[] to, int longest) {
    /** The floats of a task. */
    private static final int TASK = 1 << 15;
    /** The floats of a block whose folds stay in the caches. */
    private static final int BLOCK = 1 << 14;
    /** Neighbouring floats that are folded at once, at least. */
    private static final int WIDTH = 16;

    /** What one thread folds: the windows that begin in some blocks of neighbouring lines. */
    interface Worker {
        /**
         * Makes ready for the lines of {@code count} floats that begin at float {@code first} of outer line
         * {@code line}.
         */
        void begin(int line, int first, int count);

        /** Folds all beginnings and ends of the block of positions {@code [start, end)}, the one after the last. */
        void block(int start, int end);

        /** Folds window {@code i}, which begins in the block before the last one. */
        void window(int i);
    }

    static LongWindows of(PoolAxis axis) {
        int[] from = new int[axis.count()];
        int[] to = new int[axis.count()];
        for (int i = 0; i < from.length; i++) {
            from[i] = axis.from(i);
            to[i] = axis.to(i);
        }
        return of(axis.size(), from, to);
    }

    private static LongWindows of(int size, int[] from, int[] to) {
        int longest = 1;
        for (int i = 0; i < from.length; i++) {
            longest = Math.max(longest, to[i] - from[i]);
        }
        return new LongWindows(size, from, to, longest);
    }

    /** For each position, the windows that cover it. */
    LongWindows transposed() {
        int[] first = new int[size];
        int[] end = new int[size];
        int ended = 0;
        int begun = 0;
        for (int p = 0; p < size; p++) {
            while (ended < to.length && to[ended] <= p) {
                ended++;
            }
            while (begun < from.length && from[begun] <= p) {
                begun++;
            }
            first[p] = Math.min(ended, begun);
            end[p] = begun;
        }
        return of(from.length, first, end);
    }

    int count() {
        return from.length;
    }

    boolean isIdentity() {
        return longest == 1 && size == from.length && (size == 0 || (from[0] == 0 && to[size - 1] == size));
    }

    /** Whether the elements of all windows are at least {@code factor} for each position and each window. */
    boolean overlap(int factor) {
        long elements = 0;
        for (int i = 0; i < from.length; i++) {
            elements += to[i] - from[i];
        }
        return elements >= (long) factor * (size + from.length);
    }

    /** The start of the block of a position. */
    int blockStart(int position) {
        return position / longest * longest;
    }

    /** The end of the block of a position. */
    int blockEnd(int position) {
        return (int) Math.min(size, (long) position / longest * longest + longest);
    }

    /** Neighbouring floats that are folded at once. */
    private int width(int inner) {
        return Math.min(inner, Math.max(WIDTH, BLOCK / longest));
    }

    /** The floats of the folds of a block. */
    int blockFloats(int inner) {
        return width(inner) * Math.min(longest, Math.max(1, size));
    }

    /** Folds all windows over {@code [lines][size][inner]}. Tasks depend on the sizes only. */
    void forEach(ExecutionContext context, int lines, int inner, Supplier<Worker> workers) {
        int width = width(inner);
        int chunks = (inner + width - 1) / width;
        int blocks = Math.max(1, (size + longest - 1) / longest);
        int together = Math.min(blocks, Math.max(4, TASK / (width * longest)));
        int pieces = (blocks + together - 1) / together;
        int[] starts = new int[pieces + 1];
        int i = 0;
        for (int piece = 1; piece < pieces; piece++) {
            while (i < count() && from[i] < (long) piece * together * longest) {
                i++;
            }
            starts[piece] = i;
        }
        starts[pieces] = count();
        int grain = Math.max(1, TASK / (width * Math.min(Math.max(1, size), together * longest)));
        context.forRange(lines * chunks * pieces, grain, (begin, end) -> {
            Worker worker = workers.get();
            for (int task = begin; task < end; task++) {
                int first = task / pieces % chunks * width;
                worker.begin(task / pieces / chunks, first, Math.min(width, inner - first));
                windows(starts[task % pieces], starts[task % pieces + 1], worker);
            }
        });
    }

    private void windows(int firstWindow, int lastWindow, Worker worker) {
        int folded = -1;
        for (int i = firstWindow; i < lastWindow; i++) {
            int start = blockStart(Math.min(from[i], Math.max(0, size - 1)));
            if (start != folded) {
                if (folded < 0 || blockEnd(folded) != start) {
                    worker.block(start, blockEnd(start));
                }
                int next = blockEnd(start);
                worker.block(next, next < size ? blockEnd(next) : next);
                folded = start;
            }
            worker.window(i);
        }
    }
}
