package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.graft.backend.Activation;
import dev.graft.backend.AttentionParams;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.RecurrentCell;
import dev.graft.backend.Reduction;
import dev.graft.backend.UnaryOp;
import dev.graft.type.DType;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What recorded operators keep: nothing that no wanted gradient reads, for every operator and every choice of wanted
 * gradients.
 */
class SavedTensorsTest {
    private static final int N = 3;
    private static final int C = 4;

    /**
     * One operator, and what the formulas of its gradients read.
     *
     * @param key the operator, as in {@link OpCases#key}
     * @param dims shapes of the arguments that may want a gradient
     * @param reads for each of them, what its gradient reads: {@code 0} to {@code 3} are arguments, {@code y} is the
     *     result, {@code Y} is the result unless another gradient reads argument 0; other letters are named in
     *     {@code sizes}
     * @param sizes bytes of what is neither an argument nor the result
     */
    record Keeps(
            Object key,
            String name,
            List<int[]> dims,
            Function<Tensor[], Tensor> function,
            List<String> reads,
            Map<Character, Long> sizes) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static int[] d(int... dims) {
        return dims;
    }

    private static Keeps of(Object key, Function<Tensor[], Tensor> function, List<int[]> dims, String... reads) {
        return new Keeps(
                key,
                key instanceof Class<?> c ? c.getSimpleName() : key.toString(),
                dims,
                function,
                List.of(reads),
                Map.of());
    }

    private static Keeps with(Keeps k, String suffix, Map<Character, Long> sizes) {
        return new Keeps(k.key(), k.name() + suffix, k.dims(), k.function(), k.reads(), sizes);
    }

