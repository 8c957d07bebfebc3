package dev.graft.io;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What wrappers around a network put before, or into, the names of its state dict. */
final class WrapperPrefix {
    /** Wrappers that a name begins with: attributes that usual wrapping classes keep their network under. */
    private static final List<String> LEADING = List.of(
            "module.",
            "_orig_mod.",
            "model.",
            "net.",
            "network.",
            "backbone.",
            "encoder.",
            "_forward_module.",
            "base_model.",
            "inner.",
            "wrapped_model.",
            "student.",
            "ema_model.",
            "encoder_q.");
    /** Wrappers around inner modules too, whose names no network uses itself. */
    private static final List<String> ANYWHERE =
            List.of("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.");

    private static final int MAX_NESTING = 16;

    private final String prefix;
    private final boolean inner;
    private final List<String> leftOut = new ArrayList<>();

    private WrapperPrefix(String prefix, boolean inner) {
        this.prefix = prefix;
        this.inner = inner;
    }

    /**
     * The prefix without which most of a network's names are found; none where the names fit as they are.
     *
     * @param names a state dict's
     * @param wanted a network's
     */
    static WrapperPrefix of(Collection<String> names, Collection<String> wanted) {
        Set<String> network = new HashSet<>(wanted);
        WrapperPrefix best = new WrapperPrefix("", false);
        long most = best.fitting(names, network);
        if (most == network.size()) {
            return best;
        }
        for (boolean inner : new boolean[] {false, true}) {
            for (String prefix : candidates(names, inner)) {
                WrapperPrefix candidate = new WrapperPrefix(prefix, inner);
                long fitting = candidate.fitting(names, network);
                if (fitting > most) {
                    best = candidate;
                    most = fitting;
                }
            }
        }
        WrapperPrefix chosen = best;
        names.stream().filter(name -> chosen.strip(name).isEmpty()).forEach(chosen.leftOut::add);
        return chosen;
    }

    /** Every chain of wrappers that a name begins with, shortest first. */
    private static Set<String> candidates(Collection<String> names, boolean inner) {
        Set<String> found = new LinkedHashSet<>();
        found.add("");
        for (String full : names) {
            String name = inner ? withoutInner(full) : full;
            int at = 0;
            for (int depth = 0; depth < MAX_NESTING; depth++) {
                int from = at;
                int length = LEADING.stream()
                        .filter(wrapper -> name.startsWith(wrapper, from))
                        .mapToInt(String::length)
                        .findFirst()
                        .orElse(0);
                if (length == 0) {
                    break;
                }
                at += length;
                found.add(name.substring(0, at));
            }
        }
        return found;
    }

    private static String withoutInner(String name) {
        String stripped = name;
        for (String wrapper : ANYWHERE) {
            stripped = stripped.replace("." + wrapper, ".");
            stripped = stripped.startsWith(wrapper) ? stripped.substring(wrapper.length()) : stripped;
        }
        return stripped;
    }

    private long fitting(Collection<String> names, Set<String> network) {
        return names.stream()
                .map(this::strip)
                .filter(network::contains)
                .distinct()
                .count();
    }

    /** The name inside the wrappers; empty for one outside them. */
    String strip(String name) {
        String stripped = inner ? withoutInner(name) : name;
        return stripped.startsWith(prefix) ? stripped.substring(prefix.length()) : "";
    }

    void log() {
        if (!prefix.isEmpty() || inner) {
            System.getLogger(StateDict.class.getName())
                    .log(
                            Level.INFO,
                            "weights: the names'' wrapper prefix \"{0}\" is taken off{1}{2}",
                            prefix,
                            inner ? ", and what torch.compile, FSDP and checkpointing put inside them" : "",
                            leftOut.isEmpty()
                                    ? ""
                                    : "; left out, as they lie outside it: " + String.join(", ", leftOut));
        }
    }
}
