package dev.graft.examples.cli.text;

import dev.graft.io.file.Terminal;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/** A bar with the time left for what runs, and a line for each epoch that is done. */
public final class BarProgress implements Progress {
    private final PrintStream out;
    private final LongSupplier clock;
    private final Progress lines;
    private Optional<Bar> bar = Optional.empty();

    /** @param clock in nanoseconds */
    public BarProgress(PrintStream out, LongSupplier clock) {
        this.out = out;
        this.clock = clock;
        this.lines = Progress.lines(out);
    }

    /** A bar on standard error where that is a terminal; only lines elsewhere. */
    public static Progress automatic() {
        return Terminal.isInteractive() ? new BarProgress(System.err, System::nanoTime) : Progress.lines(System.err);
    }

    private void open(String name, long total, long done) {
        close();
        bar = Optional.of(new Bar(out, clock, name, total, done));
    }

    @Override
    public void epochStarted(int epoch, int allEpochs, int batches, int done) {
        lines.epochStarted(epoch, allEpochs, batches, done);
        open("epoch " + epoch + "/" + allEpochs, batches, done);
    }

    @Override
    public void batchDone(double lossSoFar) {
        String loss = Double.isNaN(lossSoFar) ? "" : String.format(Locale.ROOT, "loss %.4f", lossSoFar);
        bar.ifPresent(b -> b.advance(1, loss));
    }

    @Override
    public void passStarted(String name, long examples, long done) {
        open(name, examples, done);
    }

    @Override
    public void passAdvanced(int examples) {
        bar.ifPresent(b -> b.advance(examples, ""));
    }

    @Override
    public void passDone() {
        close();
    }

    @Override
    public void epochDone(EpochResult result) {
        close();
        lines.epochDone(result);
    }

    @Override
    public void warning(String message) {
        close(); // a bar that is redrawn would overwrite the line
        lines.warning(message);
    }

    @Override
    public void epochAborted() {
        close();
    }

    private void close() {
        bar.ifPresent(Bar::clear);
        bar = Optional.empty();
    }
}