    static List<Keeps> cases() {
        List<Keeps> cases = new ArrayList<>();
        List<int[]> one = List.of(d(3, 5));
        for (UnaryOp op : UnaryOp.values()) {
            String reads =
                    switch (op) {
                        case NEG, AFFINE, FLOOR, ROUND -> "";
                        case EXP, SQRT, RECIPROCAL, RSQRT, EXPM1, SIGMOID, TANH, RELU, RELU6 -> "y";
                        default -> "0";
                    };
            cases.add(of(op, in -> Op.apply(new PointwiseOp.Unary(op, 0.5f, 1.5f), in), one, reads));
        }
        List<int[]> two = List.of(d(3, 5), d(7, 1, 5));
        cases.add(of(BinaryOp.ADD, in -> in[0].add(in[1]), two, "", ""));
        cases.add(of(BinaryOp.SUB, in -> in[0].sub(in[1]), two, "", ""));
        cases.add(of(BinaryOp.MUL, in -> in[0].mul(in[1]), two, "1", "0"));
        cases.add(of(BinaryOp.DIV, in -> in[0].div(in[1]), two, "1", "1y"));
        cases.add(of(BinaryOp.MAXIMUM, in -> in[0].maximum(in[1]), two, "01", "01"));
        cases.add(of(BinaryOp.MINIMUM, in -> in[0].minimum(in[1]), two, "01", "01"));
        cases.add(with(
                of(
                        PointwiseOp.Where.class,
                        in -> Tensor.where(Tensor.of(new boolean[] {true, false, true, true, false}, 5), in[0], in[1]),
                        two,
                        "c",
                        "c"),
                "",
                Map.of('c', 5L)));
        cases.add(of(BinaryOp.PRELU, in -> in[0].prelu(in[1]), List.of(d(3, 5), d(5)), "01", "0"));
        cases.add(of(PointwiseOp.Dropout.class, in -> in[0].dropout(0.5f, 3), one, ""));
        cases.add(of(PointwiseOp.Convert.class, in -> in[0].to(DType.BF16), one, ""));
        cases.add(of(ShapeOp.Reshape.class, in -> in[0].reshape(15), one, ""));
        cases.add(of(ShapeOp.Contiguous.class, in -> Op.apply(new ShapeOp.Contiguous(), in), one, ""));
        cases.add(of(ShapeOp.Copy.class, in -> in[0].copy(), one, ""));
        cases.add(of(ShapeOp.Permute.class, in -> in[0].permute(1, 0), one, ""));
        cases.add(of(ShapeOp.Expand.class, in -> in[0].expand(2, 3, 5), one, ""));
        cases.add(of(ShapeOp.Slice.class, in -> in[0].slice(1, 1, 4), one, ""));
        cases.add(of(ShapeOp.Concat.class, in -> Tensor.concat(0, in), List.of(d(3, 5), d(2, 5), d(1, 5)), "", "", ""));
        cases.add(of(
                SpatialOp.Resample2d.class,
                in -> in[0].interpolate(InterpolateParams.bilinear().size(5, 7)),
                List.of(d(1, 2, 3, 4)),
                ""));
        cases.add(of(ShapeOp.Pad2d.class, in -> in[0].pad2d(1, 0, 2, 1), List.of(d(1, 2, 3, 4)), ""));
        for (Reduction r : Reduction.values()) {
            cases.add(of(
                    r,
                    in -> Op.apply(new ReductionOp.Fold(r, new boolean[] {false, true}), in),
                    one,
                    r == Reduction.MAX || r == Reduction.MIN ? "0y" : ""));
        }
        cases.add(of(BinaryOp.FLOOR_DIVIDE, in -> in[0].floorDivide(in[1]), two, "", ""));
        cases.add(of(BinaryOp.REMAINDER, in -> in[0].remainder(in[1]), two, "", "01"));
        cases.add(of(ShapeOp.Diagonal.class, in -> in[0].diagonal(), one, ""));
        cases.add(of(IndexOp.Flip.class, in -> in[0].flip(1), one, ""));
        cases.add(of(ReductionOp.CumSum.class, in -> in[0].cumsum(1), one, ""));
        Map<Character, Long> centered = Map.of('c', 4L * 15);
        boolean[] last = {false, true};
        cases.add(with(
                of(ReductionOp.Variance.class, in -> Op.apply(new ReductionOp.Variance(false, 1, last), in), one, "c"),
                " var",
                centered));
        cases.add(with(
                of(ReductionOp.Variance.class, in -> Op.apply(new ReductionOp.Variance(true, 1, last), in), one, "cy"),
                " std",
                centered));
        for (double p : new double[] {1, 2, 3, Double.POSITIVE_INFINITY}) {
            cases.add(with(
                    of(
                            ReductionOp.Norm.class,
                            in -> Op.apply(new ReductionOp.Norm(p, last), in),
                            one,
                            p == 1 ? "0" : "0y"),
                    " " + p,
                    Map.of()));
        }
        Map<Character, Long> index = Map.of('i', 8L * 6);
        Tensor chosen = Tensor.of(new long[] {0, 2, 1, 1, 0, 2}, 2, 3);
        List<int[]> sources = List.of(d(3, 5), d(2, 3));
        cases.add(with(of(IndexOp.Gather.class, in -> in[0].gather(1, chosen), one, "i"), "", index));
        cases.add(with(
                of(IndexOp.IndexSelect.class, in -> in[0].indexSelect(1, chosen.flatten(0)), one, "i"), "", index));
        cases.add(with(
                of(IndexOp.Scatter.class, in -> in[0].scatter(0, chosen, in[1]), sources, "i", "i"), " set", index));
        cases.add(with(
                of(IndexOp.Scatter.class, in -> in[0].scatterAdd(0, chosen, in[1]), sources, "", "i"), " add", index));
        cases.add(of(ReductionOp.Softmax.class, in -> in[0].softmax(1), one, "y"));
        cases.add(with(of(ReductionOp.Softmax.class, in -> in[0].logSoftmax(1), one, "y"), " log", Map.of()));
        cases.add(of(ProductOp.Matmul.class, in -> in[0].matmul(in[1]), List.of(d(2, 3, 4), d(4, 5)), "1", "0"));
        cases.add(of(
                ProductOp.Linear.class,
                in -> in[0].linear(in[1], Optional.of(in[2])),
                List.of(d(2, 3, 4), d(5, 4), d(5)),
                "1",
                "0",
                ""));
        cases.add(of(
                ProductOp.Conv2d.class,
                in -> in[0].conv2d(in[1], Optional.of(in[2]), Conv2dParams.of(1, 1)),
                List.of(d(N, C, 5, 6), d(7, C, 3, 3), d(7)),
                "1",
                "0",
                ""));
        cases.add(of(
                SpatialOp.ConvTranspose2d.class,
                in -> in[0].convTranspose2d(in[1], Optional.of(in[2]), ConvTranspose2dParams.of(2, 1)),
                List.of(d(N, C, 5, 6), d(C, 7, 3, 3), d(7)),
                "1",
                "0",
                ""));
        Conv2dParams windows = Conv2dParams.of(1, 1);
        cases.add(of(ShapeOp.Windows.class, in -> in[0].unfold(1, 2, 1), List.of(d(3, 5)), ""));
        cases.add(of(SpatialOp.Unfold2d.class, in -> in[0].unfold2d(2, 2, windows), List.of(d(1, 2, 3, 4)), ""));
        cases.add(of(SpatialOp.Fold2d.class, in -> in[0].fold2d(3, 4, 2, 2, windows), List.of(d(1, 8, 20)), ""));
        cases.add(with(
                of(
                        NormOp.GroupNorm.class,
                        in -> in[0].groupNorm(1, in[1], in[2], 1e-5f),
                        List.of(d(N, C, 5, 6), d(C), d(C)),
                        "01ms",
                        "0ms",
                        ""),
                "",
                Map.of('m', 4L * N, 's', 4L * N)));
        cases.add(with(
                of(NormOp.RmsNorm.class, in -> in[0].rmsNorm(in[1], 1e-5f), List.of(d(3, 5), d(5)), "01s", "0s"),
                "",
                Map.of('s', 12L)));
        Map<Character, Long> places = Map.of('i', 4L * N * C * 2 * 3);
        cases.add(with(
                of(PoolOp.MaxPool2d.class, in -> in[0].maxPool2d(Pool2dParams.of(2, 2)), List.of(d(N, C, 5, 6)), "i"),
                "",
                places));
        cases.add(of(PoolOp.AvgPool2d.class, in -> in[0].avgPool2d(Pool2dParams.of(2, 2)), List.of(d(N, C, 5, 6)), ""));
        cases.add(with(
                of(
                        RowOp.Embedding.class,
                        in -> in[0].embedding(Tensor.of(new long[] {1, 0, 1}, 3)),
                        List.of(d(6, 4)),
                        "i"),
                "",
                Map.of('i', 24L)));
        for (LossReduction r : LossReduction.values()) {
            cases.add(with(
                    of(
                            RowOp.CrossEntropy.class,
                            in -> in[0].crossEntropy(
                                    Tensor.of(new long[] {1, 0, 2}, 3),
                                    Optional.of(Tensor.of(new float[] {1, 2, 0.5f, 3}, 4)),
                                    0.1f,
                                    -100,
                                    r),
                            List.of(d(3, 4)),
                            r == LossReduction.MEAN ? "pitw" : "piw"),
                    " " + r,
                    Map.of('p', 48L, 'i', 24L, 't', 4L, 'w', 16L)));
        }
        norms(cases);
        sequences(cases);
        return cases;
    }

