package dev.graft.nn.sequence;

import dev.graft.io.file.FileException;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One network of the OpenSpliceAI family, or several whose probabilities are averaged. It says of every position
 * whether it is the last base of an exon (donor), or the first (acceptor). Any number of threads may use one model.
 *
 * <pre>{@code
 * try (SpliceModel model = SpliceModel.read(List.of(Path.of("model_400nt_rs10.pt"), Path.of("model_400nt_rs11.pt")))) {
 *     SpliceScores scores = model.score("N".repeat(200) + letters + "N".repeat(200));
 * }
 * }</pre>
 */
public final class SpliceModel implements AutoCloseable {
    private static final int OUTPUTS = 3;

    private final List<DilatedResNet> networks;
    private final int context;

    /** Takes networks over, which it puts into evaluation mode, and closes. */
    public SpliceModel(List<DilatedResNet> networks) {
        if (networks.isEmpty()) {
            throw new IllegalArgumentException("spliceModel: needs at least one network");
        }
        this.networks = List.copyOf(networks);
        this.context = networks.stream().mapToInt(DilatedResNet::context).max().orElseThrow();
        networks.forEach(DilatedResNet::eval);
    }

    /**
     * Reads the networks of some files.
     *
     * @throws FileException if a file holds no network of that family
     */
    public static SpliceModel read(List<Path> files) {
        List<DilatedResNet> networks = new ArrayList<>();
        try {
            for (Path file : files) {
                DilatedResNet network = DilatedResNet.read(file);
                networks.add(network);
                if (network.outputs() != OUTPUTS) {
                    throw new FileException(
                            file + " has " + network.outputs() + " outputs",
                            "splice models have 3: none, acceptor, donor");
                }
            }
            return new SpliceModel(networks);
        } catch (RuntimeException e) {
            networks.forEach(DilatedResNet::close);
            throw e;
        }
    }

    /** Bases around a position that its probabilities depend on, half of them on each side. */
    public int context() {
        return context;
    }

    /** As {@link #score(byte[])}. */
    public SpliceScores score(String letters) {
        return score(Nucleotides.bytes(letters));
    }

    /**
     * The probabilities of all positions but the first and the last {@code context / 2}.
     *
     * @param letters of the strand to look at, in its direction; N where there is no sequence
     */
    public SpliceScores score(byte[] letters) {
        return score(List.of(letters)).get(0);
    }

    /** As {@link #score(byte[])}, of several sequences of one length at once. */
    public List<SpliceScores> score(List<byte[]> sequences) {
        int width = sequences.get(0).length;
        int length = width - context;
        if (length < 1) {
            throw new IllegalArgumentException("spliceModel: " + width + " bases have no position with its context of "
                    + context + ". Hint: put N around the sequence, " + context / 2 + " on each side.");
        }
        int count = sequences.size();
        float[] sum = new float[count * OUTPUTS * length];
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor x = OneHotBases.zeros()
                    .encode(sequences.stream().map(Nucleotides::text).toList());
            for (DilatedResNet network : networks) {
                int cut = (context - network.context()) / 2;
                Tensor own = cut == 0 ? x : x.slice(2, cut, width - cut);
                float[] probabilities = network.forward(own).softmax(1).toFloatArray();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += probabilities[i];
                }
            }
        }
        List<SpliceScores> scores = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            scores.add(new SpliceScores(channel(sum, i * OUTPUTS + 1, length), channel(sum, i * OUTPUTS + 2, length)));
        }
        return scores;
    }

    private float[] channel(float[] sum, int index, int length) {
        float[] mean = new float[length];
        for (int i = 0; i < length; i++) {
            mean[i] = sum[index * length + i] / networks.size();
        }
        return mean;
    }

    @Override
    public void close() {
        networks.forEach(DilatedResNet::close);
    }
}
