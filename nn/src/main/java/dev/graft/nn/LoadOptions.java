package dev.graft.nn;

import java.util.List;

/**
 * Exceptions to strict loading.
 *
 * @param replaced modules whose state is not loaded; entries of the file under their names are ignored
 */
public record LoadOptions(List<String> replaced) {

    public LoadOptions {
        replaced = List.copyOf(replaced);
    }

    /** Every key must be present, once, with its shape. */
    public static LoadOptions strict() {
        return new LoadOptions(List.of());
    }

    /**
     * For a pretrained file and a network with a different head: the named modules keep their values, and everything
     * else is strict. {@code model.load(weights, LoadOptions.replacedHead("fc"))}
     */
    public static LoadOptions replacedHead(String... modules) {
        return new LoadOptions(List.of(modules));
    }

    boolean skips(String key) {
        return replaced.stream().anyMatch(name -> key.equals(name) || key.startsWith(name + "."));
    }
}