    private static void sequences(List<Keeps> cases) {
        cases.add(with(
                of(
                        AttentionOp.Attention.class,
                        in -> in[0].scaledDotProductAttention(in[1], in[2]),
                        List.of(d(1, 2, 3, 4), d(1, 2, 5, 4), d(1, 2, 5, 6)),
                        "012ys",
                        "012ys",
                        "01s"),
                "",
                Map.of('s', 48L)));
        cases.add(with(
                of(
                        AttentionOp.SelfAttention.class,
                        in -> in[0].selfAttention(2, Optional.empty(), AttentionParams.of(2)),
                        List.of(d(1, 3, 12)),
                        "0ys"),
                "",
                Map.of('s', 48L)));
        // 3 steps, 2 sequences, 5 units: activated gates, memory, and all results.
        cases.add(with(
                of(
                        RecurrentCell.LSTM,
                        in -> recurrent(RecurrentCell.LSTM, in),
                        List.of(d(3, 2, 4), d(20, 4), d(20, 5), d(2, 5), d(2, 5), d(20), d(20)),
                        "1gm24",
                        "0gm24",
                        "gm243r",
                        "gm24",
                        "gm2",
                        "gm24",
                        "gm24"),
                "",
                Map.of('g', 480L, 'm', 120L, 'r', 200L)));
        cases.add(with(
                of(
                        RecurrentCell.GRU,
                        in -> recurrent(RecurrentCell.GRU, in),
                        List.of(d(3, 2, 4), d(15, 4), d(15, 5), d(2, 5), d(15), d(15)),
                        "1gm23r",
                        "0gm23r",
                        "gm23r",
                        "gm23r",
                        "gm23r",
                        "gm23r"),
                "",
                Map.of('g', 360L, 'm', 120L, 'r', 160L)));
    }

    private static Tensor recurrent(RecurrentCell cell, Tensor[] in) {
        int states = cell == RecurrentCell.LSTM ? 2 : 1;
        return in[0].recurrent(
                        cell,
                        false,
                        new Recurrent.Weights(in[1], in[2], Optional.of(in[3 + states]), Optional.of(in[4 + states])),
                        new Recurrent.State(in[3], states == 2 ? Optional.of(in[4]) : Optional.empty()),
                        Optional.empty())
                .output();
    }

