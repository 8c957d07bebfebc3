package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.assertj.core.data.Percentage.withPercentage;

import dev.graft.backend.Conv2dParams;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How gradients flow, whatever the operators. */
class AutogradTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor leaf(float... values) {
        return Tensor.of(values, values.length).requireGrad(true);
    }

    private static float[] grad(Tensor leaf) {
        return leaf.grad().orElseThrow().toFloatArray();
    }

    @Test
    void gradientsAddUpOverBackwardsUntilCleared() {
        Tensor w = leaf(1, 2);
        w.mul(3).sum().backward();
        w.square().sum().backward();
        assertThat(grad(w)).containsExactly(5, 7);
        w.clearGrad();
        assertThat(w.grad()).isEmpty();
        w.mul(3).sum().backward();
        assertThat(grad(w)).containsExactly(3, 3);
    }

    @Test
    void anOperandUsedTwiceGetsBothGradients() {
        Tensor x = leaf(2, -3);
        x.mul(x).sum().backward();
        assertThat(grad(x)).containsExactly(4, -6);
        Tensor y = leaf(2, -3);
        y.add(y).mul(Tensor.of(new float[] {5, 7}, 2)).sum().backward();
        assertThat(grad(y)).containsExactly(10, 14);
        Tensor z = leaf(2, -3);
        Tensor.concat(0, z, z).mul(Tensor.of(new float[] {1, 2, 3, 4}, 4)).sum().backward();
        assertThat(grad(z)).containsExactly(4, 6);
    }

    @Test
    void diamondsRunEachOperatorOnce() {
        Tensor x = leaf(3);
        Tensor shared = x.square();
        Tensor left = shared.mul(2);
        Tensor right = shared.exp();
        left.mul(right).sum().backward();
        // f = 2 s exp(s), s = x^2: df/dx = 2 exp(s) (1 + s) 2x
        assertThat(grad(x)[0]).isCloseTo((float) (2 * Math.exp(9) * 10 * 6), withPercentage(1e-4));
    }

    @Test
    void aLadderOfDiamondsTakesLinearTime() {
        Tensor x = leaf(1);
        Tensor y = x;
        for (int i = 0; i < 60; i++) {
            y = y.add(y);
        }
        y.backward();
        assertThat(grad(x)[0]).isEqualTo((float) Math.pow(2, 60));
    }

    @Test
    void gradientsOfSumsDoNotShareMemoryWithGradientsStillOnTheirWay() {
        // Each addition passes one gradient on to a leaf and to an earlier operator; the leaf collects several of them.
        Tensor x = leaf(1, 2);
        Tensor z = leaf(5, 6);
        Tensor inner = z.square().add(x);
        Tensor outer = x.add(inner);
        outer.mul(Tensor.of(new float[] {10, 100}, 2)).sum().backward();
        assertThat(grad(x)).containsExactly(20, 200);
        assertThat(grad(z)).containsExactly(100, 1200);
    }

    @Test
    void leavesDoNotShareOneGradient() {
        Tensor x = leaf(1, 2);
        Tensor z = leaf(3, 4);
        x.add(z).square().sum().backward();
        x.grad().orElseThrow().fill(0);
        assertThat(grad(z)).containsExactly(8, 12);
    }

    @Test
    void theSeedIsNotTouched() {
        Tensor x = leaf(1, 2);
        Tensor seed = Tensor.of(new float[] {1, 10}, 2);
        x.backward(seed);
        x.backward(seed);
        assertThat(grad(x)).containsExactly(2, 20);
        assertThat(seed.toFloatArray()).containsExactly(1, 10);
    }

    /** Gradients that are one number repeated, as sums and means give, meet others at every kind of junction. */
    @Test
    void gradientsThatRepeatOneElementAddUp() {
        Tensor x = leaf(1, 2, 3, 4);
        Tensor y = x.mul(2);
        y.square().mean().add(y.mean()).backward();
        assertThat(grad(x)).containsExactly(2.5f, 4.5f, 6.5f, 8.5f);
        Tensor z = leaf(1, 2, 3, 4);
        Tensor w = z.mul(2);
        w.mean()
                .add(w.square().mean())
                .add(w.sum())
                .add(w.reshape(2, 2).sum(0).sum())
                .backward();
        assertThat(grad(z)).containsExactly(6.5f, 8.5f, 10.5f, 12.5f);
        Tensor leaf = leaf(1, 2, 3, 4);
        leaf.sum().add(leaf.mean()).add(leaf.square().sum()).backward();
        assertThat(grad(leaf)).containsExactly(3.25f, 5.25f, 7.25f, 9.25f);
    }

    @Test
    void aResidualBlockThatSharesItsLayerDifferentiates() {
        Tensor w = Tensor.of(new float[] {1, 2, -1, 1}, 2, 2).requireGrad(true);
        Tensor h = Tensor.of(new float[] {1, 3, 2, -1}, 2, 2).mul(1).requireGrad(true);
        UnaryOperator<Tensor> g = t -> t.linear(w, Optional.empty());
        h.add(g.apply(g.apply(h).relu())).mean().backward();
        // g(h) = [7 2; 0 -3], relu = [7 2; 0 0]: each mean adds a quarter; dw = 1/4 (sum of relu + w's columns masked
        // times h).
        assertThat(grad(h)).containsExactly(-0.5f, 1, 0.25f, 0.25f);
        assertThat(grad(w)).containsExactly(1.75f, 0.5f, 2.5f, 2.75f);
    }

    @Test
    void diceAndCrossEntropyDifferentiateTogether() {
        Tensor logits = leaf(0.5f, -1, 2, 0);
        Tensor target = Tensor.of(new float[] {1, 0, 1, 0}, 4);
        Tensor p = logits.sigmoid();
        Tensor dice = p.mul(target)
                .sum()
                .mul(2)
                .add(1)
                .div(p.sum().add(target.sum()).add(1))
                .neg()
                .add(1);
        dice.add(logits.bceWithLogits(target, Optional.empty(), LossReduction.MEAN))
                .backward();
        // In double precision by PyTorch 2.13.
        assertThat(grad(logits))
                .containsExactly(new float[] {-0.14966013f, 0.09557491f, -0.054496155f, 0.16103489f}, offset(1e-7f));
    }

    @Test
    void leavesDoNotShareAGradientThatIsChangedLater() {
        Tensor x = leaf(1, 2);
        Tensor y = leaf(3, 4);
        Tensor z = leaf(5, 6);
        Tensor.concat(0, x.add(x), y.add(z), z)
                .mul(Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 6))
                .sum()
                .backward();
        x.grad().orElseThrow().mulInPlace(0);
        y.grad().orElseThrow().mulInPlace(0);
        assertThat(grad(x)).containsExactly(0, 0);
        assertThat(grad(z)).containsExactly(8, 10);
        Tensor p = leaf(1, 2);
        Tensor q = leaf(1, 2);
        p.reshape(2, 1)
                .add(q.reshape(2, 1))
                .sub(p.slice(0, 0, 2).reshape(2, 1))
                .sum()
                .backward();
        p.grad().orElseThrow().fill(9);
        assertThat(grad(q)).containsExactly(1, 1);
    }

    @Test
    void aGradientMayBeTheSeedOfThePassThatAddsToIt() {
        Tensor x = leaf(1, 2);
        Tensor z = leaf(5, 7);
        x.mul(3).sum().backward();
        Tensor g = x.grad().orElseThrow();
        x.reshape(2).add(z).backward(g);
        assertThat(grad(x)).containsExactly(6, 6);
        assertThat(grad(z)).containsExactly(3, 3);
        assertThat(g.toFloatArray()).containsExactly(6, 6);
    }

    @Test
    void leavesThatRepeatElementsGetAGradientOfTheirOwn() {
        Tensor x = Tensor.ones(1).expand(3).requireGrad(true);
        x.sum().backward();
        x.mul(Tensor.of(new float[] {1, 2, 3}, 3)).sum().backward();
        x.sum().backward();
        assertThat(grad(x)).containsExactly(3, 4, 5);
        x.grad().orElseThrow().mulInPlace(2);
        assertThat(grad(x)).containsExactly(6, 8, 10);
        // A slice's gradient fills its own memory and not a window of the whole.
        Tensor s = Tensor.ones(4, 100).slice(1, 0, 1).requireGrad(true);
        s.sum().backward();
        assertThat(s.grad().orElseThrow().storage().length()).isEqualTo(4);
    }

    @Test
    void aLeafFrozenBetweenForwardAndBackwardGetsNothing() {
        Tensor x = leaf(1, 2);
        Tensor z = leaf(3, 4);
        Tensor loss = x.mul(z).sum();
        x.requireGrad(false);
        loss.backward();
        assertThat(x.grad()).isEmpty();
        assertThat(grad(z)).containsExactly(1, 2);
        x.requireGrad(true);
        assertThat(x.grad()).isEmpty();
        Tensor y = leaf(5);
        y.mul(2).backward();
        Tensor second = y.mul(3);
        y.requireGrad(false);
        second.backward();
        assertThat(grad(y)).as("what was there stays").containsExactly(2);
    }

    @Test
    void gradientsFlowThroughFloatingPointTypes() {
        for (DType type : new DType[] {DType.BF16, DType.F16, DType.F64}) {
            Tensor x = leaf(1, -2, 0.5f);
            Tensor y = x.to(type);
            assertThat(y.requiresGrad()).isTrue();
            y.to(DType.F32).square().sum().backward();
            assertThat(grad(x)).as(type.toString()).containsExactly(2, -4, 1);
        }
        Tensor ends = leaf(1, 2).to(DType.I64);
        assertThat(ends.requiresGrad()).isFalse();
        assertThat(ends.to(DType.F32).requiresGrad()).isFalse();
    }

    @Test
    void gradientsAreRoundedToTheTypesTheyPass() {
        // torch: x.to(bfloat16).to(float32).mul(w).sum().backward(); a bfloat16 keeps 8 bits of 1.00390625 * 3 =
        // 3.01171875.
        Tensor x = leaf(1);
        x.to(DType.BF16).to(DType.F32).mul(3.01171875f).sum().backward();
        assertThat(grad(x)).containsExactly(3.015625f);
        Tensor z = leaf(1);
        z.to(DType.F16).to(DType.F32).mul(1e6f).sum().backward();
        assertThat(grad(z)).containsExactly(Float.POSITIVE_INFINITY);
    }

    @Test
    void viewsAndJunctionsOfOtherTypesCarryGradients() {
        Tensor x = leaf(1, 2, 3, 4);
        Tensor h = x.to(DType.BF16);
        Tensor views = Tensor.concat(
                0,
                h.reshape(2, 2).transpose(0, 1).slice(0, 0, 1),
                h.reshape(2, 2).slice(1, 1, 2).reshape(1, 2));
        Tensor repeated = h.reshape(4, 1).expand(4, 3).contiguous();
        views.to(DType.F32)
                .mul(Tensor.of(new float[] {1, 2, 3, 4}, 2, 2))
                .sum()
                .add(repeated.to(DType.F32).sum())
                .add(h.reshape(1, 1, 2, 2).pad2d(1, 0, 0, 1).to(DType.F32).sum())
                .backward();
        assertThat(grad(x)).containsExactly(5, 7, 6, 8);
    }

    @Test
    void aScalarLeafIsItsOwnDerivative() {
        Tensor x = Tensor.scalar(4).requireGrad(true);
        x.backward();
        assertThat(x.grad().orElseThrow().item()).isEqualTo(1);
    }

    @Test
    void longChainsDoNotOverflowTheStack() {
        Tensor x = leaf(1, 2, 3);
        Tensor y = x;
        for (int i = 0; i < 10_000; i++) {
            y = y.add(1);
        }
        y.sum().backward();
        assertThat(grad(x)).containsExactly(1, 1, 1);
        assertThat(y.toFloatArray()).containsExactly(10_001, 10_002, 10_003);
    }

    @Test
    void longChainsThatNeverRunBackwardAreFreedToo() {
        Tensor x = leaf(1);
        try (Scope inner = Scope.open()) {
            Tensor y = x;
            for (int i = 0; i < 10_000; i++) {
                y = y.sigmoid();
            }
            assertThat(y.requiresGrad()).isTrue();
        }
        assertThat(x.storage().holders()).isEqualTo(1);
    }

    @Test
    void nothingIsRecordedWhereNothingNeedsAGradient() {
        Tensor frozen = Tensor.ones(3);
        Tensor y = frozen.mul(2).relu();
        assertThat(y.requiresGrad()).isFalse();
        assertThat(y.node()).isNull();
    }

    @Test
    void aFrozenConvolutionKeepsNoActivation() {
        Tensor image = Tensor.randn(new Random(1), 1, 3, 6, 6);
        Tensor frozen = Tensor.randn(new Random(2), 4, 3, 3, 3);
        Tensor y = image.conv2d(frozen, Optional.empty(), Conv2dParams.of(1, 1));
        assertThat(y.node()).isNull();
        assertThat(image.storage().holders()).isEqualTo(1);

        // A gradient passing through on its way to the image needs the weight alone, never the image.
        image.requireGrad(true);
        Tensor through = image.conv2d(frozen, Optional.empty(), Conv2dParams.of(1, 1));
        assertThat(through.node().saved.kept().size()).isEqualTo(1);
        assertThat(frozen.storage().holders()).isEqualTo(2);
        assertThat(image.storage().holders()).isEqualTo(1);
    }

    @Test
    void frozenBatchNormKeepsNoActivation() {
        Tensor image = Tensor.randn(new Random(1), 2, 3, 4, 4)
                .permute(0, 3, 1, 2)
                .copy()
                .permute(0, 2, 3, 1)
                .requireGrad(true);
        Tensor one = Tensor.ones(3);
        Tensor y = image.batchNormEval(one, one, one, one, 1e-5f);
        int holders = image.storage().holders();
        y.sum().backward();
        assertThat(image.storage().holders())
                .as("nothing held the image for the backward")
                .isEqualTo(holders);
        assertThat(grad(image)[0]).isEqualTo((float) (1 / Math.sqrt(1 + 1e-5)));
    }

    @Test
    void gradientsNobodyAskedForAreNotComputed() {
        Tensor image = Tensor.ones(1, 3, 6, 6);
        Tensor w = Tensor.ones(4, 3, 3, 3).requireGrad(true);
        Node conv = image.conv2d(w, Optional.empty(), Conv2dParams.of(1, 1)).node();
        Tensor[] grads = conv.op.backward(conv.saved, Tensor.ones(1, 4, 6, 6), conv.needs);
        assertThat(grads[0]).isNull();
        assertThat(grads[1]).isNotNull();
        Node linear = Tensor.ones(2, 3)
                .linear(Tensor.ones(4, 3), Optional.of(leaf(1, 2, 3, 4)))
                .node();
        Tensor[] biasOnly = linear.op.backward(linear.saved, Tensor.ones(2, 4), linear.needs);
        assertThat(biasOnly[0]).isNull();
        assertThat(biasOnly[1]).isNull();
        assertThat(biasOnly[2].toFloatArray()).containsExactly(2, 2, 2, 2);
    }

    @Test
    void noGradRecordsNothingAndNests() {
        Tensor x = leaf(1);
        assertThat(Autograd.isEnabled()).isTrue();
        try (Autograd.Guard outer = Autograd.noGrad()) {
            try (Autograd.Guard inner = Autograd.noGrad()) {
                assertThat(x.mul(2).requiresGrad()).isFalse();
            }
            assertThat(Autograd.isEnabled()).isFalse();
            outer.close();
            assertThat(Autograd.isEnabled()).isTrue();
        }
        assertThat(Autograd.isEnabled()).as("closing a guard twice counts once").isTrue();
        assertThat(Autograd.noGrad(() -> x.mul(2)).requiresGrad()).isFalse();
        assertThat(x.mul(2).requiresGrad()).isTrue();
    }

    @Test
    void noGradEndsWithAnException() {
        Tensor x = leaf(1);
        try {
            Autograd.noGrad(() -> x.reshape(5));
        } catch (IllegalArgumentException expected) {
            assertThat(Autograd.isEnabled()).isTrue();
            return;
        }
        throw new AssertionError("reshape accepted a wrong shape");
    }

    @Test
    void aGuardIsClosedByTheThreadThatOpenedIt() throws Exception {
        try (Autograd.Guard guard = Autograd.noGrad()) {
            AtomicReference<Throwable> refusal = new AtomicReference<>();
            Thread other = new Thread(() -> {
                try {
                    guard.close();
                } catch (IllegalStateException e) {
                    refusal.set(e);
                }
            });
            other.start();
            other.join();
            assertThat(refusal.get()).hasMessageStartingWith("noGrad: the guard was closed on a different thread");
            assertThat(Autograd.isEnabled()).isFalse();
        }
        assertThat(Autograd.isEnabled()).isTrue();
    }

    @Test
    void noGradIsOfOneThread() {
        Tensor x = leaf(1);
        try (Autograd.Guard guard = Autograd.noGrad()) {
            assertThat(CompletableFuture.supplyAsync(Autograd::isEnabled).join())
                    .isTrue();
        }
        assertThat(x.mul(2).requiresGrad()).isTrue();
    }

    @Test
    void detachedTensorsShareMemoryButNoHistory() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(3);
        Tensor d = y.detach();
        assertThat(d.requiresGrad()).isFalse();
        assertThat(d.storage()).isSameAs(y.storage());
        y.mul(d).sum().backward();
        assertThat(grad(x)).containsExactly(9, 18);
    }

    @Test
    void wholeNumbersAndComparisonsCarryNoGradient() {
        Tensor x = leaf(1, 2);
        assertThat(x.lt(Tensor.ones(2)).requiresGrad()).isFalse();
        assertThat(x.argmax(0).requiresGrad()).isFalse();
        assertThat(x.to(DType.I64).requiresGrad()).isFalse();
    }

    @Test
    void aFrozenLeafGetsNoGradientAndCanBeThawed() {
        Tensor x = leaf(1, 2);
        x.requireGrad(false);
        assertThat(x.mul(2).requiresGrad()).isFalse();
        x.requireGrad(true);
        x.mul(2).sum().backward();
        assertThat(grad(x)).containsExactly(2, 2);
    }

    @Test
    void gradientsOfViewsReachTheirBase() {
        Tensor x = leaf(1, 2, 3, 4, 5, 6);
        Tensor m = x.reshape(2, 3);
        m.transpose(0, 1).select(0, 1).add(m.slice(1, 0, 2, 2).reshape(2)).sum().backward();
        assertThat(grad(x)).containsExactly(1, 1, 0, 1, 1, 0);
    }

    @Test
    void aLeafInChannelsLastMemoryKeepsItsLayoutForTheGradient() {
        Tensor x = Tensor.randn(new Random(3), 2, 5, 4, 3).permute(0, 3, 1, 2).requireGrad(true);
        x.square().sum().backward();
        Tensor g = x.grad().orElseThrow();
        assertThat(g.view().isChannelsLast()).isTrue();
        assertThat(g.toFloatArray()).isEqualTo(x.mul(2).toFloatArray());
    }

    @Test
    void emptyTensorsFlowThrough() {
        Tensor x = Tensor.zeros(0, 3).requireGrad(true);
        Tensor w = Tensor.ones(4, 3).requireGrad(true);
        x.linear(w, Optional.empty()).relu().sum().backward();
        assertThat(x.grad().orElseThrow().shape()).isEqualTo(Shape.of(0, 3));
        assertThat(grad(w)).containsOnly(0);
    }
}
