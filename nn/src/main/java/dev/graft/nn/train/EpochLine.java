package dev.graft.nn.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An epoch as a line that fits 80 columns, whatever its numbers. {@code log.csv} has all numbers with all digits. */
final class EpochLine {
    private static final int COLUMNS = 80;

    private EpochLine() {}

    static String of(EpochResult result, int epochs) {
        String head = "epoch " + result.epoch() + "/" + epochs;
        String loss = "  loss " + loss(result.trainLoss());
        String accuracy = score("acc", result.trainAccuracy());
        String held = result.validation()
                .map(scores -> "  val loss " + loss(scores.loss()) + score("acc", scores.accuracy()))
                .orElse("");
        String auroc = result.validation()
                .map(scores -> score("AUROC", scores.auroc()))
                .orElse("");
        String time = "  " + seconds(result.seconds());
        List<String> shorter = new ArrayList<>(List.of(
                head + loss + accuracy + held + auroc + time,
                head + loss + accuracy + held + auroc.replace("AUROC", "AUC") + time,
                head + loss + accuracy + held + auroc,
                head + loss + held + auroc,
                head + held + auroc));
        return shorter.stream()
                .filter(line -> line.length() <= COLUMNS)
                .findFirst()
                .orElse(head + held);
    }

    /** Six columns, or seven if the loss is huge. */
    static String loss(double loss) {
        double size = Math.abs(loss);
        return String.format(
                Locale.ROOT, size < 10 ? "%.4f" : size < 100 ? "%.3f" : size < 1e4 ? "%.1f" : "%.1e", loss);
    }

    private static String score(String name, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, " %s %.3f", name, value);
    }

    /** Such as 1.6s, 45s, 12m and 3.4h. */
    static String seconds(double seconds) {
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, "%.1fs", seconds);
        }
        if (seconds < 599.5) {
            return String.format(Locale.ROOT, "%.0fs", seconds);
        }
        return seconds < 35_970
                ? String.format(Locale.ROOT, "%.0fm", seconds / 60)
                : String.format(Locale.ROOT, "%.1fh", seconds / 3600);
    }
}
