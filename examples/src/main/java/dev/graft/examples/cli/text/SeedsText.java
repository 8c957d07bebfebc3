package dev.graft.examples.cli.text;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How far the scores of several seeds are apart, as people read it. */
public final class SeedsText {
    private SeedsText() {}

    public static void print(PrintWriter out, Map<String, Object> metrics) {
        out.printf(Locale.ROOT, "%n%-10s %10s %10s %10s%n", "seed", "accuracy", "AUROC", "loss");
        for (Object entry : (List<?>) metrics.get("seeds")) {
            Map<?, ?> seed = (Map<?, ?>) entry;
            line(out, String.valueOf(seed.get("seed")), seed.get("accuracy"), seed.get("auroc"), seed.get("loss"));
        }
        Map<?, ?> spread = (Map<?, ?>) metrics.get("spread");
        for (String what : List.of("mean", "standard_deviation", "min", "max")) {
            line(
                    out,
                    what.equals("standard_deviation") ? "deviation" : what,
                    of(spread, "accuracy", what),
                    of(spread, "auroc", what),
                    of(spread, "loss", what));
        }
        if (metrics.get("ensemble") instanceof Map<?, ?> ensemble) {
            line(out, "ensemble", ensemble.get("accuracy"), ensemble.get("auroc"), ensemble.get("loss"));
        }
        out.flush();
    }

    private static Object of(Map<?, ?> spread, String score, String what) {
        return spread.get(score) instanceof Map<?, ?> known ? known.get(what) : null;
    }

    private static void line(PrintWriter out, String name, Object accuracy, Object auroc, Object loss) {
        out.printf(
                Locale.ROOT,
                "%-10s %10s %10s %10s%n",
                name,
                ScoreText.of(accuracy),
                ScoreText.of(auroc),
                ScoreText.of(loss));
    }
}
