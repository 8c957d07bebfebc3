package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Pool2dParams;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A NaN must not vanish on its way to the loss, where training looks for it; PyTorch's rules. */
class NotANumberTest {
    private static final float NAN = Float.NaN;

    @Test
    void activationsPassItOn() {
        Tensor x = Tensor.of(new float[] {1, NAN, -1}, 3);
        for (UnaryOperator<Tensor> f : List.<UnaryOperator<Tensor>>of(
                Tensor::relu,
                Tensor::relu6,
                t -> t.leakyRelu(0.1f),
                t -> t.clamp(0, 6),
                Tensor::gelu,
                Tensor::sigmoid,
                Tensor::tanh,
                Tensor::softplus,
                Tensor::rsqrt,
                Tensor::log1p,
                Tensor::expm1,
                Tensor::sin,
                Tensor::cos,
                Tensor::floor,
                Tensor::round,
                Tensor::erf,
                Tensor::geluTanh,
                Tensor::silu,
                Tensor::hardswish,
                Tensor::hardsigmoid,
                t -> t.elu(0.75f),
                Tensor::abs,
                Tensor::exp,
                Tensor::sqrt,
                t -> t.pow(2),
                t -> t.pow(0.5f))) {
            assertThat(f.apply(x).toFloatArray()[1]).isNaN();
        }
    }

