package dev.graft.nn.model;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One way in which an input is unlike the training data. The answer to such an input may be worth nothing, however sure
 * it is.
 *
 * @param quantity what was measured, such as "width"
 * @param value what it is of this input
 * @param low the smallest value that is usual
 * @param high the largest value that is usual
 */
public record InputFlag(String quantity, double value, double low, double high) {
    /** In words, such as "width 1024 (training: 200 to 260)". */
    @Override
    public String toString() {
        return quantity + " " + number(value) + " (training: "
                + (low == Double.NEGATIVE_INFINITY ? "up to " : number(low) + " to ") + number(high) + ")";
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.4g", value);
    }

    /** For JSON. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("quantity", quantity);
        map.put("value", value);
        if (low != Double.NEGATIVE_INFINITY) {
            map.put("low", low);
        }
        map.put("high", high);
        return map;
    }
}
