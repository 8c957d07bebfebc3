package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Graphs that are run backward more than once, gradients of results, and copies that gradients flow through. */
class RetainTest {

    private static float[] grad(Tensor x) {
        return x.grad().orElseThrow().toFloatArray();
    }

    static List<OpCase> cases() {
        return OpCases.withGradient();
    }

    /** No operator may use up, or give away, what it saved. */
    @ParameterizedTest
    @MethodSource("cases")
    void aSecondPassThroughEveryOperatorGivesTheSameBits(OpCase c) {
        try (Scope scope = Scope.open()) {
            Tensor[] in = new Tensor[c.arguments()];
            for (int i = 0; i < in.length; i++) {
                in[i] = c.golden("in" + i).tensor();
                if (c.hasGolden("grad" + i)) {
                    in[i].requireGrad(true);
                }
            }
            Tensor y;
            try (Scope inner = Scope.open()) {
                y = inner.keep(c.graft().apply(in));
            }
            Tensor dy = c.golden("dy").tensor();
            y.backward(dy, true);
            List<float[]> first = gradients(in);
            y.backward(dy, true); // adds to the gradients, whose memory may be that of the first pass
            for (Tensor x : in) {
                x.clearGrad();
            }
            y.backward(dy);
            List<float[]> third = gradients(in);
            for (int i = 0; i < first.size(); i++) {
                assertThat(third.get(i)).as("%s, gradient %d", c, i).containsExactly(first.get(i));
            }
        }
    }

    private static List<float[]> gradients(Tensor[] in) {
        List<float[]> out = new ArrayList<>();
        for (Tensor x : in) {
            x.grad().ifPresent(g -> out.add(g.toFloatArray()));
        }
        return out;
    }

    @Test
    void gradientsOfSeveralPassesAddUp() {
        Tensor x = Tensor.of(new float[] {1, 2, 3}, 3).requireGrad(true);
        Tensor loss = x.square().sum();
        loss.backward(true);
        loss.backward(true);
        loss.backward();
        assertThat(grad(x)).containsExactly(6, 12, 18);
        assertThatIllegalStateException()
                .isThrownBy(() -> loss.backward(true))
                .withMessageContaining("was already run backward");
        assertThat(grad(x)).containsExactly(6, 12, 18);
    }

