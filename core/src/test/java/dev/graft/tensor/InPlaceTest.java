package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.graft.backend.Activation;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes in place: what autograd follows is refused while it records, and sources are read as they were before. */
class InPlaceTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** A function that changes its argument, by its name in messages. */
    record Change(String name, Consumer<Tensor> function) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Change> changes() {
        return List.of(
                new Change("fill", t -> t.fill(7)),
                new Change("mulInPlace", t -> t.mulInPlace(3)),
                new Change("addInPlace", t -> t.addInPlace(Raw.zeros(t, t.shape()), 1)),
                new Change("copyFrom", t -> t.copyFrom(Raw.zeros(t, t.shape()))),
                new Change("batchNormTrain", t -> normalise(t, Tensor.ones(t.numel()))),
                new Change("batchNormTrain", t -> normalise(Tensor.ones(t.numel()), t)));
    }

    private static void normalise(Tensor runningMean, Tensor runningVariance) {
        int c = runningMean.numel();
        Tensor.ones(2, c)
                .batchNormTrain(
                        Tensor.ones(c),
                        Tensor.zeros(c),
                        1e-5f,
                        runningMean.reshape(c),
                        runningVariance.reshape(c),
                        0.1f,
                        Optional.empty(),
                        Activation.NONE);
    }

    private static Tensor leaf() {
        return Tensor.of(new float[] {1, 2, 3, 4}, 4).requireGrad(true);
    }

    private static float[] grad(Tensor leaf) {
        return leaf.grad().orElseThrow().toFloatArray();
    }

    @ParameterizedTest
    @MethodSource("changes")
    void aRecordedResultIsNotChangedUnseen(Change change) {
        Tensor x = leaf();
        Tensor y = x.mul(2);
        assertThatIllegalStateException()
                .isThrownBy(() -> change.function().accept(y))
                .withMessageMatching(
                        change.name() + ": the tensor "
                                + "\\[4\\] is a result of (mul|reshape) that autograd recorded; a change in place is not recorded and would make gradients "
                                + "wrong\\. Hint: use a function that returns a new tensor, or change it under Autograd\\.noGrad\\(\\)\\.");
        assertThat(y.toFloatArray()).containsExactly(2, 4, 6, 8);
        y.sum().backward();
        assertThat(grad(x)).containsExactly(2, 2, 2, 2);
    }

    @ParameterizedTest
    @MethodSource("changes")
    void viewsOfResultsAndOfLeavesAreNotChangedUnseen(Change change) {
        Map<String, UnaryOperator<Tensor>> views = new LinkedHashMap<>();
        views.put("slice", t -> t.slice(0, 1, 3));
        views.put("reshape", t -> t.reshape(2, 2));
        views.put("permute", t -> t.reshape(2, 2).transpose(0, 1));
        views.put("select", t -> t.reshape(2, 2).select(0, 1));
        for (UnaryOperator<Tensor> view : views.values()) {
            for (Tensor base : List.of(leaf(), leaf().mul(2))) {
                float[] before = base.toFloatArray();
                Tensor v = view.apply(base);
                assertThatIllegalStateException()
                        .isThrownBy(() -> change.function().accept(v))
                        .withMessageStartingWith(change.name() + ": the tensor ")
                        .withMessageContaining("that autograd recorded");
                assertThat(base.toFloatArray()).containsExactly(before);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("changes")
    void aLeafThatWantsAGradientIsNotChangedUnseen(Change change) {
        Tensor x = leaf();
        if (change.name().equals("batchNormTrain")) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> change.function().accept(x))
                    .withMessageContaining("recorded");
        } else {
            assertThatIllegalStateException()
                    .isThrownBy(() -> change.function().accept(x))
                    .withMessage(change.name() + ": the tensor [4] is a "
                            + "leaf that requires a gradient; a change in place is not recorded. Hint: change it under Autograd.noGrad(), as initialisers "
                            + "and optimizers do.");
        }
        assertThat(x.toFloatArray()).containsExactly(1, 2, 3, 4);
    }

    @Test
    void aSourceThatWantsAGradientIsNotForgotten() {
        Tensor x = leaf();
        Tensor target = Tensor.zeros(4);
        for (Tensor source : List.of(x, x.exp(), x.reshape(2, 2).transpose(0, 1).flatten(0))) {
            Map<String, BiConsumer<Tensor, Tensor>> functions =
                    Map.of("copyFrom", Tensor::copyFrom, "addInPlace", (t, s) -> t.addInPlace(s, 2));
            functions.forEach((name, function) -> assertThatIllegalStateException()
                    .isThrownBy(() -> function.accept(target, source))
                    .withMessage(name
                            + ": the source [4] requires a gradient, which would be lost: a change in place is not recorded. "
                            + "Hint: pass source.detach(), or call it under Autograd.noGrad()."));
        }
        assertThat(target.toFloatArray()).containsExactly(0, 0, 0, 0);
        assertThat(target.copyFrom(x.detach()).toFloatArray()).containsExactly(1, 2, 3, 4);
    }

    @ParameterizedTest
    @MethodSource("changes")
    void withoutRecordingEverythingMayChange(Change change) {
        // As in PyTorch: the gradient is that of what was recorded.
        Tensor x = leaf();
        Tensor y = x.mul(2);
        try (Autograd.Guard guard = Autograd.noGrad()) {
            change.function().accept(y);
            change.function().accept(x);
            change.function().accept(y.slice(0, 0, 2));
        }
        y.sum().backward();
        assertThat(grad(x)).containsExactly(2, 2, 2, 2);
    }

    @ParameterizedTest
    @MethodSource("changes")
    void withoutRecordingAChangeOfWhatWasSavedIsStillNoticed(Change change) {
        Tensor x = leaf();
        Tensor y = x.exp();
        Tensor loss = y.sum();
        try (Autograd.Guard guard = Autograd.noGrad()) {
            change.function().accept(y.slice(0, 0, 2));
        }
        assertThatIllegalStateException()
                .isThrownBy(loss::backward)
                .withMessageContaining("was changed in place after the forward pass");
        assertThat(x.grad()).isEmpty();
    }

    @Test
    void aDetachedHandleChangesTheMemoryAlone() {
        // As in PyTorch: detach() says that the change is none of autograd's business.
        Tensor x = leaf();
        Tensor y = x.mul(2);
        y.detach().mulInPlace(3);
        assertThat(y.toFloatArray()).containsExactly(6, 12, 18, 24);
        y.sum().backward();
        assertThat(grad(x)).containsExactly(2, 2, 2, 2);
    }

    @Test
    void optimizersUpdateLeavesAndNotResults() {
        Tensor x = leaf();
        Tensor y = x.mul(2);
        Tensor g = Tensor.ones(4);
        assertThatIllegalStateException()
                .isThrownBy(() -> Update.sgd(y, g, Optional.empty(), true, 1, 0, 0, 0, false))
                .withMessage(
                        "sgd: the weight [4] is a result of mul, not a leaf. Hint: update the tensor it was computed from.");
        Update.sgd(x, g, Optional.empty(), true, 1, 0, 0, 0, false);
        assertThat(x.toFloatArray()).containsExactly(0, 1, 2, 3);
    }

    @ParameterizedTest
    @MethodSource("changes")
    void elementsThatRepeatAreNotWritten(Change change) {
        Tensor one = Tensor.ones(1);
        for (Tensor repeated : List.of(
                one.expand(4),
                Tensor.ones(2, 1).expand(2, 3).reshape(2, 3, 1).select(2, 0),
                one.expand(3, 2).transpose(0, 1),
                one.expand(2, 2).reshape(4))) {
            if (change.name().equals("batchNormTrain") && repeated.rank() > 1) {
                continue; // running statistics are made contiguous vectors by the caller here
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> change.function().accept(repeated))
                    .withMessage(change.name() + ": the tensor " + repeated.shape()
                            + " repeats elements in memory, so they cannot change one by one. Hint: copy() it first.");
        }
        assertThat(one.item()).isEqualTo(1);
        change.function().accept(one.expand(1, 1).reshape(1).slice(0, 0, 1)); // a single element repeats nothing
    }

    @Test
    void statisticsThatShareMemoryAreRefused() {
        Tensor both = Tensor.ones(4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> normalise(both, both))
                .withMessage(
                        "batchNormTrain: two of the tensors to be changed share memory ([4], [4]). Hint: copy() one of them.");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> normalise(both.slice(0, 0, 3), both.slice(0, 1, 4)))
                .withMessageContaining("share memory");
        assertThat(both.toFloatArray()).containsExactly(1, 1, 1, 1);
    }

    @Test
    void optimizerStateMustNotRepeatOrShareMemory() {
        Tensor w = Tensor.ones(4);
        Tensor g = Tensor.ones(4);
        Tensor repeated = Tensor.ones(1).expand(4);
        Tensor z = Tensor.zeros(4);
        List<Consumer<Tensor>> steps = List.of(
                t -> Update.sgd(w, g, Optional.of(t), false, 0.1f, 0.9f, 0, 0, false),
                t -> Update.adamW(w, g, t, z, 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0),
                t -> Update.adamW(w, g, z, t, 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0),
                t -> Update.adam(w, g, t, z, 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0),
                t -> Update.adam(w, g, z, t, 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0));
        for (Consumer<Tensor> step : steps) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> step.accept(repeated))
                    .withMessageContaining("repeats elements in memory");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> step.accept(w))
                    .withMessageContaining("share memory");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Update.adamW(w, g, z, z, 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0))
                .withMessageContaining("share memory");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Update.sgd(w, Tensor.arange(4), Optional.empty(), true, 0.1f, 0, 0, 0, false))
                .withMessageContaining("F32");
        assertThat(w.toFloatArray()).containsExactly(1, 1, 1, 1);
        assertThat(z.toFloatArray()).containsExactly(0, 0, 0, 0);
    }

    @Test
    void stepsNoticeThatTheirStateChanged() {
        Tensor w = Tensor.ones(2);
        Tensor x = leaf().slice(0, 0, 2);
        Tensor state = Tensor.ones(2);
        List<Runnable> steps = List.of(
                () -> Update.sgd(w, Tensor.ones(2), Optional.of(state), false, 0.1f, 0.9f, 0, 0, false),
                () -> Update.adamW(w, Tensor.ones(2), state, Tensor.ones(2), 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0),
                () -> Update.adamW(w, Tensor.ones(2), Tensor.ones(2), state, 1, 0.1f, 0.9f, 0.99f, 1e-8f, 0));
        for (Runnable step : steps) {
            Tensor loss = x.mul(state).sum();
            step.run();
            assertThatIllegalStateException().isThrownBy(loss::backward).withMessageContaining("was changed in place");
        }
    }

    /** A step of SGD whose gradient lies in the weight's memory, moved by one: as if it had been copied first. */
    @ParameterizedTest
    @ValueSource(ints = {5, 1000, 100_000})
    void stepsReadOverlappingGradientsAsTheyWere(int n) {
        Tensor base = iota(n + 1);
        float[] w = base.slice(0, 1, n + 1).toFloatArray();
        float[] g = base.slice(0, 0, n).toFloatArray();
        Update.sgd(base.slice(0, 1, n + 1), base.slice(0, 0, n), Optional.empty(), true, 1, 0, 0, 0, false);
        for (int i = 0; i < n; i++) {
            w[i] -= g[i];
        }
        assertThat(base.slice(0, 1, n + 1).toFloatArray()).isEqualTo(w);
        Tensor v = iota(n + 1);
        Tensor weight = Tensor.zeros(n);
        float[] moments = v.slice(0, 0, n).toFloatArray();
        float[] gradients = v.slice(0, 1, n + 1).toFloatArray();
        Update.sgd(weight, v.slice(0, 1, n + 1), Optional.of(v.slice(0, 0, n)), false, 1, 0.5f, 0, 0, false);
        for (int i = 0; i < n; i++) {
            moments[i] = 0.5f * moments[i] + gradients[i];
        }
        assertThat(v.slice(0, 0, n).toFloatArray()).isEqualTo(moments);
    }

    /** Of several weights: what one changes is another's gradient, as it was before the step. */
    @Test
    void stepsOfSeveralWeightsReadGradientsAsTheyWere() {
        Tensor p = Tensor.of(new float[] {1, 2}, 2);
        Tensor q = Tensor.of(new float[] {3, 5}, 2);
        Update.sgd(List.of(p, q), List.of(q, p), List.of(), true, 1, 0, 0, 0, false);
        assertThat(p.toFloatArray()).containsExactly(-2, -3);
        assertThat(q.toFloatArray()).containsExactly(2, 3);
    }

    @Test
    void stepsOfSeveralWeightsAreRefusedTogether() {
        Tensor w = Tensor.ones(4);
        Tensor v = Tensor.ones(4);
        Tensor g = Tensor.ones(4);
        Tensor other = Tensor.ones(4);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Update.sgd(List.of(other, w, w), List.of(g, g, g), List.of(), true, 1, 0, 0, 0, false))
                .withMessageContaining("share memory");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Update.sgd(List.of(other, w), List.of(g, g), List.of(v, v), true, 1, 0.5, 0, 0, false))
                .withMessageContaining("share memory");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Update.sgd(List.of(other, w), List.of(g), List.of(), true, 1, 0, 0, 0, false))
                .withMessage("sgd: 2 weights need as many gradients (gradients 1, velocities 0)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Update.sgd(List.of(other, w), List.of(g, g), List.of(v), true, 1, 0.5, 0, 0, false))
                .withMessage("sgd: 2 weights need as many gradients and, with a momentum of 0.5, velocities (gradients"
                        + " 2, velocities 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Update.sgd(List.of(other, w), List.of(g, Tensor.ones(3)), List.of(), true, 1, 0, 0, 0, false))
                .withMessageContaining("shapes differ");
        assertThat(other.toFloatArray()).containsOnly(1);
        Update.sgd(List.of(), List.of(), List.of(), true, 1, 0, 0, 0, false);
    }

    private static Tensor iota(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = i % 1013;
        }
        return Tensor.of(values, n);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 100, 300})
    void aMatrixMayChangeByItsOwnTranspose(int n) {
        Tensor x = iota(n * n).reshape(n, n);
        float[] before = x.toFloatArray();
        float[] sum = new float[n * n];
        float[] transposed = new float[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                transposed[i * n + j] = before[j * n + i];
                sum[i * n + j] = before[i * n + j] + before[j * n + i];
            }
        }
        Tensor y = x.copy();
        assertThat(x.addInPlace(x.transpose(0, 1), 1).toFloatArray()).isEqualTo(sum);
        assertThat(y.copyFrom(y.transpose(0, 1)).toFloatArray()).isEqualTo(transposed);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 7, 64, 1000, 40_000, 100_000})
    void shiftedSlicesReadWhatWasThere(int n) {
        for (int shift : new int[] {1, 2, 5}) {
            if (shift >= n) {
                continue;
            }
            for (boolean forward : new boolean[] {true, false}) {
                for (DType dtype : new DType[] {DType.F32, DType.I64, DType.I32, DType.U8, DType.BF16, DType.F64}) {
                    Tensor x = iota(n).to(dtype);
                    Tensor low = x.slice(0, 0, n - shift);
                    Tensor high = x.slice(0, shift, n);
                    Tensor source = forward ? low : high;
                    float[] expected = source.toFloatArray();
                    (forward ? high : low).copyFrom(source);
                    assertThat((forward ? high : low).toFloatArray())
                            .as("%s by %d", dtype, shift)
                            .isEqualTo(expected);
                }
                Tensor x = iota(n);
                Tensor source = forward ? x.slice(0, 0, n - shift) : x.slice(0, shift, n);
                Tensor target = forward ? x.slice(0, shift, n) : x.slice(0, 0, n - shift);
                float[] expected = target.add(source.mul(2)).toFloatArray();
                assertThat(target.addInPlace(source, 2).toFloatArray()).isEqualTo(expected);
            }
        }
    }

    @Test
    void aTensorMayBeItsOwnSource() {
        Tensor x = iota(50_000);
        float[] before = x.toFloatArray();
        assertThat(x.copyFrom(x).toFloatArray()).isEqualTo(before);
        float[] twice = x.mul(2).toFloatArray();
        assertThat(x.addInPlace(x.slice(0, 0, 50_000), 1).toFloatArray()).isEqualTo(twice);
        List<Float> odd = new ArrayList<>();
        Tensor y = iota(9);
        y.slice(0, 0, 9, 2).slice(0, 0, 4).copyFrom(y.slice(0, 1, 9, 2));
        for (float value : y.toFloatArray()) {
            odd.add(value);
        }
        assertThat(odd).containsExactly(1f, 1f, 3f, 3f, 5f, 5f, 7f, 7f, 8f);
    }

    @Test
    void integersAreFilledWithIntegersOfTheirRangeAlone() {
        Tensor longs = Tensor.of(new long[] {1, 2}, 1, 1, 1, 2);
        Tensor ints = Tensor.of(new int[] {1, 2}, 1, 1, 1, 2);
        assertThat(longs.fill(-3).toLongArray()).containsExactly(-3, -3);
        assertThat(longs.fill(0x1p53).toLongArray()).containsExactly(1L << 53, 1L << 53);
        assertThat(ints.fill(Integer.MIN_VALUE).toIntArray()).containsExactly(Integer.MIN_VALUE, Integer.MIN_VALUE);
        longs.fill(5);
        ints.fill(5);
        for (double fraction : new double[] {0.5, -1e-30, Double.NaN}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> longs.fill(fraction))
                    .withMessage("fill: " + fraction + " is not a whole number, and the tensor is I64 [1, 1, 1, 2]."
                            + " Hint: call to(DType.F32).");
            assertThatIllegalArgumentException().isThrownBy(() -> ints.fill(fraction));
        }
        for (double large : new double[] {0x1p54, -1e30, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> longs.fill(large))
                    .withMessageContaining("is out of the range of I64");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> ints.fill(1L << 31));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> longs.pad2d(0, 0, 1, 1, 1.5f))
                .withMessageStartingWith("pad2d: 1.5 is not a whole number, and the tensor is I64");
        assertThatIllegalArgumentException().isThrownBy(() -> ints.pad2d(0, 0, 1, 1, Float.NaN));
        assertThat(longs.pad2d(0, 0, 1, 0, -1).toLongArray()).containsExactly(-1, 5, 5);
        assertThat(longs.toLongArray()).containsExactly(5, 5);
        assertThat(Tensor.of(new boolean[] {false}, 1).fill(2).toString()).contains("true");
        assertThat(Tensor.ones(1).fill(Double.NaN).item()).isNaN();
    }
}
