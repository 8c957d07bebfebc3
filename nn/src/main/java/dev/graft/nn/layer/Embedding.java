package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/**
 * Looks rows up in a table: input I64 or I32 indices of any shape, output {@code [..., width]}; key {@code weight
 * [entries, width]}.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html">torch.nn.Embedding</a>
 */
public final class Embedding extends Module {
    private final Parameter weight;
    private final OptionalInt paddingIdx;

    /** Initial values are standard normal, as in PyTorch. */
    public Embedding(int entries, int width, RandomGenerator random) {
        this(entries, width, OptionalInt.empty(), random);
    }

    /** @param paddingIdx a row that is 0 at first and is not trained; negative ones count from the end */
    public Embedding(int entries, int width, OptionalInt paddingIdx, RandomGenerator random) {
        this.paddingIdx = checked(entries, paddingIdx);
        weight = table(entries, width, this.paddingIdx, random);
    }

    /** @param row of padding, {@linkplain #checked counted from the beginning} */
    @SuppressWarnings("try")
    static Parameter table(int entries, int width, OptionalInt row, RandomGenerator random) {
        Tensor values = Tensor.randn(random, entries, width);
        if (row.isPresent()) {
            try (Scope scope = Scope.open()) {
                values.select(0, row.getAsInt()).fill(0);
            }
        }
        return new Parameter(values);
    }

    /** Counted from the beginning. */
    static OptionalInt checked(int entries, OptionalInt paddingIdx) {
        if (paddingIdx.isEmpty()) {
            return paddingIdx;
        }
        int row = paddingIdx.getAsInt();
        if (row < -entries || row >= entries) {
            throw new IllegalArgumentException(
                    "embedding: paddingIdx must be a row of the table of " + entries + ", was " + row + ".");
        }
        return OptionalInt.of(row < 0 ? row + entries : row);
    }

    public Parameter weight() {
        return weight;
    }

    @Override
    protected Tensor compute(Tensor input) {
        return weight.value().embedding(input, paddingIdx);
    }

    @Override
    public String toString() {
        return "Embedding(" + weight.shape().dim(0) + ", " + weight.shape().dim(1) + ")";
    }
}
