package dev.graft.examples.cli.text;

import java.util.Locale;

/** Byte counts as text. */
public final class Sizes {
    private Sizes() {}

    /** Such as {@code 3.2 GB}; powers of 1024. */
    public static String text(long bytes) {
        double value = bytes;
        for (String unit : new String[] {"B", "KB", "MB", "GB"}) {
            if (value < 1024) {
                return String.format(Locale.ROOT, unit.equals("B") ? "%.0f %s" : "%.1f %s", value, unit);
            }
            value /= 1024;
        }
        return String.format(Locale.ROOT, "%.1f TB", value);
    }
}