    private static void norms(List<Keeps> cases) {
        Map<Character, Long> statistics = Map.of('m', 4L * C, 's', 4L * C);
        for (Activation a : Activation.values()) {
            boolean mask = a != Activation.NONE;
            List<int[]> dims = List.of(d(N, C, 5, 6), d(C), d(C));
            List<int[]> four = List.of(d(N, C, 5, 6), d(C), d(C), d(N, C, 5, 6));
            // Without a residual the mask of a training norm follows from the argument, which is there anyway.
            cases.add(with(
                    of(
                            NormOp.BatchNormTrain.class,
                            in -> train(in, a),
                            dims,
                            mask ? "012ms" : "01ms",
                            mask ? "012ms" : "0ms",
                            mask ? "Y" : ""),
                    " " + a,
                    statistics));
            cases.add(with(
                    of(
                            NormOp.BatchNormTrain.class,
                            in -> train(in, a),
                            four,
                            mask ? "01msy" : "01ms",
                            mask ? "0msy" : "0ms",
                            mask ? "y" : "",
                            mask ? "y" : ""),
                    " residual " + a,
                    statistics));
            cases.add(with(
                    of(
                            NormOp.BatchNormEval.class,
                            in -> evaluate(in, a),
                            dims,
                            mask ? "1sy" : "1s",
                            mask ? "0msy" : "0ms",
                            mask ? "y" : ""),
                    " " + a,
                    statistics));
            cases.add(with(
                    of(
                            NormOp.BatchNormEval.class,
                            in -> evaluate(in, a),
                            four,
                            mask ? "1sy" : "1s",
                            mask ? "0msy" : "0ms",
                            mask ? "y" : "",
                            mask ? "y" : ""),
                    " residual " + a,
                    statistics));
        }
        cases.add(with(
                of(
                        NormOp.LayerNorm.class,
                        in -> in[0].layerNorm(in[1], in[2], 1e-5f),
                        List.of(d(2, 3, 5), d(5), d(5)),
                        "01s",
                        "0s",
                        ""),
                "",
                Map.of('s', 48L)));
    }

    private static Tensor train(Tensor[] in, Activation a) {
        return in[0].batchNormTrain(in[1], in[2], 1e-5f, Tensor.zeros(C), Tensor.ones(C), 0.1f, residual(in), a);
    }

    private static Tensor evaluate(Tensor[] in, Activation a) {
        return in[0].batchNormEval(in[1], in[2], Tensor.full(0.1f, C), Tensor.full(2, C), 1e-5f, residual(in), a);
    }

    private static Optional<Tensor> residual(Tensor[] in) {
        return in.length > 3 ? Optional.of(in[3]) : Optional.empty();
    }

    /** Arguments of which those in the bit set {@code wanted} want a gradient. */
    private static Tensor[] arguments(Keeps c, int wanted) {
        Random random = new Random(5);
        Tensor[] in = new Tensor[c.dims().size()];
        for (int i = 0; i < in.length; i++) {
            // Norms need results on both sides of their activation, roots and logarithms positive arguments.
            in[i] = Tensor.uniform(
                            random,
                            c.key() instanceof Class<?> ? -1.6f : 0.2f,
                            1.8f,
                            c.dims().get(i))
                    .requireGrad((wanted >> i & 1) != 0);
        }
        return in;
    }

