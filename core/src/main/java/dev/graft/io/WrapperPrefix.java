package dev.graft.io;

import dev.graft.message.SettingException;
import dev.graft.tensor.Tensor;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What wrappers around a network add to the names of its state dict, in front or inside. */
final class WrapperPrefix {
    /** Wrappers at the beginning of a name: the attributes under which common wrapper classes keep their network. */
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
    /** Wrappers that also occur around inner modules; no network uses their names itself. */
    private static final List<String> ANYWHERE =
            List.of("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.");

    private static final int MAX_NESTING = 16;
    private static final int MOST_NAMED = 5;

    private final String prefix;
    private final boolean inner;
    private final List<String> leftOut = new ArrayList<>();

    private WrapperPrefix(String prefix, boolean inner) {
        this.prefix = prefix;
        this.inner = inner;
    }

    /**
     * The prefix whose removal makes most of a network's names match; none if the names match as they are.
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

    /**
     * Refuses names that also fit the network without another prefix, because it is ambiguous which of two networks is
     * meant. If both have the same values, as one module under two names, it does not matter.
     *
     * @throws IllegalArgumentException naming the prefixes
     */
    void checkIsOnly(Map<String, Tensor> tensors, Collection<String> wanted) {
        Set<String> network = new HashSet<>(wanted);
        long most = fitting(tensors.keySet(), network);
        if (prefix.isEmpty() && 2 * most > network.size()) {
            return;
        }
        Map<String, Map<String, Tensor>> byPrefix = new LinkedHashMap<>();
        tensors.forEach((full, tensor) -> {
            String name = inner ? withoutInner(full) : full;
            for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
                String rest = name.substring(dot + 1);
                if (network.contains(rest)) {
                    byPrefix.computeIfAbsent(name.substring(0, dot), key -> new HashMap<>())
                            .put(rest, tensor);
                }
            }
        });
        long least = Math.max(most, network.size() / 2 + 1);
        byPrefix.values().removeIf(found -> found.size() < least);
        List<String> rivals = List.copyOf(byPrefix.keySet());
        if (rivals.size() > 1 && !areEqual(List.copyOf(byPrefix.values()))) {
            throw several(rivals, rivals.size() == 2 ? "both fit" : "all fit", rivals.get(rivals.size() - 1));
        }
        if (rivals.size() == 1 && prefix.isEmpty()) {
            List<String> beside = beside(rivals.get(0), tensors.keySet());
            if (beside.size() > 1) {
                throw several(beside, rivals.get(0) + " fits", rivals.get(0));
            }
        }
    }

    private static IllegalArgumentException several(List<String> names, String which, String one) {
        return new SettingException(
                "stateDict: it holds " + (names.size() == 2 ? "two" : names.size()) + " state dicts: "
                        + String.join(", ", names) + "; " + which + " the network",
                "choose one by its name with " + WeightFiles.named(one, "state.under(\"" + one + "\") or "));
    }

    /** The other prefixes at the same position. */
    private static List<String> beside(String name, Collection<String> names) {
        int parent = name.lastIndexOf('.') + 1;
        String above = name.substring(0, parent);
        return names.stream()
                .filter(full -> full.startsWith(above) && full.indexOf('.', parent) > 0)
                .map(full -> full.substring(0, full.indexOf('.', parent)))
                .distinct()
                .limit(MOST_NAMED)
                .toList();
    }

    private static boolean areEqual(List<Map<String, Tensor>> dicts) {
        Map<String, Tensor> first = dicts.get(0);
        return dicts.stream()
                .allMatch(other -> first.keySet().equals(other.keySet())
                        && first.entrySet().stream().allMatch(entry -> {
                            Tensor there = Objects.requireNonNull(other.get(entry.getKey()));
                            Tensor here = entry.getValue();
                            return here == there
                                    || (here.dtype() == there.dtype()
                                            && here.shape().equals(there.shape())
                                            && Arrays.equals(here.toBytes(), there.toBytes()));
                        }));
    }

    private long fitting(Collection<String> names, Set<String> network) {
        return names.stream()
                .map(this::strip)
                .filter(network::contains)
                .distinct()
                .count();
    }

    /** The name inside the wrappers; empty for a name outside them. */
    String strip(String name) {
        String stripped = inner ? withoutInner(name) : name;
        return stripped.startsWith(prefix) ? stripped.substring(prefix.length()) : "";
    }

    void log() {
        if (!prefix.isEmpty() || inner) {
            System.getLogger(StateDict.class.getName())
                    .log(
                            Level.INFO,
                            "weights: the names'' wrapper prefix \"{0}\" is removed{1}{2}",
                            prefix,
                            inner ? ", and so is what torch.compile, FSDP and checkpointing add inside them" : "",
                            leftOut.isEmpty()
                                    ? ""
                                    : "; left out, because they are outside it: " + String.join(", ", leftOut));
        }
    }
}
