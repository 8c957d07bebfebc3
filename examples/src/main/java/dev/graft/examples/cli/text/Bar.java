package dev.graft.examples.cli.text;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * A line that shows how far something is, redrawn over itself by the thread that does the work. It never fills its
 * terminal's last column, where some terminals begin a new line.
 */
final class Bar {
    private static final int COLUMNS = 79;
    private static final int LEAST_CELLS = 3;
    private static final long REDRAW_NANOS = 100_000_000L;

    private final PrintStream out;
    private final LongSupplier clock;
    private final String name;
    private final long total;
    private final long before;
    private final long begin;
    private long done;
    private long drawn;
    private String extra = "";

    /** @param clock in nanoseconds */
    Bar(PrintStream out, LongSupplier clock, String name, long total, long before) {
        this.out = out;
        this.clock = clock;
        this.name = name;
        this.total = total;
        this.before = before;
        this.done = before;
        this.begin = clock.getAsLong();
        draw();
    }

    void advance(long count, String message) {
        done = Math.min(total, done + count);
        extra = message;
        if (clock.getAsLong() - drawn >= REDRAW_NANOS) {
            draw();
        }
    }

    private void draw() {
        drawn = clock.getAsLong();
        out.print("\r" + text());
        out.flush();
    }

    /** As wide as the terminal, so that nothing is left of a longer text. */
    private String text() {
        double seconds = (drawn - begin) / 1e9;
        String left =
                done == before || seconds <= 0 ? "?" : time(Math.round((total - done) / ((done - before) / seconds)));
        long percent = total == 0 ? 100 : (long) (100.0 * done / total);
        String start = String.format(Locale.ROOT, "%s %3d%% [", name, percent);
        String end = String.format(Locale.ROOT, "] %d/%d %s left %s", done, total, left, extra);
        int cells = COLUMNS - start.length() - end.length();
        if (cells < LEAST_CELLS) {
            end = String.format(Locale.ROOT, "] %s left", left);
            cells = Math.max(LEAST_CELLS, COLUMNS - start.length() - end.length());
        }
        int filled = total == 0 ? cells : (int) (cells * ((double) done / total));
        String line = start + "=".repeat(filled) + " ".repeat(cells - filled) + end;
        return line.length() > COLUMNS ? line.substring(0, COLUMNS) : line;
    }

    private static String time(long seconds) {
        return seconds < 3600
                ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }

    /** Leaves an empty line for what comes next. */
    void clear() {
        out.print("\r" + " ".repeat(COLUMNS) + "\r");
        out.flush();
    }
}
