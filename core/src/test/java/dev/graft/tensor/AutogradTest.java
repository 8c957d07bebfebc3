package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import dev.graft.backend.Conv2dParams;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
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
        assertThat(through.node().saved.size()).isEqualTo(1);
        assertThat(frozen.storage().holders()).isEqualTo(2);
        assertThat(image.storage().holders()).isEqualTo(1);
    }

    @Test
    void frozenBatchNormKeepsNoActivation() {
        Tensor image = Tensor.randn(new Random(1), 2, 3, 4, 4).permute(0, 3, 1, 2).copy().permute(0, 2, 3, 1).requireGrad(true);
        Tensor one = Tensor.ones(3);
        Tensor y = image.batchNormEval(one, one, one, one, 1e-5f);
        int holders = image.storage().holders();
        y.sum().backward();
        assertThat(image.storage().holders()).as("nothing held the image for the backward").isEqualTo(holders);
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
        Node linear = Tensor.ones(2, 3).linear(Tensor.ones(4, 3), Optional.of(leaf(1, 2, 3, 4))).node();
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
    void noGradIsOfOneThread() {
        Tensor x = leaf(1);
        try (Autograd.Guard guard = Autograd.noGrad()) {
            assertThat(CompletableFuture.supplyAsync(Autograd::isEnabled).join()).isTrue();
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
