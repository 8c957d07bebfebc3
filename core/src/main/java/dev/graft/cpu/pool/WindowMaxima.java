package dev.graft.cpu.pool;

import dev.graft.cpu.run.ExecutionContext;
import java.util.Optional;

/**
 * Maxima over {@link LongWindows} of {@code [lines][size][inner]} floats, and the places of the first largest ones; NaN
 * counts as largest.
 */
final class WindowMaxima implements LongWindows.Worker {
    /** With fewer neighbours, a loop over them costs more to begin than to run. */
    private static final int FEW = 8;

    private static final int[] NONE = {};

    private final LongWindows windows;
    private final float[] x;
    private final int inner;
    private final float[] y;
    private final int[] origins;
    private final Optional<Places> places;

    private int line;
    private int first;
    private int at;
    private int yAt;
    private int count;
    /** The block in which windows begin. */
    private Block early;
    /** The one after it. */
    private Block late;

    /**
     * Places of maxima.
     *
     * @param known of the elements, if they are maxima themselves; otherwise an element's place is its position behind
     *     {@code width} places for each line
     * @param lines after which lines begin anew
     * @param found the places of the results
     */
    record Places(Optional<int[]> known, int width, int lines, int[] found, int foundAt) {}

    /** The maxima of all beginnings and all ends of the positions {@code [start, end)}, or where they are. */
    private static final class Block {
        private final float[] beginnings;
        private final float[] ends;
        private final int[] beginningsAt;
        private final int[] endsAt;
        private int start;
        private int end;

        Block(int size, boolean withPlaces) {
            beginnings = new float[withPlaces ? 0 : size];
            ends = new float[withPlaces ? 0 : size];
            beginningsAt = new int[withPlaces ? size : 0];
            endsAt = new int[withPlaces ? size : 0];
        }
    }

    private WindowMaxima(
            LongWindows windows, int inner, float[] x, float[] y, Optional<Places> places, int... origins) {
        this.windows = windows;
        this.inner = inner;
        this.x = x;
        this.y = y;
        this.places = places;
        this.origins = origins;
        this.early = new Block(windows.blockFloats(inner), places.isPresent());
        this.late = new Block(windows.blockFloats(inner), places.isPresent());
    }

    /** {@code y[lines][windows][inner]} become the maxima. */
    static void run(
            ExecutionContext context,
            LongWindows windows,
            int lines,
            int inner,
            float[] x,
            int xAt,
            float[] y,
            int yAt,
            Optional<Places> places) {
        windows.forEach(context, lines, inner, () -> new WindowMaxima(windows, inner, x, y, places, xAt, yAt));
    }

    @Override
    public void begin(int outer, int firstFloat, int floats) {
        line = outer;
        first = firstFloat;
        at = origins[0] + line * windows.size() * inner + first;
        yAt = origins[1] + line * windows.count() * inner + first;
        count = floats;
    }

    @Override
    public void block(int start, int end) {
        Block block = early;
        early = late;
        late = block;
        block.start = start;
        block.end = end;
        int n = end - start;
        if (places.isPresent()) {
            for (int c = 0; c < count; c++) {
                firstAscending(x, at + c, inner, start, end, block.beginningsAt, c, count);
                firstDescending(x, at + c, inner, start, end, block.endsAt, c, count);
            }
        } else if (count < FEW) {
            for (int c = 0; c < count; c++) {
                ascending(x, at + start * inner + c, inner, n, block.beginnings, c, count);
                descending(x, at + (end - 1) * inner + c, inner, n, block.ends, c, count);
            }
        } else {
            for (int p = 0; p < n; p++) {
                int before = Math.max(0, p - 1) * count;
                largest(block.beginnings, p == 0, before, at + (start + p) * inner, block.beginnings, p * count);
            }
            for (int p = n - 1; p >= 0; p--) {
                largest(block.ends, p == n - 1, (p + 1) * count, at + (start + p) * inner, block.ends, p * count);
            }
        }
    }