    @Test
    void extremesPassItOnFromEitherSide() {
        Tensor p = Tensor.of(new float[] {NAN, 1, 2}, 3);
        Tensor q = Tensor.of(new float[] {1, NAN, 1}, 3);
        assertThat(p.maximum(q).toFloatArray()).containsExactly(NAN, NAN, 2);
        assertThat(p.minimum(q).toFloatArray()).containsExactly(NAN, NAN, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 17, 40})
    void foldsPassItOnWhereverItIs(int at) {
        float[] values = new float[41];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 7;
        }
        values[at] = NAN;
        Tensor row = Tensor.of(values, 1, 41);
        for (Tensor x : List.of(row, row.reshape(41, 1).transpose(0, 1))) {
            assertThat(x.amax(1).item()).isNaN();
            assertThat(x.amin(1).item()).isNaN();
            assertThat(x.sum().item()).isNaN();
            assertThat(x.mean().item()).isNaN();
            assertThat(x.argmax(1).itemLong()).isEqualTo(at);
            assertThat(x.argmin(1).itemLong()).isEqualTo(at);
            assertThat(x.softmax(1).toFloatArray()).containsOnly(NAN);
        }
        Tensor columns = row.expand(3, 41);
        assertThat(columns.transpose(0, 1).copy().amax(0).toFloatArray()).containsOnly(NAN);
        assertThat(columns.transpose(0, 1).copy().argmax(0).toLongArray()).containsOnly(at);
    }

    @Test
    void poolingPassesItOn() {
        Tensor x = Tensor.zeros(1, 2, 4, 4);
        x.slice(1, 1, 2).slice(2, 0, 1).slice(3, 1, 2).fill(NAN);
        assertThat(x.maxPool2d(Pool2dParams.of(2, 2)).toFloatArray()).containsExactly(0, 0, 0, 0, NAN, 0, 0, 0);
        assertThat(x.avgPool2d(Pool2dParams.of(2, 2)).toFloatArray()).containsExactly(0, 0, 0, 0, NAN, 0, 0, 0);
    }

    @Test
    void lossesPassItOn() {
        Tensor x = Tensor.of(new float[] {1, 2, NAN, 1}, 2, 2);
        Tensor target = Tensor.of(new long[] {0, 1}, 2);
        assertThat(x.crossEntropy(target, Optional.empty(), 0, -100, LossReduction.MEAN)
                        .item())
                .isNaN();
        assertThat(x.crossEntropy(target, Optional.empty(), 0, -100, LossReduction.NONE)
                        .toFloatArray()[0])
                .isFinite();
        assertThat(x.bceWithLogits(Tensor.zeros(2, 2), Optional.empty(), LossReduction.MEAN)
                        .item())
                .isNaN();
    }

    @Test
    void itEqualsNothing() {
        Tensor x = Tensor.of(new float[] {NAN}, 1);
        assertThat(x.eq(x).toFloatArray()).containsExactly(0);
        assertThat(x.le(x).toFloatArray()).containsExactly(0);
        assertThat(x.lt(x).toFloatArray()).containsExactly(0);
        assertThat(x.gt(x).toFloatArray()).containsExactly(0);
        assertThat(x.ge(x).toFloatArray()).containsExactly(0);
        assertThat(x.ne(x).toFloatArray()).containsExactly(1);
        assertThat(x.isNaN().toFloatArray()).containsExactly(1);
        assertThat(x.isFinite().toFloatArray()).containsExactly(0);
    }

    @Test
    void aChoiceLeavesTheOtherSideOut() {
        Tensor x = Tensor.of(new float[] {NAN, 4}, 2).requireGrad(true);
        Tensor one = Tensor.ones(2);
        Tensor y = Tensor.where(one.lt(Tensor.of(new float[] {0, 2}, 2)), x, one);
        y.sum().backward();
        assertThat(y.toFloatArray()).containsExactly(1, 4);
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(0, 1);
    }

    /** Elsewhere than at 0 it passes; PyTorch chooses where y is not above 0, and does not multiply by 0. */
    @Test
    void aClippedActivationLeavesItOut() {
        Tensor zero = Tensor.zeros(4);
        Tensor one = Tensor.ones(4);
        Tensor seed = Tensor.of(new float[] {NAN, Float.POSITIVE_INFINITY, NAN, 2}, 1, 4);
        for (UnaryOperator<Tensor> f : List.<UnaryOperator<Tensor>>of(
                Tensor::relu,
                Tensor::relu6,
                t -> t.batchNormEval(one, zero, zero, one, 1e-12f, Optional.empty(), Activation.RELU),
                t -> t.batchNormEval(
                        one, zero, zero, one, 1e-12f, Optional.of(Tensor.zeros(1, 4)), Activation.RELU6))) {
            Tensor x = Tensor.of(new float[] {0, -1, 2, NAN}, 1, 4).requireGrad(true);
            f.apply(x).backward(seed);
            assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(0, 0, NAN, 2);
        }
    }

    @Test
    void aTriangleLeavesTheOtherOneOut() {
        Tensor x = Tensor.of(new float[] {1, NAN, 3, 4}, 2, 2).requireGrad(true);
        Tensor y = x.tril(0);
        assertThat(y.toFloatArray()).containsExactly(1, 0, 3, 4);
        y.backward(Tensor.of(new float[] {1, NAN, 2, 3}, 2, 2));
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(1, 0, 2, 3);
        assertThat(Tensor.zeros(0, 3).tril(0).shape().toArray()).containsExactly(0, 3);
    }

    @Test
    void anAllIgnoredBatchHasNoMean() {
        Tensor loss = Tensor.zeros(2, 3)
                .crossEntropy(Tensor.of(new long[] {-100, -100}, 2), Optional.empty(), 0, -100, LossReduction.MEAN);
        assertThat(loss.item()).isNaN();
    }

    /** 0 times infinity is not 0: a mask chooses, it does not multiply. More in SpecialValuesTest. */
    @Test
    void whatLosesGetsNoPartOfAnInfiniteGradient() {
        Tensor x = Tensor.of(new float[] {-1, 4}, 2).requireGrad(true);
        x.maximum(Tensor.zeros(2)).sqrt().sum().backward();
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(0, 0.25f);
        x.clearGrad();
        x.minimum(Tensor.full(2, 2))
                .log()
                .sub(Tensor.full((float) Math.log(2), 2))
                .sqrt()
                .sum()
                .backward();
        assertThat(x.grad().orElseThrow().toFloatArray()[1]).isZero();
        // log(softmax) beside a huge logit keeps its small part.
        assertThat(Tensor.of(new float[] {3e38f, 3e38f}, 1, 2).logSoftmax(1).toFloatArray())
                .containsExactly((float) -Math.log(2), (float) -Math.log(2));
    }
}
