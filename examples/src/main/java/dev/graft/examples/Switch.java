package dev.graft.examples;

import java.util.Locale;
import java.util.Optional;

/** Settings that are on or off. */
final class Switch {
    private Switch() {}

    /**
     * @param name the setting, for the message
     * @param value what it is set to; empty or blank is off
     * @throws IllegalArgumentException for a value that says neither
     */
    static boolean isOn(String name, Optional<String> value) {
        return switch (value.orElse("").strip().toLowerCase(Locale.ROOT)) {
            case "1", "true", "yes", "on" -> true;
            case "", "0", "false", "no", "off" -> false;
            default ->
                throw new IllegalArgumentException(
                        name + ": '" + value.orElse("") + "' says neither yes nor no. Hint: set it to 1 or 0.");
        };
    }
}