    private static void ascending(float[] x, int at, int step, int n, float[] maxima, int to, int toStep) {
        float best = Float.NEGATIVE_INFINITY;
        for (int p = 0; p < n; p++) {
            best = Math.max(best, x[at + p * step]);
            maxima[to + p * toStep] = best;
        }
    }

    private static void descending(float[] x, int at, int step, int n, float[] maxima, int to, int toStep) {
        float best = Float.NEGATIVE_INFINITY;
        for (int p = 0; p < n; p++) {
            best = Math.max(best, x[at - p * step]);
            maxima[to + (n - 1 - p) * toStep] = best;
        }
    }

    private void largest(float[] best, boolean isFirst, int bestAt, int xAt, float[] to, int toAt) {
        if (isFirst) {
            System.arraycopy(x, xAt, to, toAt, count);
            return;
        }
        for (int c = 0; c < count; c++) {
            to[toAt + c] = Math.max(best[bestAt + c], x[xAt + c]);
        }
    }

    private static void firstAscending(
            float[] x, int at, int step, int start, int end, int[] found, int to, int toStep) {
        int best = start;
        for (int p = start; p < end; p++) {
            if (isLarger(x[at + p * step], x[at + best * step])) {
                best = p;
            }
            found[to + (p - start) * toStep] = best;
        }
    }

    private static void firstDescending(
            float[] x, int at, int step, int start, int end, int[] found, int to, int toStep) {
        int best = end - 1;
        for (int p = end - 1; p >= start; p--) {
            if (!isLarger(x[at + best * step], x[at + p * step])) {
                best = p;
            }
            found[to + (p - start) * toStep] = best;
        }
    }

    @Override
    public void window(int i) {
        if (places.isPresent()) {
            windowWithPlaces(i);
            return;
        }
        int from = windows.from()[i];
        int last = windows.to()[i] - 1;
        int to = yAt + i * inner;
        int begin = (from - early.start) * count;
        if (last >= early.end) {
            int rest = (last - late.start) * count;
            for (int c = 0; c < count; c++) {
                y[to + c] = Math.max(early.ends[begin + c], late.beginnings[rest + c]);
            }
        } else if (last + 1 == early.end) {
            System.arraycopy(early.ends, begin, y, to, count);
        } else if (from == early.start) {
            System.arraycopy(early.beginnings, (last - early.start) * count, y, to, count);
        } else {
            for (int p = from; p <= last; p++) {
                largest(y, p == from, to, at + p * inner, y, to);
            }
        }
    }

    private void windowWithPlaces(int i) {
        int from = windows.from()[i];
        int last = windows.to()[i] - 1;
        int begin = (from - early.start) * count;
        Places p = places.orElseThrow();
        for (int c = 0; c < count; c++) {
            int best;
            if (last >= early.end) {
                int end = early.endsAt[begin + c];
                int beginning = late.beginningsAt[(last - late.start) * count + c];
                best = isLarger(x[at + beginning * inner + c], x[at + end * inner + c]) ? beginning : end;
            } else if (last + 1 == early.end) {
                best = early.endsAt[begin + c];
            } else if (from == early.start) {
                best = early.beginningsAt[(last - early.start) * count + c];
            } else {
                best = firstLargest(at + c, from, last);
            }
            y[yAt + i * inner + c] = x[at + best * inner + c];
            mark(p, best, c, i);
        }
    }

    /** A window inside of a block, as there are few: most are as long as the longest, or end with the axis. */
    private int firstLargest(int channel, int from, int last) {
        int best = from;
        for (int p = from + 1; p <= last; p++) {
            if (isLarger(x[channel + p * inner], x[channel + best * inner])) {
                best = p;
            }
        }
        return best;
    }

    private void mark(Places p, int position, int c, int i) {
        int[] known = p.known.orElse(NONE);
        p.found[p.foundAt + (line * windows.count() + i) * inner + first + c] = known.length > 0
                ? known[(line * windows.size() + position) * inner + first + c]
                : line % p.lines * p.width + position;
    }

    private static boolean isLarger(float v, float best) {
        return v > best || (Float.isNaN(v) && !Float.isNaN(best));
    }
}
