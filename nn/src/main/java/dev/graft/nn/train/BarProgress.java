package dev.graft.nn.train;

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
    private Optional<ProgressBar> bar = Optional.empty();
    private int epochs;

    BarProgress(PrintStream out) {
        this.out = out;
    }

    @Override
    public void epochStarted(int epoch, int allEpochs, int batches, int done) {
        epochs = allEpochs;
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
        out.println(PlainProgress.line(result, epochs));
    }

    @Override
    public void warning(String message) {
        close(); // a bar that is drawn anew would overwrite the line
        out.println("warning: " + message);
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
