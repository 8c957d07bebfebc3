package dev.graft.nn.train;

import java.io.PrintStream;
import java.util.Locale;

/** One line an epoch, for logs and pipes. */
final class PlainProgress implements Progress {
    private final PrintStream out;
    private int epochs;

    PlainProgress(PrintStream out) {
        this.out = out;
    }

    @Override
    public void epochStarted(int epoch, int allEpochs, int batches, int done) {
        epochs = allEpochs;
    }

    @Override
    public void epochDone(EpochResult result) {
        out.println(line(result, epochs));
        out.flush();
    }

    @Override
    public void warning(String message) {
        out.println("warning: " + message);
        out.flush();
    }

    static String line(EpochResult result, int epochs) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "epoch %d/%d  lr %.3g  train loss %.4f",
                result.epoch(),
                epochs,
                result.learningRate(),
                result.trainLoss()));
        append(line, "accuracy", result.trainAccuracy());
        result.validation().ifPresent(scores -> {
            append(line, "val loss", scores.loss());
            append(line, "accuracy", scores.accuracy());
            append(line, "AUROC", scores.auroc());
        });
        return line.append(String.format(
                        Locale.ROOT, "  %.1f s  %.0f examples/s", result.seconds(), result.examplesPerSecond()))
                .toString();
    }

    private static void append(StringBuilder line, String name, double value) {
        if (!Double.isNaN(value)) {
            line.append(String.format(Locale.ROOT, "  %s %.4f", name, value));
        }
    }
}
