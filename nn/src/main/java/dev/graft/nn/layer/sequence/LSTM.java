package dev.graft.nn.layer.sequence;

import dev.graft.backend.RecurrentCell;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997): sequences {@code [T, N, F]} (or {@code [N, T, F]}, see
 * {@link RecurrentOptions#batchFirst()}) to {@code [T, N, H]}, or {@code [T, N, 2 * H]} in both directions. Keys
 * {@code weight_ih_l0 [4 * H, F]}, {@code weight_hh_l0 [4 * H, H]}, {@code bias_ih_l0}, {@code bias_hh_l0}, the same
 * with {@code l1} and so on, and with {@code _reverse}.
 *
 * <p>{@code forward(x)} gives the outputs; {@code forward(List.of(x))} and {@code forward(List.of(x, lengths))} give
 * outputs and last states.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html">torch.nn.LSTM</a>
 */
public final class LSTM extends RecurrentLayers {
    /** States of all layers and directions, {@code [layers * directions, N, H]}, in PyTorch's order. */
    public record State(Tensor h, Tensor c) {}

    /**
     * Outputs, and the state after each sequence's own last step.
     *
     * @param output zeros beyond a sequence's end; unlike PyTorch's {@code pad_packed_sequence}, it has as many steps
     *     as the input
     */
    public record Result(Tensor output, State last) {}

    public LSTM(int inputs, int units, RandomGenerator random) {
        this(inputs, units, RecurrentOptions.of(), random);
    }

    public LSTM(int inputs, int units, RecurrentOptions options, RandomGenerator random) {
        super(RecurrentCell.LSTM, inputs, units, options, random);
    }

    /**
     * All there is to give and to get.
     *
     * @param initial zeros if absent
     * @param lengths I64 or I32 {@code [N]}, from 1 to T: the steps of each sequence, in any order; all if absent. The
     *     results are those of PyTorch's packed sequences
     */
    public Result forward(Tensor input, Optional<State> initial, Optional<Tensor> lengths) {
        List<Tensor> all =
                run(input, initial.map(s -> List.<Tensor>of(s.h(), s.c())).orElse(List.of()), lengths);
        return new Result(all.get(0), new State(all.get(1), all.get(2)));
    }
}
