package dev.graft.nn.layer;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;

/**
 * Sums, means or maxima of a table's rows: bags of equal size {@code [B, L]}, or indices {@code [M]} with the offset at
 * which each bag begins {@code [B]}, to {@code [B, width]}; key {@code weight [entries, width]}. A bag without rows
 * gives zeros. {@code forward(List.of(indices, offsets))} takes bags of different sizes.
 *
 * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html">torch.nn.EmbeddingBag</a>
 */
public final class EmbeddingBag extends Module {
    /** What becomes of a bag's rows. */
    public enum Mode {
        SUM,
        MEAN,
        MAX
    }

    private final Parameter weight;
    private final Mode mode;
    private final OptionalInt paddingIdx;

    public EmbeddingBag(int entries, int width, Mode mode, RandomGenerator random) {
        this(entries, width, mode, OptionalInt.empty(), random);
    }

    /** @param paddingIdx a row that no bag counts, and that is not trained; negative ones count from the end */
    public EmbeddingBag(int entries, int width, Mode mode, OptionalInt paddingIdx, RandomGenerator random) {
        this.mode = mode;
        this.paddingIdx = Embedding.checked(entries, paddingIdx);
        this.weight = Embedding.table(entries, width, this.paddingIdx, random);
    }

    public Parameter weight() {
        return weight;
    }

    @Override
    protected List<Tensor> compute(List<Tensor> inputs) {
        return List.of(bags(
                inputs.get(0), inputs.size() > 1 ? Optional.of(inputs.get(1)) : Optional.empty(), Optional.empty()));
    }

    /**
     * With a factor for each row.
     *
     * @param offsets {@code [B]}, from 0 up, for indices {@code [M]}; absent for {@code [B, L]}
     * @param perSampleWeights of the indices' shape, for sums only; may have a gradient
     */
    public Tensor forward(Tensor indices, Optional<Tensor> offsets, Optional<Tensor> perSampleWeights) {
        return asThisLayer(List.of(indices), () -> bags(indices, offsets, perSampleWeights));
    }

    private Tensor bags(Tensor indices, Optional<Tensor> offsets, Optional<Tensor> factors) {
        if (indices.rank() != (offsets.isPresent() ? 1 : 2)) {
            throw new IllegalArgumentException(
                    "embeddingBag: indices must be [B, L], or [M] with offsets (indices " + indices.shape()
                            + offsets.map(o -> ", offsets " + o.shape()).orElse("") + ").");
        }
        factors.ifPresent(f -> {
            if (mode != Mode.SUM || !f.shape().equals(indices.shape())) {
                throw new IllegalArgumentException(
                        "embeddingBag: weights per sample are for sums, and of the indices' shape (mode " + mode
                                + ", indices " + indices.shape() + ", weights " + f.shape() + ").");
            }
        });
        long[] begins = offsets.map(o -> begins(o, indices.dim(0))).orElseGet(() -> equal(indices));
        int bags = begins.length - 1;
        int count = indices.numel();
        int width = weight.shape().dim(1);
        long[] places = new long[count];
        int longest = 1;
        for (int b = 0; b < bags; b++) {
            Arrays.fill(places, (int) begins[b], (int) begins[b + 1], b);
            longest = (int) Math.max(longest, begins[b + 1] - begins[b]);
        }
        Tensor flat = indices.reshape(count);
        Tensor rows = weight.value().embedding(flat, paddingIdx);
        Optional<Tensor> counts = paddingIdx.isPresent()
                ? Optional.of(flat.to(DType.I64).ne(paddingIdx.getAsInt()).unsqueeze(1))
                : Optional.empty();
        return mode == Mode.MAX
                ? largest(rows, counts, begins, longest)
                : added(rows, counts, factors.map(f -> f.reshape(count, 1)), places, bags, width);
    }

    private static long[] equal(Tensor indices) {
        long[] begins = new long[indices.dim(0) + 1];
        for (int b = 0; b < begins.length; b++) {
            begins[b] = (long) b * indices.dim(1);
        }
        return begins;
    }

    private static long[] begins(Tensor offsets, int count) {
        long[] given = offsets.toLongArray();
        long[] begins = Arrays.copyOf(given, given.length + 1);
        begins[given.length] = count;
        boolean fits = offsets.rank() == 1 && (given.length == 0 ? count == 0 : given[0] == 0);
        for (int b = 0; b < given.length; b++) {
            fits &= begins[b] <= begins[b + 1];
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "embeddingBag: offsets must be [B], begin with 0, not decrease, and not exceed the number of indices, "
                            + count + " (offsets " + offsets + ").");
        }
        return begins;
    }

    /** @param counts which rows are no padding; absent if all count */
    private Tensor added(
            Tensor rows, Optional<Tensor> counts, Optional<Tensor> factors, long[] places, int bags, int width) {
        Tensor weighted = factors.map(rows::mul).orElse(rows);
        Tensor counted = counts.map(c -> Tensor.where(c, weighted, zero(rows))).orElse(weighted);
        Tensor at = Tensor.of(rows.device(), places, places.length, 1);
        Tensor sums = Tensor.zeros(rows.device(), bags, width).scatterAdd(0, at.expand(places.length, width), counted);
        if (mode == Mode.SUM) {
            return sums;
        }
        Tensor ones = counts.map(c -> c.to(DType.F32)).orElseGet(() -> Tensor.ones(rows.device(), places.length, 1));
        Tensor sizes = Tensor.zeros(rows.device(), bags, 1).scatterAdd(0, at, ones);
        return sums.div(sizes.clamp(1, Float.MAX_VALUE));
    }

    private static Tensor zero(Tensor like) {
        return Tensor.scalar(like.device(), 0);
    }

    /** Bags filled up to the longest with the first row of all, which is then hidden. */
    private static Tensor largest(Tensor rows, Optional<Tensor> counts, long[] begins, int longest) {
        int bags = begins.length - 1;
        int width = rows.dim(1);
        if (rows.dim(0) == 0 || bags == 0) {
            return Tensor.zeros(rows.device(), bags, width);
        }
        long[] at = new long[bags * longest];
        boolean[] inside = new boolean[at.length];
        for (int b = 0; b < bags; b++) {
            for (int i = 0; i < longest; i++) {
                inside[b * longest + i] = begins[b] + i < begins[b + 1];
                at[b * longest + i] = inside[b * longest + i] ? begins[b] + i : 0;
            }
        }
        Tensor places = Tensor.of(rows.device(), at, at.length);
        Tensor inBag = Tensor.of(rows.device(), inside, at.length, 1);
        Tensor seen = counts.map(
                        c -> c.to(DType.F32).indexSelect(0, places).gt(0).logicalAnd(inBag))
                .orElse(inBag);
        Tensor candidates = rows.indexSelect(0, places)
                .maskedFill(seen.logicalNot(), Float.NEGATIVE_INFINITY)
                .reshape(bags, longest, width);
        Tensor none = seen.to(DType.F32).reshape(bags, longest).sum(1).eq(0).unsqueeze(1);
        return candidates.max(1).values().maskedFill(none, 0);
    }

    @Override
    public String toString() {
        return "EmbeddingBag(" + weight.shape().dim(0) + ", " + weight.shape().dim(1) + ", " + mode + ")";
    }
}
