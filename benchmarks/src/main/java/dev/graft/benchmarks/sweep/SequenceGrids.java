package dev.graft.benchmarks.sweep;

import static dev.graft.benchmarks.sweep.Grids.bytes;
import static dev.graft.benchmarks.sweep.Grids.floats;
import static dev.graft.benchmarks.sweep.Grids.passes;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.RecurrentCell;
import dev.graft.benchmarks.sweep.Grid.Axis;
import dev.graft.tensor.Recurrent;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Attention and recurrent layers. */
final class SequenceGrids {
    private SequenceGrids() {}

    static List<Grid> all() {
        return List.of(attention(), selfAttention(), recurrent());
    }

    /**
     * Masks of attention by number: none; one of keys, as of padded sequences, which hides the end of each; pairs of
     * queries and keys as truths, and as numbers that are added.
     */
    private static Function<SplittableRandom, Tensor> mask(int kind, int batch, int queries, int keys) {
        return switch (kind) {
            case 1 ->
                random -> {
                    boolean[] seen = new boolean[batch * keys];
                    for (int n = 0; n < batch; n++) {
                        Arrays.fill(seen, n * keys, n * keys + 1 + random.nextInt(keys), true);
                    }
                    return Tensor.of(seen, batch, 1, 1, keys);
                };
            case 2 -> random -> Tensor.uniform(random, -1, 1, queries, keys).gt(0);
            default -> random -> Tensor.uniform(random, -1, 1, queries, keys);
        };
    }

    private static Optional<Tensor> given(int kind, Tensor mask) {
        return kind == 0 ? Optional.empty() : Optional.of(mask);
    }

    private static Function<SplittableRandom, Tensor> lengths(int batch, int steps) {
        return random -> Tensor.of(random.longs(batch, 1, steps + 1L).toArray(), batch);
    }

    private static Grid attention() {
        int[] lengths = {1, 2, 5, 16, 50, 64, 197, 512};
        int[] widths = {1, 2, 3, 5, 8, 15, 16, 17, 32, 64, 80, 128};
        List<Axis> axes = List.of(
                new Axis("batch", 1, 2, 8, 32),
                new Axis("heads", 1, 2, 3, 6, 12),
                new Axis("queries", lengths),
                new Axis("keys", lengths),
                new Axis("width", widths),
                new Axis("values", widths),
                new Axis("causal", 0, 1),
                new Axis("mask", 0, 1, 2, 3),
                passes(4));
        return new Grid("attention", axes, v -> {
            double heads = 1.0 * v[0] * v[1];
            double weights = heads * v[2] * v[3];
            AttentionParams params = AttentionParams.of(v[4]).causal(v[6] == 1);
            return Optional.of(new Work(
                    (v[8] == 0 ? 1 : 2.5) * weights * (v[4] + v[5] + 8),
                    bytes(heads * v[2] * (v[4] + v[5]), heads * v[3] * (v[4] + v[5])),
                    List.of(
                            floats(v[0], v[1], v[2], v[4]),
                            floats(v[0], v[1], v[3], v[4]),
                            floats(v[0], v[1], v[3], v[5]),
                            mask(v[7], v[0], v[2], v[3])),
                    t -> t.get(0).scaledDotProductAttention(t.get(1), t.get(2), given(v[7], t.get(3)), params),
                    v[8] - 1));
        });
    }

    private static Grid selfAttention() {
        List<Axis> axes = List.of(
                new Axis("batch", 1, 2, 8, 32),
                new Axis("length", 1, 2, 5, 16, 50, 64, 197, 512),
                new Axis("heads", 1, 2, 3, 6, 12),
                new Axis("width", 1, 2, 3, 5, 8, 15, 16, 17, 32, 64, 80, 128),
                new Axis("causal", 0, 1),
                new Axis("mask", 0, 1, 2, 3),
                passes(2));
        return new Grid("selfAttention", axes, v -> {
            double weights = 1.0 * v[0] * v[2] * v[1] * v[1];
            AttentionParams params = AttentionParams.of(v[3]).causal(v[4] == 1);
            return Optional.of(new Work(
                    (v[6] == 0 ? 1 : 2.5) * weights * (2 * v[3] + 8),
                    bytes(4.0 * v[0] * v[1] * v[2] * v[3]),
                    List.of(floats(v[0], v[1], 3 * v[2] * v[3]), mask(v[5], v[0], v[1], v[1])),
                    t -> t.get(0).selfAttention(v[2], given(v[5], t.get(1)), params),
                    v[6] - 1));
        });
    }

    private static Grid recurrent() {
        int[] widths = {1, 2, 3, 5, 8, 16, 31, 64, 128, 256};
        List<Axis> axes = List.of(
                new Axis("lstm", 0, 1),
                new Axis("steps", 1, 2, 10, 50, 100, 500),
                new Axis("batch", 1, 2, 3, 8, 16, 64, 256),
                new Axis("features", widths),
                new Axis("units", widths),
                new Axis("lengths", 0, 1),
                passes(4));
        return new Grid("recurrent", axes, v -> {
            RecurrentCell cell = v[0] == 1 ? RecurrentCell.LSTM : RecurrentCell.GRU;
            int gates = cell.gates() * v[4];
            double rows = 1.0 * v[1] * v[2];
            return Optional.of(new Work(
                    rows * gates * (v[3] + v[4] + 20),
                    bytes(rows * v[3], 3 * rows * gates, (double) gates * (v[3] + v[4])),
                    List.of(
                            floats(v[1], v[2], v[3]),
                            floats(gates, v[3]),
                            floats(gates, v[4]),
                            floats(v[2], v[4]),
                            floats(v[2], v[4]),
                            lengths(v[2], v[1])),
                    t -> t.get(0)
                            .recurrent(
                                    cell,
                                    false,
                                    new Recurrent.Weights(t.get(1), t.get(2), Optional.empty(), Optional.empty()),
                                    new Recurrent.State(t.get(3), v[0] == 1 ? Optional.of(t.get(4)) : Optional.empty()),
                                    v[5] == 1 ? Optional.of(t.get(5)) : Optional.empty())
                            .output(),
                    v[6] - 1));
        });
    }
}
