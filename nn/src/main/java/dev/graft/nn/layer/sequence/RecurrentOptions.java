package dev.graft.nn.layer.sequence;

/**
 * Settings of {@link LSTM} and {@link GRU}.
 *
 * @param layers one above the other
 * @param bidirectional whether each layer also runs backwards; its outputs stand side by side
 * @param dropout the share of the outputs of all layers but the last that training drops
 * @param batchFirst whether inputs and outputs are {@code [N, T, ...]} instead of {@code [T, N, ...]}; states are not
 */
public record RecurrentOptions(int layers, boolean bidirectional, float dropout, boolean batchFirst, boolean withBias) {
    /** PyTorch's defaults: one layer, one direction, no dropout, steps first, with biases. */
    public static RecurrentOptions of() {
        return new RecurrentOptions(1, false, 0f, false, true);
    }

    public RecurrentOptions {
        if (layers < 1 || !(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException(
                    "recurrent: there must be at least 1 layer, and dropout must be in [0, 1) (layers " + layers
                            + ", dropout " + dropout + ").");
        }
    }

    public RecurrentOptions layers(int count) {
        return new RecurrentOptions(count, bidirectional, dropout, batchFirst, withBias);
    }

    public RecurrentOptions bidirectional(boolean both) {
        return new RecurrentOptions(layers, both, dropout, batchFirst, withBias);
    }

    public RecurrentOptions dropout(float share) {
        return new RecurrentOptions(layers, bidirectional, share, batchFirst, withBias);
    }

    public RecurrentOptions batchFirst(boolean first) {
        return new RecurrentOptions(layers, bidirectional, dropout, first, withBias);
    }

    public RecurrentOptions withoutBias() {
        return new RecurrentOptions(layers, bidirectional, dropout, batchFirst, false);
    }

    int directions() {
        return bidirectional ? 2 : 1;
    }
}
