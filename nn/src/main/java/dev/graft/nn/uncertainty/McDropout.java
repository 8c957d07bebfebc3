package dev.graft.nn.uncertainty;

import dev.graft.nn.Freezing;
import dev.graft.nn.Module;
import dev.graft.nn.Stochastic;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One network that answers several times with its dropout on; all else, batch norm too, is as in evaluation. What is
 * dropped depends on the seed alone: each row gets the same answers again, whatever else is in the batch. Calls of
 * several threads wait for one another, since a layer's dropout has one state.
 *
 * @see <a href="https://arxiv.org/abs/1506.02142">Gal and Ghahramani 2016</a>
 */
public final class McDropout extends AveragedNetwork {
    private static final int MOST_ROWS = 32;

    private final Module network;
    private final int passes;
    private final long seed;
    private final UnaryOperator<Tensor> once;
    private final UnaryOperator<Tensor> each;

    /** Takes over the network; see {@link #of(Module, int, long, boolean, UnaryOperator, UnaryOperator)}. */
    private McDropout(
            Module network,
            int passes,
            long seed,
            boolean multiLabel,
            UnaryOperator<Tensor> once,
            UnaryOperator<Tensor> each) {
        super(multiLabel);
        this.network = network;
        this.passes = passes;
        this.seed = seed;
        this.once = once;
        this.each = each;
    }

    /**
     * Takes over a network.
     *
     * @param passes answers for each row, at least 1
     * @throws IllegalArgumentException for a network without dropout that could be on
     */
    public static McDropout of(Module network, int passes, long seed, boolean multiLabel) {
        return of(network, passes, seed, multiLabel, UnaryOperator.identity(), network::forward);
    }

    /**
     * As {@link #of(Module, int, long, boolean)}, of a network in two parts, of which only the second has dropout.
     *
     * @param once computed once for each row
     * @param each computed in each pass, from what {@code once} gave
     */
    public static McDropout of(
            Module network,
            int passes,
            long seed,
            boolean multiLabel,
            UnaryOperator<Tensor> once,
            UnaryOperator<Tensor> each) {
        if (passes < 1) {
            throw new IllegalArgumentException("mcDropout: passes must be at least 1, was " + passes + ".");
        }
        if (layers(network).isEmpty()) {
            throw new IllegalArgumentException(
                    "mcDropout: the network has no dropout that could be on, so all its"
                            + " answers would be the same. Hint: use an ensemble of several trainings, or a network with dropout.");
        }
        return new McDropout(network, passes, seed, multiLabel, once, each);
    }

    private static List<Module> layers(Module network) {
        return network.modules().stream()
                .filter(module -> module instanceof Stochastic && module.freezing() != Freezing.EVERYTHING)
                .toList();
    }

    @Override
    protected List<Tensor> answers(Tensor input) {
        Tensor fixed = once.apply(input);
        List<List<Tensor>> rows = new ArrayList<>();
        for (int row = 0; row < fixed.dim(0); row++) {
            rows.add(answersOf(fixed.slice(0, row, row + 1)));
        }
        List<Tensor> answers = new ArrayList<>();
        for (int pass = 0; pass < passes; pass++) {
            int at = pass;
            answers.add(Tensor.concat(0, rows.stream().map(of -> of.get(at)).toList()));
        }
        return answers;
    }

    /** All passes of one row, as rows of a batch, each of which drops something else. */
    private List<Tensor> answersOf(Tensor row) {
        int[] shape = row.shape().toArray();
        List<Tensor> answers = new ArrayList<>();
        for (int from = 0; from < passes; from += MOST_ROWS) {
            shape[0] = Math.min(MOST_ROWS, passes - from);
            Tensor batch = row.expand(shape).contiguous();
            Tensor logits = withDropout(from, () -> each.apply(batch));
            for (int i = 0; i < shape[0]; i++) {
                answers.add(logits.slice(0, i, i + 1));
            }
        }
        return answers;
    }

    private Tensor withDropout(int from, java.util.function.Supplier<Tensor> formula) {
        List<Module> layers = layers(network);
        synchronized (network) {
            List<long[]> before = layers.stream()
                    .map(layer -> ((Stochastic) layer).randomState())
                    .toList();
            try {
                for (int i = 0; i < layers.size(); i++) {
                    long[] state = before.get(i).clone();
                    state[0] = RandomStream.seed(seed, "uncertainty.dropout", from, i);
                    for (int k = 1; k < state.length; k++) {
                        state[k] = 0;
                    }
                    ((Stochastic) layers.get(i)).restoreRandomState(state);
                }
                return network.evaluating(() -> {
                    layers.forEach(Module::train); // within evaluating, for this thread alone
                    return formula.get();
                });
            } finally {
                for (int i = 0; i < layers.size(); i++) {
                    ((Stochastic) layers.get(i)).restoreRandomState(before.get(i));
                }
            }
        }
    }
}
