package dev.graft.tensor;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.RecurrentCell;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Attention and recurrent layers for {@link SpecialValuesTest}, under the names of the golden file. */
final class SpecialSequences {
    private static final List<String> ATTENTION = List.of(
            "attention/",
            "attention_causal/",
            "attention_bool/",
            "attention_hidden/",
            "attention_terms/",
            "attention_learnt/",
            "attention_empty/",
            "self_attention/",
            "self_attention_hidden/");

    private SpecialSequences() {}

    static void addTo(Map<String, Function<Tensor[], Tensor>> cases, Set<String> names) {
        for (String name : names) {
            String group = name.substring(0, name.indexOf('/') + 1);
            if (ATTENTION.contains(group)) {
                cases.put(name, in -> attention(group, in));
            }
            for (RecurrentCell cell : RecurrentCell.values()) {
                String prefix = cell.name().toLowerCase(Locale.ROOT);
                if (group.equals(prefix + "/") || group.equals(prefix + "_lengths/")) {
                    cases.put(name, in -> recurrent(cell, group.endsWith("_lengths/"), in));
                }
            }
        }
    }

    private static Tensor attention(String group, Tensor... in) {
        boolean packed = group.startsWith("self");
        int width = packed ? in[0].dim(2) / 3 : in[0].dim(2);
        AttentionParams params = AttentionParams.of(Math.max(1, width))
                .causal(group.equals("attention_causal/") || group.equals("self_attention/"));
        int operands = packed ? 1 : 3;
        Optional<Tensor> mask = in.length > operands ? Optional.of(in[operands]) : Optional.empty();
        return packed
                ? in[0].selfAttention(1, mask, params)
                : in[0].scaledDotProductAttention(in[1], in[2], mask, params);
    }

    /** Outputs and last states in a row; with lengths, sequence 1 ends a step before the last. */
    private static Tensor recurrent(RecurrentCell cell, boolean ragged, Tensor... in) {
        int states = cell == RecurrentCell.LSTM ? 2 : 1;
        Recurrent.Result result = in[0].recurrent(
                cell,
                false,
                new Recurrent.Weights(in[1], in[2], Optional.of(in[3 + states]), Optional.of(in[4 + states])),
                new Recurrent.State(in[3], states == 2 ? Optional.of(in[4]) : Optional.empty()),
                ragged ? Optional.of(Tensor.of(new long[] {3, 2}, 2)) : Optional.empty());
        return GraphSequences.Part.ALL.of(result);
    }
}
