package dev.graft.nn.run;

import dev.graft.io.file.Sha256;
import dev.graft.nn.json.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that decides what a run learns: its settings, the files, labels and patients of its data, their split, the
 * weights it starts from. A run continues only with what it began with.
 *
 * @param entries named values: texts, numbers, booleans and lists of them; what is too long to show is a hash
 * @param mayGrow whether more epochs than before are no contradiction
 */
public record RunIdentity(Map<String, Object> entries, boolean mayGrow) {
    private static final String EPOCHS = "epochs";
    private static final int HASH_DIGITS = 64;

    public RunIdentity {
        entries = new LinkedHashMap<>(entries);
    }

    /** Of everything: equal for two runs with the same result. */
    public String hash() {
        return Sha256.of(Json.write(entries));
    }

    /**
     * What the run's checkpoints are marked with: as {@link #hash()}, without the number of epochs where that may grow.
     */
    public String key() {
        Map<String, Object> kept = new LinkedHashMap<>(entries);
        if (mayGrow) {
            kept.remove(EPOCHS);
        }
        return Sha256.of(Json.write(kept));
    }

    /**
     * What has changed, as text; empty if this run may continue that one.
     *
     * @param before entries as they come back from JSON
     * @param grow whether more epochs than before are accepted, where they may be
     */
    public List<String> differences(Map<String, Object> before, boolean grow) {
        Set<String> names = new LinkedHashSet<>(before.keySet());
        names.addAll(entries.keySet());
        List<String> differences = new ArrayList<>();
        for (String name : names) {
            String then = text(before.get(name));
            String now = text(entries.get(name));
            boolean grown = grow && mayGrow && name.equals(EPOCHS) && isMore(before.get(name), entries.get(name));
            if (!then.equals(now) && !grown) {
                differences.add(
                        isHash(then) || isHash(now) ? name + " changed" : name + " was " + then + ", is " + now);
            }
        }
        return differences;
    }

    private static boolean isMore(@Nullable Object before, @Nullable Object now) {
        return before instanceof Number then
                && now instanceof Number given
                && exact(given).compareTo(exact(then)) > 0;
    }

    private static boolean isHash(String text) {
        return text.length() == HASH_DIGITS && text.matches("[0-9a-f]+");
    }

    /** Numbers come back from JSON in other types than they left; they are compared by all their digits. */
    private static String text(@Nullable Object value) {
        if (value instanceof Number number) {
            return exact(number).toPlainString();
        }
        return value instanceof List<?> list
                ? list.stream().map(RunIdentity::text).toList().toString()
                : String.valueOf(value);
    }

    private static BigDecimal exact(Number number) {
        BigDecimal value = new BigDecimal(number.toString());
        return value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
    }
}
