package dev.graft.tensor;

import java.util.Optional;

/** What one direction of one recurrent layer needs and gives, see {@link Tensor#recurrent}. */
public final class Recurrent {
    private Recurrent() {}

    /**
     * Weights, as PyTorch keeps them: the gates one below the other.
     *
     * @param input {@code [G * H, F]}
     * @param hidden {@code [G * H, H]}
     * @param inputBias {@code [G * H]}; both biases or none
     * @param hiddenBias {@code [G * H]}
     */
    public record Weights(Tensor input, Tensor hidden, Optional<Tensor> inputBias, Optional<Tensor> hiddenBias) {}

    /**
     * The state between two steps.
     *
     * @param h {@code [N, H]}, the last output
     * @param c {@code [N, H]}, the cells of an LSTM; absent for a GRU
     */
    public record State(Tensor h, Optional<Tensor> c) {}

    /**
     * What all steps give.
     *
     * @param output {@code [T, N, H]}; zeros beyond a sequence's end
     * @param last the state after each sequence's own last step
     */
    public record Result(Tensor output, State last) {}
}
