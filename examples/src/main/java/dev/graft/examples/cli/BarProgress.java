package dev.graft.examples.cli;

import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar with the time left for what runs, and a line for each epoch that is done. */
final class BarProgress implements Progress {
    /** Of a bar: one less than a terminal has, so that its cursor stays in the line. */
    private static final int COLUMNS = 79;

    private final PrintStream out;
    private final Progress lines;
    private Optional<ProgressBar> bar = Optional.empty();

    BarProgress(PrintStream out) {
        this.out = out;
        this.lines = Progress.lines(out);
    }

    /** A bar on standard error where that is a terminal; only lines elsewhere. */
    static Progress automatic() {
        return Terminal.isInteractive() ? new BarProgress(System.err) : Progress.lines(System.err);
    }

    /** Leaves no empty line where a bar was. */
    private static final class Consumer extends ConsoleProgressBarConsumer {
        private final PrintStream out;

        Consumer(PrintStream out) {
            super(out, COLUMNS);
            this.out = out;
        }

        @Override
        public void close() {
            out.print("\r" + " ".repeat(COLUMNS) + "\r");
            out.flush();
        }
    }

    private void open(String name, long total, long done) {
        close();
        bar = Optional.of(new ProgressBarBuilder()
                .setTaskName(name)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.ASCII)
                .setConsumer(new Consumer(out))
                .startsFrom(done, Duration.ZERO)
                .build());
    }

    @Override
    public void epochStarted(int epoch, int allEpochs, int batches, int done) {
        lines.epochStarted(epoch, allEpochs, batches, done);
        open("epoch " + epoch + "/" + allEpochs, batches, done);
    }

    @Override
    public void batchDone(double lossSoFar) {
        bar.ifPresent(b -> {
            b.step();
            b.setExtraMessage(Double.isNaN(lossSoFar) ? "" : String.format(Locale.ROOT, "loss %.4f", lossSoFar));
        });
    }

    @Override
    public void passStarted(String name, long examples, long done) {
        open(name, examples, done);
    }

    @Override
    public void passAdvanced(int examples) {
        bar.ifPresent(b -> b.stepBy(examples));
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
        close(); // a bar that is drawn anew would overwrite the line
        lines.warning(message);
    }

    @Override
    public void epochAborted() {
        close();
    }

    private void close() {
        bar.ifPresent(ProgressBar::close);
        bar = Optional.empty();
    }
}