    @Test
    void twoLossesShareARetainedPart() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor shared = x.exp();
        Tensor first = shared.sum();
        Tensor second = shared.mul(2).sum();
        first.backward(true);
        second.backward();
        assertThat(grad(x)[0]).isEqualTo(3 * (float) Math.E);
        assertThatIllegalStateException().isThrownBy(first::backward).withMessageContaining("(made by exp)");
    }

    @Test
    void aWeightThatChangedBetweenThePassesIsNoticed() {
        Tensor w = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor loss = w.square().sum();
        loss.backward(true);
        Autograd.noGrad(() -> w.mulInPlace(2));
        assertThatIllegalStateException()
                .isThrownBy(() -> loss.backward(true))
                .withMessageContaining("was changed in place");
        assertThat(grad(w)).containsExactly(2, 4);
    }

    @Test
    void whatIsRetainedIsFreedWithTheResults() {
        long before = Device.cpu().memory().live();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(1 << 18).requireGrad(true);
            Tensor loss;
            try (Scope inner = Scope.open()) {
                loss = inner.keep(x.exp().exp().exp().mean());
            }
            loss.backward(true);
            long retained = Device.cpu().memory().live();
            loss.close();
            assertThat(retained - Device.cpu().memory().live())
                    .as("three results of exp")
                    .isGreaterThanOrEqualTo(3L << 20);
        }
        assertThat(Device.cpu().memory().live()).isLessThan(before + (1 << 20));
    }

    @Test
    void aRetainedPassThroughFusedLayersIsTheFirstOne() {
        SplittableRandom random = new SplittableRandom(4);
        Tensor x = Tensor.randn(random, 2, 3, 6, 5).requireGrad(true);
        Tensor w = Tensor.randn(random, 3, 3, 3, 3).requireGrad(true);
        Tensor gamma = Tensor.ones(3).requireGrad(true);
        Tensor beta = Tensor.zeros(3).requireGrad(true);
        Tensor mean = Tensor.zeros(3);
        Tensor variance = Tensor.ones(3);
        Tensor loss = x.conv2d(w, Optional.empty(), Conv2dParams.of(1, 1))
                .batchNormTrain(gamma, beta, 1e-5f, mean, variance, 0.1f, Optional.of(x), Activation.RELU)
                .mean(2, 3)
                .square()
                .sum();
        loss.backward(true);
        List<float[]> once = gradients(new Tensor[] {x, w, gamma, beta});
        float[] moved = mean.toFloatArray();
        loss.backward();
        List<float[]> twice = gradients(new Tensor[] {x, w, gamma, beta});
        for (int i = 0; i < once.size(); i++) {
            float[] single = once.get(i);
            double[] doubled = IntStream.range(0, single.length)
                    .mapToDouble(k -> 2 * single[k])
                    .toArray();
            Close.check("gradient " + i, twice.get(i), new Nd(new int[] {single.length}, doubled), 0);
        }
        assertThat(mean.toFloatArray()).as("running statistics").containsExactly(moved);
    }

    @Test
    void aResultKeepsItsGradient() {
        Tensor x = Tensor.of(new float[] {1, 2, 3}, 3).requireGrad(true);
        Tensor h = x.mul(3).retainGrad();
        Tensor y = h.square();
        Tensor loss = y.sum().retainGrad();
        loss.backward(true);
        assertThat(grad(h)).containsExactly(6, 12, 18);
        assertThat(grad(x)).containsExactly(18, 36, 54);
        assertThat(grad(loss)).containsExactly(1);
        assertThat(y.grad()).isEmpty();
        loss.backward();
        assertThat(grad(h)).as("as PyTorch, added up").containsExactly(12, 24, 36);
        assertThat(grad(x)).containsExactly(36, 72, 108);
        h.clearGrad();
        assertThat(h.grad()).isEmpty();
    }

    @Test
    void aGradientThatIsPassedOnAsItIsStaysApart() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor h = x.add(1).retainGrad();
        Tensor k = h.alias().retainGrad();
        k.backward(Tensor.of(new float[] {5, 7}, 2));
        Autograd.noGrad(() -> h.grad().orElseThrow().fill(0));
        assertThat(grad(x)).containsExactly(5, 7);
        assertThat(grad(k)).containsExactly(5, 7);
        assertThat(h.grad().orElseThrow().sharesMemory(x.grad().orElseThrow())).isFalse();
    }

    @Test
    void aSumOverSeveralUsesIsKeptWhole() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor h = x.mul(2).retainGrad();
        h.add(h.mul(3)).add(h.square()).sum().backward();
        assertThat(grad(h)).containsExactly(1 + 3 + 4, 1 + 3 + 8);
    }

    @Test
    void aResultThatWasClosedKeepsNothing() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor loss;
        Tensor kept;
        Tensor closed;
        try (Scope scope = Scope.open()) {
            closed = x.mul(2).retainGrad();
            kept = scope.keep(closed.exp().retainGrad());
            loss = scope.keep(kept.sum());
        }
        loss.backward();
        assertThat(closed.grad()).isEmpty();
        assertThat(grad(kept)).containsExactly(1, 1);
        assertThat(x.grad()).isPresent();
        kept.close();
        assertThat(kept.grad()).isEmpty();
    }

    @Test
    void aLeafIsAsItIsAndWhatNeedsNoGradientIsRefused() {
        Tensor x = Tensor.ones(2).requireGrad(true);
        assertThat(x.retainGrad()).isSameAs(x);
        x.square().sum().backward();
        assertThat(grad(x)).containsExactly(2, 2);
        assertThatIllegalStateException()
                .isThrownBy(() -> Tensor.ones(2).retainGrad())
                .withMessage(
                        "retainGrad: no gradient flows to [2]. Hint: requireGrad(true) on a leaf that it is computed "
                                + "from, and keep autograd on.");
        Tensor unrecorded = Autograd.noGrad(() -> x.mul(2));
        assertThatIllegalStateException().isThrownBy(unrecorded::retainGrad);
    }

    @Test
    void gradientsFlowThroughCopiesWhichMayThenChangeTheirOriginal() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor y = x.copy();
        Tensor loss = y.square().sum();
        Autograd.noGrad(() -> x.fill(9)); // the copy was saved, not the original
        loss.backward();
        assertThat(grad(x)).containsExactly(2, 4);
        assertThat(x.detach().copy().requiresGrad()).isFalse();
        assertThat(Autograd.noGrad(() -> x.copy()).requiresGrad()).isFalse();
    }

    /** The handle that a scope or {@link dev.graft.tensor.Scope#handOver} gives may be another than the one in use. */
    @Test
    void everyHandleOnAResultKeepsItsGradient() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor h = x.mul(3);
        Tensor handle = h.alias().retainGrad().retainGrad();
        Tensor other = handle.alias().retainGrad();
        Tensor loss = h.square().add(other.mul(2)).sum();
        h.close();
        loss.backward();
        assertThat(grad(handle)).containsExactly(6 + 2, 12 + 2);
        assertThat(grad(other)).containsExactly(6 + 2, 12 + 2);
        assertThat(handle.grad().orElseThrow().sharesMemory(other.grad().orElseThrow()))
                .isFalse();
        assertThat(grad(x)).containsExactly(24, 42);
    }

    @Test
    void anAliasHasNoHistoryWhileAutogradIsOff() {
        Tensor x = Tensor.of(new float[] {1, 2}, 2).requireGrad(true);
        Tensor h = x.mul(3);
        assertThat(Autograd.noGrad(h::alias).requiresGrad()).isFalse();
        assertThat(Autograd.noGrad(x::alias).requiresGrad()).isFalse();
        x.alias().sum().backward();
        assertThat(grad(x)).containsExactly(1, 1);
    }
}
