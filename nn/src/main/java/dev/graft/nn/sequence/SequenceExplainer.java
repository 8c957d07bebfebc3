package dev.graft.nn.sequence;

import dev.graft.nn.Module;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.explain.IntegratedGradients;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Says which bases an answer rests on, in two ways: in-silico mutagenesis asks the network about every other base at
 * every position, integrated gradients follow the path from an unknown sequence (zeros) to this one. Both explain the
 * log odds {@code log(p / (1 - p))} of one class.
 *
 * <pre>{@code
 * SequenceTracks why = SequenceExplainer.of(model).explain("promoter 1", letters, 1);
 * Files.writeString(Path.of("logo.svg"), SequenceLogo.draw(why.letters(), why.importance(), "promoter 1"));
 * }</pre>
 *
 * <p>Any number of threads may explain with one network, which stays as it is.
 */
public final class SequenceExplainer {
    private static final int TOGETHER = 64;

    private final Module network;
    private final OneHotBases encoding;
    private final int length;
    private final int outputs;

    private SequenceExplainer(Module network, OneHotBases encoding, int length, int outputs) {
        this.network = network;
        this.encoding = encoding;
        this.length = length;
        this.outputs = outputs;
    }

    /** Explains classes of whole sequences. */
    public static SequenceExplainer of(SequenceModel model) {
        return of(model.network(), model.classes().size());
    }

    /** Explains classes of whole sequences. */
    public static SequenceExplainer of(SequenceClassifier network, int classes) {
        return new SequenceExplainer(
                network, OneHotBases.zeros().context(network.body().context()), network.length(), classes);
    }

    /**
     * Explains what a splice model says of one position: the middle one of sequences of {@code context + 1} bases.
     * Classes are none, acceptor and donor.
     */
    public static SequenceExplainer ofSite(DilatedResNet network) {
        return new SequenceExplainer(new Site(network), OneHotBases.zeros(), network.context() + 1, network.outputs());
    }

    /** One position of a network. */
    private static final class Site extends Module {
        private final Module network;

        Site(Module network) {
            this.network = network;
        }

        @Override
        protected Tensor compute(Tensor x) {
            return network.forward(x).select(2, 0);
        }
    }

    /** The length of the sequences that it explains. */
    public int length() {
        return length;
    }

    /**
     * Explains one class of one sequence.
     *
     * @param name what the sequence is called
     * @param letters {@link #length()} of them
     * @throws IllegalArgumentException for another length, or a class that is not there
     */
    public SequenceTracks explain(String name, String letters, int output) {
        if (letters.length() != length) {
            throw new IllegalArgumentException("sequence explainer: " + name + " has " + letters.length()
                    + " bases, the network needs " + length + ". Hint: cut it, or pad it with N, to that length.");
        }
        if (output < 0 || output >= outputs) {
            throw new IllegalArgumentException(
                    "sequence explainer: there is no class " + output + " in [0, " + outputs + ")");
        }
        return network.evaluating(() -> {
            double[] own = scores(List.of(letters), output);
            return new SequenceTracks(
                    name, letters, own[0], mutations(letters, output, own[0]), gradients(letters, output));
        });
    }

    /** By which each base at each position would change the score; 0 for the base that is there. */
    private float[][] mutations(String letters, int output, double own) {
        List<String> mutants = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            for (int base = 0; base < Nucleotides.BASES; base++) {
                if (Nucleotides.code((byte) letters.charAt(i)) != base) {
                    mutants.add(letters.substring(0, i) + "ACGT".charAt(base) + letters.substring(i + 1));
                }
            }
        }
        double[] scores = scores(mutants, output);
        float[][] changes = new float[letters.length()][Nucleotides.BASES];
        int at = 0;
        for (int i = 0; i < letters.length(); i++) {
            for (int base = 0; base < Nucleotides.BASES; base++) {
                if (Nucleotides.code((byte) letters.charAt(i)) != base) {
                    changes[i][base] = (float) (scores[at++] - own);
                }
            }
        }
        return changes;
    }

    @SuppressWarnings("try")
    private double[] scores(List<String> sequences, int output) {
        double[] all = new double[sequences.size()];
        for (int from = 0; from < all.length; from += TOGETHER) {
            List<String> some = sequences.subList(from, Math.min(all.length, from + TOGETHER));
            try (Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                float[] odds =
                        odds(network.forward(encoding.encode(some)), output).toFloatArray();
                for (int i = 0; i < odds.length; i++) {
                    all[from + i] = odds[i];
                }
            }
        }
        return all;
    }

    private float[] gradients(String letters, int output) {
        try (Scope scope = Scope.open()) {
            Tensor x = encoding.encode(List.of(letters));
            float[] each = IntegratedGradients.of(network)
                    .score(outputs -> odds(outputs.get(0), output))
                    .attribute(x, Tensor.zeros(x.shape().toArray()))
                    .input(0)
                    .toFloatArray();
            int width = each.length / Nucleotides.BASES;
            int first = encoding.context() / 2;
            float[] sums = new float[letters.length()];
            for (int i = 0; i < sums.length; i++) {
                for (int base = 0; base < Nucleotides.BASES; base++) {
                    sums[i] += each[base * width + first + i];
                }
            }
            return sums;
        }
    }

    /** {@code log(p / (1 - p))} of a class, {@code [N, classes]} to {@code [N]}. */
    private Tensor odds(Tensor logits, int output) {
        Tensor logs = logits.logSoftmax(1);
        List<Tensor> others = new ArrayList<>();
        for (int k = 0; k < outputs; k++) {
            if (k != output) {
                others.add(logs.slice(1, k, k + 1));
            }
        }
        Tensor rest = others.size() == 1
                ? others.get(0).flatten(0)
                : Tensor.concat(1, others).exp().sum(1).log();
        return logs.select(1, output).sub(rest);
    }
}
