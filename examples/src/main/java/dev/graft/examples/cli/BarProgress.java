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

/** A bar with the time left for the epoch that runs, and a line for each that is done. */
final class BarProgress implements Progress {
    private final PrintStream out;
    private final Progress lines;
    private Optional<ProgressBar> bar = Optional.empty();

    BarProgress(PrintStream out) {
        this.out = out;
        this.lines = Progress.lines(out);
    }

    /** A bar on standard error where that is a terminal; only one line an epoch elsewhere. */
    static Progress automatic() {
        return Terminal.isInteractive() ? new BarProgress(System.err) : Progress.lines(System.err);
    }

    @Override
    public void epochStarted(int epoch, int allEpochs, int batches, int done) {
        lines.epochStarted(epoch, allEpochs, batches, done);
        bar = Optional.of(new ProgressBarBuilder()
                .setTaskName("epoch " + epoch + "/" + allEpochs)
                .setInitialMax(batches)
                .setStyle(ProgressBarStyle.ASCII)
                .setConsumer(new ConsoleProgressBarConsumer(out))
                .clearDisplayOnFinish()
                .startsFrom(done, Duration.ZERO)
                .build());
    }

    @Override
    public void batchDone(double lossSoFar) {
        bar.ifPresent(b -> {
            b.step();
            b.setExtraMessage(Double.isNaN(lossSoFar) ? "" : String.format(Locale.ROOT, "loss %.4f", lossSoFar));
        });
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