    private static Node find(Tensor result, Object key) {
        Node node = result.node();
        while (!OpCases.key(node.op).equals(key)) {
            node = Arrays.stream(node.inputs).filter(n -> n != null).findFirst().orElseThrow();
        }
        return node;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void keepsWhatWantedGradientsRead(Keeps c) {
        for (int wanted = 1; wanted < 1 << c.dims().size(); wanted++) {
            try (Scope scope = Scope.open()) {
                Tensor[] in = arguments(c, wanted);
                Tensor result = c.function().apply(in);
                Set<Character> read = new TreeSet<>();
                for (int i = 0; i < in.length; i++) {
                    if ((wanted >> i & 1) != 0) {
                        c.reads().get(i).chars().forEach(letter -> read.add((char) letter));
                    }
                }
                if (read.remove('Y') && !read.contains('0')) {
                    read.add('y');
                }
                long expected = 0;
                for (char letter : read) {
                    expected += letter == 'y'
                            ? 4L * result.numel()
                            : Character.isDigit(letter)
                                    ? 4L * in[letter - '0'].numel()
                                    : c.sizes().get(letter);
                }
                long kept = 0;
                for (Tensor t : find(result, c.key()).saved.kept()) {
                    kept += (long) t.numel() * t.dtype().bytes();
                }
                assertThat(kept)
                        .as(
                                "bytes kept by %s where the inputs of %s want gradients, which read %s",
                                c, Integer.toBinaryString(wanted), read)
                        .isEqualTo(expected);
            }
        }
    }

    /** Takes one kept tensor away: the gradients must fail or change. */
    @ParameterizedTest
    @MethodSource("cases")
    void readsWhatItKeeps(Keeps c) {
        for (int wanted = 1; wanted < 1 << c.dims().size(); wanted++) {
            List<float[]> whole = gradients(c, wanted, -1);
            int kept = keptCount(c, wanted);
            for (int k = 0; k < kept; k++) {
                List<float[]> robbed;
                try {
                    robbed = gradients(c, wanted, k);
                } catch (RuntimeException e) {
                    continue;
                }
                boolean same = true;
                for (int i = 0; i < whole.size(); i++) {
                    same &= Arrays.equals(whole.get(i), robbed.get(i));
                }
                assertThat(same)
                        .as(
                                "gradients of %s, wanted %s, without its kept tensor %d are the same",
                                c, Integer.toBinaryString(wanted), k)
                        .isFalse();
            }
        }
    }

    private static int keptCount(Keeps c, int wanted) {
        try (Scope scope = Scope.open()) {
            return find(c.function().apply(arguments(c, wanted)), c.key())
                    .saved
                    .kept()
                    .size();
        }
    }

    private static List<float[]> gradients(Keeps c, int wanted, int without) {
        try (Scope scope = Scope.open()) {
            Tensor[] in = arguments(c, wanted);
            Tensor result = c.function().apply(in);
            if (without >= 0) {
                forget(find(result, c.key()).saved, without);
            }
            result.backward(Tensor.uniform(new Random(8), -1, 1, result.shape().toArray()));
            return Arrays.stream(in)
                    .filter(Tensor::requiresGrad)
                    .map(t -> t.grad().orElseThrow().toFloatArray())
                    .toList();
        }
    }

    private static void forget(Saved saved, int index) {
        try {
            Field field = Saved.class.getDeclaredField("tensors");
            field.setAccessible(true);
            Tensor[] slots = (Tensor[]) field.get(saved);
            Tensor victim = saved.kept().get(index);
            for (int i = 0; i < slots.length; i++) {
                slots[i] = slots[i] == victim ? null : slots[i];
            }
            victim.close();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("no such member", e);
        }
    }

    @Test
    void everyOperatorWithAGradientIsAmongTheCases() {
        Set<Object> missing = new HashSet<>(OpCatalogueTest.operators());
        cases().forEach(c -> missing.remove(c.key()));
        assertThat(missing)
                .isEqualTo(Arrays.stream(BinaryOp.values())
                        .filter(BinaryOp::isTruth)
                        .collect(Collectors.toSet()));
    }

    /**
     * Tensors that other tests left to the garbage collector may leave this count at any time: upper bounds alone can
     * be told.
     */
    private static long live() {
        return Device.cpu().memory().live();
    }

    @Test
    void frozenLayersInFrontOfATrainedInputKeepNoActivations() {
        int side = 512;
        long mebibyte = 4L * side * side;
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.full(0.01f, side, side).requireGrad(true);
            List<Tensor> weights = IntStream.range(0, 10)
                    .mapToObj(i -> Tensor.full(0.001f * (i + 1), side, side))
                    .toList();
            long before = live();
            Tensor y;
            try (Scope inner = Scope.open()) {
                Tensor h = x;
                for (Tensor w : weights) {
                    h = h.linear(w, Optional.empty()).mul(Tensor.scalar(2)).neg();
                }
                y = inner.keep(h);
            }
            assertThat(live() - before)
                    .as("bytes kept for ten frozen layers: the result alone")
                    .isLessThan(mebibyte + mebibyte / 4);
            y.sum().backward();
            assertThat(x.grad()).isPresent();
        }
    }

    @Test
    void aTrainedScaleOfAFrozenBranchKeepsTheBranchOnly() {
        int side = 512;
        long mebibyte = 4L * side * side;
        try (Scope scope = Scope.open()) {
            Tensor constant = Tensor.full(2, side, side);
            Tensor y = Tensor.full(1, side, side).requireGrad(true);
            long before = live();
            Tensor loss;
            try (Scope inner = Scope.open()) {
                loss = inner.keep(y.exp().mul(constant).add(3).mul(constant).sum());
            }
            assertThat(live() - before)
                    .as("exp keeps its result, mul a handle of the constant")
                    .isLessThan(mebibyte + mebibyte / 4);
            loss.backward();
            assertThat(y.grad().orElseThrow().get(3, 4)).isCloseTo((float) (4 * Math.E), offset(1e-5f));
        }
    }
}
