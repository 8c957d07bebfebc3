package dev.graft.nn;

import java.util.List;

/**
 * Exceptions to strict loading.
 *
 * @param replaced modules whose state is not loaded; what the file holds under their names is ignored
 */
public record LoadOptions(List<String> replaced) {

    public LoadOptions {
        replaced = List.copyOf(replaced);
    }

    /** Every key must be there, once, in its shape. */
    public static LoadOptions strict() {
        return new LoadOptions(List.of());
    }

    /**
     * For a pretrained file and a network whose head is another one: the named modules keep their values, everything
     * else is strict. {@code model.load(weights, LoadOptions.replacedHead("fc"))}
     */
    public static LoadOptions replacedHead(String... modules) {
        return new LoadOptions(List.of(modules));
    }

    boolean skips(String key) {
        return replaced.stream().anyMatch(name -> key.equals(name) || key.startsWith(name + "."));
    }
}
