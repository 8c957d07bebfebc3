package dev.graft.nn.train;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/** One line for each epoch, for logs and pipes. Long passes are reported at increasing intervals. */
final class PlainProgress implements Progress {
    private static final long FIRST_NANOS = 10_000_000_000L;
    private static final long LONGEST_NANOS = 600_000_000_000L;

    private final PrintStream out;
    private final LongSupplier clock;
    private int epochs;

    private String what = "";
    private String unit = "";
    private long total;
    private long before;
    private long done;
    private long begin;
    private long next;
    private long interval;

    PlainProgress(PrintStream out) {
        this(out, System::nanoTime);
    }

    /** @param clock in nanoseconds */
    PlainProgress(PrintStream out, LongSupplier clock) {
        this.out = out;
        this.clock = clock;
    }

    @Override
    public void epochStarted(int epoch, int allEpochs, int batches, int doneBefore) {
        epochs = allEpochs;
        start("epoch " + epoch + "/" + allEpochs, "batches", batches, doneBefore);
    }

    @Override
    public void batchDone(double lossSoFar) {
        advance(1);
    }

    @Override
    public void passStarted(String name, long examples, long doneBefore) {
        start(name, "examples", examples, doneBefore);
    }

    @Override
    public void passAdvanced(int examples) {
        advance(examples);
    }

    private void start(String name, String ofWhat, long count, long doneBefore) {
        what = name;
        unit = ofWhat;
        total = count;
        before = doneBefore;
        done = doneBefore;
        begin = clock.getAsLong();
        interval = FIRST_NANOS;
        next = begin + interval;
    }

    private void advance(int count) {
        done += count;
        long now = clock.getAsLong();
        if (now - next < 0 || done >= total) {
            return;
        }
        interval = Math.min(2 * interval, LONGEST_NANOS);
        next = now + interval;
        double rate = (done - before) / ((now - begin) / 1e9);
        out.println(String.format(
                Locale.ROOT,
                "%s: %,d of %,d %s, %s/s, %s left",
                what,
                done,
                total,
                unit,
                rate < 10 ? String.format(Locale.ROOT, "%.1f", rate) : String.format(Locale.ROOT, "%.0f", rate),
                EpochLine.seconds((total - done) / rate)));
        out.flush();
    }

    @Override
    public void epochDone(EpochResult result) {
        out.println(EpochLine.of(result, epochs));
        out.flush();
    }

    @Override
    public void warning(String message) {
        out.println("warning: " + message);
        out.flush();
    }
}
