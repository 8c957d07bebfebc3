package dev.graft.nn.run;

import dev.graft.io.file.AtomicText;
import dev.graft.io.file.Swap;
import dev.graft.nn.model.ModelCard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The files that a run's result consists of besides its weights, its scores and its cards, in the order in which they
 * are put in place. Each is there as a whole, or the older result's is; one that only the older result had is removed
 * once the new result is in place.
 *
 * <p>Any plain name may be used that is not one of the run's own, such as {@code run.json}. The card lists all of them
 * with their SHA-256, see {@link ModelCard#FILES}.
 */
public final class ResultFiles {
    /** What tells the examples that a model was fitted on from others. */
    public static final String FINGERPRINTS = "fingerprints.csv";

    /** Examples that are there more than once. */
    public static final String DUPLICATES = "duplicates.csv";

    /** What a fold's model answers to the examples that were held back. */
    public static final String PREDICTIONS = "predictions.csv";

    /** The card for people, in Markdown; always there. */
    static final String CARD_TEXT = "model-card.md";

    /** The report, a page for browsers. */
    public static final String REPORT = "report.html";

    /** The finished run's scores; always there. */
    static final String METRICS = "metrics.json";

    /**
     * The names that a result may have in any folder, also in those whose card does not list them. A name that is not
     * here can be used as well.
     */
    static final List<String> WELL_KNOWN = List.of(
            ModelCard.WEIGHTS, METRICS, FINGERPRINTS, DUPLICATES, PREDICTIONS, CARD_TEXT, REPORT, ModelCard.FILE_NAME);

    private static final Set<String> ALWAYS = Set.of(ModelCard.WEIGHTS, METRICS, CARD_TEXT, ModelCard.FILE_NAME);
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

    private final Map<String, Consumer<Path>> files = new LinkedHashMap<>();

    /** None yet. */
    public ResultFiles() {}

    /**
     * Adds a text, written as UTF-8.
     *
     * @throws IllegalArgumentException for a name that is not plain, is taken, or is one of the run's own
     */
    public ResultFiles text(String name, String text) {
        return file(name, path -> AtomicText.write(path, text));
    }

    /**
     * Adds a file.
     *
     * @param write writes it, completely, to the path that it is given
     * @throws IllegalArgumentException for a name that is not plain, is taken, or is one of the run's own
     */
    public ResultFiles file(String name, Consumer<Path> write) {
        if (!isPlain(name)) {
            throw new IllegalArgumentException("run folder: \"" + name
                    + "\" cannot be a file of a result. Hint: use letters, digits, dots and dashes, and no folder.");
        }
        if (contains(ALWAYS, name) || contains(RunContents.STATE, name)) {
            throw new IllegalArgumentException(
                    "run folder: " + name + " is a file that every run writes. Hint: choose another name.");
        }
        if (contains(files.keySet(), name)) {
            throw new IllegalArgumentException(
                    "run folder: the result has two files called " + name + ". Hint: rename one.");
        }
        files.put(name, write);
        return this;
    }

    /** Without regard to case, since on some systems that is one file. */
    private static boolean contains(Iterable<String> names, String name) {
        for (String other : names) {
            if (other.equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    static boolean isPlain(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return PLAIN.matcher(name).matches() && !lower.endsWith(".tmp") && !lower.endsWith(Swap.ENDING);
    }

    /** Whether every result has a file of this name. */
    static boolean isAlwaysThere(String name) {
        return ALWAYS.contains(name);
    }

    /** Their names, in order. */
    public List<String> names() {
        return new ArrayList<>(files.keySet());
    }

    /** Those that no folder is known to have without being told. */
    List<String> unusualNames() {
        return files.keySet().stream()
                .filter(name -> !WELL_KNOWN.contains(name))
                .toList();
    }

    /**
     * Writes all beside their targets.
     *
     * @return what was written, by name, in order
     */
    Map<String, Path> write(Path folder, Swap swap) {
        Map<String, Path> written = new LinkedHashMap<>();
        files.forEach((name, write) -> {
            Path path = swap.of(folder.resolve(name));
            write.accept(path);
            written.put(name, path);
        });
        return written;
    }
}
