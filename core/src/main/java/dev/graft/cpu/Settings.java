package dev.graft.cpu;

import java.util.Optional;

/** Settings from system properties and the environment. */
final class Settings {
    private Settings() {
    }

    static int threads() {
        Optional<String> environment = Optional.ofNullable(System.getenv("GRAFT_THREADS"));
        return Optional.ofNullable(System.getProperty("graft.threads")).or(() -> environment)
                .map(text -> (int) positive("graft.threads", text, Integer.MAX_VALUE))
                .orElseGet(() -> Runtime.getRuntime().availableProcessors());
    }

    static long poolBytes() {
        return Optional.ofNullable(System.getProperty("graft.pool.bytes"))
                .map(text -> positive("graft.pool.bytes", text, Long.MAX_VALUE))
                .orElseGet(() -> Runtime.getRuntime().maxMemory() / 2);
    }

    /** Most bytes of packed weights. */
    static long packedBytes() {
        return Runtime.getRuntime().maxMemory() / 4;
    }

    private static long positive(String name, String text, long limit) {
        try {
            long value = Long.parseLong(text.trim());
            if (value >= 1 && value <= limit) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": '" + text + "' is not a number. Hint: give a positive whole number.", e);
        }
        throw new IllegalArgumentException(name + ": " + text + " is out of range. Hint: give a positive whole number.");
    }
}
