package dev.graft.cpu.run;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * All settings of the library's core, from system properties and the environment. Each is read when the backend is
 * first used, and refused then if it cannot be read.
 */
public final class Settings {
    /** More threads than the largest machines have processors. */
    static final int MOST_THREADS = 4096;

    /** Which element kernels to use. */
    public enum KernelChoice {
        /** Vectors, if the JVM compiles them to instructions. */
        BEST,
        VECTOR,
        PLAIN
    }

    /** Which library multiplies matrices. */
    public enum BlasChoice {
        OPENBLAS,
        JAVA
    }

    /** Which of Winograd's algorithms 3x3 convolutions may use. */
    public enum WinogradChoice {
        /** F(4x4, 3x3). */
        F4,
        /** F(2x2, 3x3). */
        F2,
        OFF
    }

    private final Function<String, String> properties;
    private final Function<String, String> environment;

    Settings(Function<String, String> properties, Function<String, String> environment) {
        this.properties = properties;
        this.environment = environment;
    }

    public static Settings ofJvm() {
        return new Settings(System::getProperty, System::getenv);
    }

    /**
     * Reads every setting.
     *
     * @throws IllegalArgumentException if a setting cannot be read, naming the first one, where it was set, and the fix
     */
    public void check() {
        threads();
        poolBytes();
        kernels();
        winograd();
        blas();
        traceClose();
    }

    public int threads() {
        return (int) (long) property("graft.threads")
                .or(() -> environment("GRAFT_THREADS"))
                .map(s -> s.number(1, MOST_THREADS))
                .orElseGet(
                        () -> (long) Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors()));
    }

    /** The most bytes that the pool keeps. */
    public long poolBytes() {
        return property("graft.pool.bytes")
                .map(s -> s.number(0, Long.MAX_VALUE))
                .orElseGet(() -> Runtime.getRuntime().maxMemory() / 2);
    }

    /** The most bytes of packed weights. */
    public static long packedBytes() {
        return Runtime.getRuntime().maxMemory() / 4;
    }

    public KernelChoice kernels() {
        return property("graft.kernels")
                .map(s -> s.oneOf(List.of("vector", "plain"), List.of(KernelChoice.VECTOR, KernelChoice.PLAIN)))
                .orElse(KernelChoice.BEST);
    }

    public WinogradChoice winograd() {
        return property("graft.winograd")
                .map(s -> s.oneOf(List.of("4", "2", "off"), Arrays.asList(WinogradChoice.values())))
                .orElse(WinogradChoice.F4);
    }

    public BlasChoice blas() {
        return property("graft.blas")
                .map(s -> s.oneOf(List.of("openblas", "java"), Arrays.asList(BlasChoice.values())))
                .orElse(BlasChoice.OPENBLAS);
    }

    /** Whether closed tensors remember the stack trace that closed them. */
    public boolean traceClose() {
        return property("graft.traceClose")
                .map(s -> s.oneOf(List.of("true", "false"), List.of(true, false)))
                .orElse(false);
    }

    private Optional<Setting> property(String name) {
        return set(name + " (system property)", properties.apply(name));
    }

    private Optional<Setting> environment(String name) {
        return set(name + " (environment)", environment.apply(name));
    }

    /** An empty text counts as not set. */
    private static Optional<Setting> set(String name, String text) {
        return text == null || text.isBlank() ? Optional.empty() : Optional.of(new Setting(name, text.trim()));
    }

    private record Setting(String name, String text) {
        long number(long least, long most) {
            try {
                long value = Long.parseLong(text);
                if (value >= least && value <= most) {
                    return value;
                }
            } catch (NumberFormatException e) {
                throw refuse("is not a whole number", least, most, e);
            }
            throw refuse("is out of range", least, most, null);
        }

        private IllegalArgumentException refuse(String what, long least, long most, Exception cause) {
            String range = most == Long.MAX_VALUE ? "of " + least + " or more" : "from " + least + " to " + most;
            return new IllegalArgumentException(
                    name + ": '" + text + "' " + what + ". Hint: give a whole number " + range
                            + ", or leave it out for the default.",
                    cause);
        }

        <T> T oneOf(List<String> names, List<T> values) {
            int i = names.indexOf(text);
            if (i < 0) {
                String last = names.get(names.size() - 1);
                throw new IllegalArgumentException(name + ": '" + text + "' is not a choice. Hint: give "
                        + String.join(", ", names.subList(0, names.size() - 1)) + " or " + last
                        + ", or leave it out for the default.");
            }
            return values.get(i);
        }
    }
}
