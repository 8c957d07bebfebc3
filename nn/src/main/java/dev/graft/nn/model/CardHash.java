package dev.graft.nn.model;

import dev.graft.io.file.Sha256;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The hash of a card's entries: of one text for one content, however the file is indented, its entries ordered and its
 * numbers written.
 */
final class CardHash {
    /** The entry that holds the hash of all others. */
    static final String ENTRY = "card_sha256";

    private CardHash() {}

    /** Of all entries but the hash itself. */
    static String of(Map<String, Object> entries) {
        StringBuilder text = new StringBuilder();
        Map<String, Object> others = new TreeMap<>(entries);
        others.remove(ENTRY);
        write(others, text);
        return Sha256.of(text.toString());
    }

    private static void write(Object value, StringBuilder text) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> sorted = new TreeMap<>();
            map.forEach((name, entry) -> sorted.put((String) name, entry));
            text.append('{');
            sorted.forEach((name, entry) -> {
                write(name, text);
                text.append(':');
                write(entry, text);
                text.append(',');
            });
            text.append('}');
        } else if (value instanceof List<?> list) {
            text.append('[');
            list.forEach(entry -> {
                write(entry, text);
                text.append(',');
            });
            text.append(']');
        } else if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
            BigDecimal exact = new BigDecimal(number.toString());
            text.append(exact.signum() == 0 ? "0" : exact.stripTrailingZeros().toString());
        } else if (value instanceof String string) {
            // the length keeps what a text holds from being taken for structure
            text.append('"').append(string.length()).append(':').append(string).append('"');
        } else {
            text.append(value instanceof Boolean ? value.toString() : "null"); // JSON has no NaN
        }
    }
}
