package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Making, reading, converting and changing tensors. */
class TensorTest {

    @Test
    void holdsWhatItWasGiven() {
        Tensor t = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(t.shape()).isEqualTo(Shape.of(2, 3));
        assertThat(t.dim(-1)).isEqualTo(3);
        assertThat(t.rank()).isEqualTo(2);
        assertThat(t.numel()).isEqualTo(6);
        assertThat(t.get(1, 2)).isEqualTo(6);
        assertThat(t.isContiguous()).isTrue();
        assertThat(t.device()).isEqualTo(Device.cpu());
        assertThat(Tensor.of(new long[] {5, -6}, 2).toLongArray()).containsExactly(5, -6);
        assertThat(Tensor.of(new int[] {5, -6}, 2).toIntArray()).containsExactly(5, -6);
        assertThat(Tensor.of(new boolean[] {true, false}, 2).toFloatArray()).containsExactly(1, 0);
        assertThat(Tensor.scalar(2.5f).item()).isEqualTo(2.5f);
        assertThat(Tensor.scalar(2.5f).shape()).isEqualTo(Shape.of());
        assertThat(Tensor.arange(4).toLongArray()).containsExactly(0, 1, 2, 3);
        assertThat(Tensor.arange(4).select(0, 3).itemLong()).isEqualTo(3);
        assertThat(Tensor.full(7, 2).toFloatArray()).containsExactly(7, 7);
        assertThat(Tensor.zeros(DType.I64, Shape.of(2)).toLongArray()).containsExactly(0, 0);
    }

    @Test
    void readsViewsInTheirOwnOrder() {
        Tensor t = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(t.transpose(0, 1).toFloatArray()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(t.transpose(0, 1).get(2, 0)).isEqualTo(3);
        assertThat(t.slice(1, 0, 3, 2).toFloatArray()).containsExactly(1, 3, 4, 6);
        assertThat(t.select(1, 1).toFloatArray()).containsExactly(2, 5);
        Tensor longs = Tensor.of(new long[] {1, 2, 3, 4}, 2, 2).transpose(0, 1);
        assertThat(longs.toLongArray()).containsExactly(1, 3, 2, 4);
        assertThat(Tensor.ofBytes(DType.U8, Shape.of(4), longs.to(DType.U8).toBytes())
                        .toLongArray())
                .containsExactly(1, 3, 2, 4);
    }

    @Test
    void keepsTheBytesOfEveryType() {
        SplittableRandom random = new SplittableRandom(5);
        for (DType dtype : DType.values()) {
            byte[] bytes = new byte[6 * dtype.bytes()];
            random.nextBytes(bytes);
            if (dtype == DType.BOOL) {
                bytes = new byte[] {0, 1, 1, 0, 1, 0};
            }
            Tensor t = Tensor.ofBytes(dtype, Shape.of(2, 3), bytes);
            assertThat(t.toBytes()).as(dtype.toString()).containsExactly(bytes);
            Tensor twice = t.transpose(0, 1).contiguous().transpose(0, 1);
            assertThat(twice.toBytes()).as(dtype + " through a transposed copy").containsExactly(bytes);
        }
    }

    @Test
    void convertsBetweenTypes() {
        Tensor t = Tensor.of(new float[] {1.75f, -2.25f, 255, 0}, 4);
        assertThat(t.to(DType.I64).toLongArray()).containsExactly(1, -2, 255, 0);
        assertThat(t.to(DType.BOOL).toLongArray()).containsExactly(1, 1, 1, 0);
        for (DType half : List.of(DType.F16, DType.BF16, DType.F64)) {
            assertThat(t.to(half).to(DType.F32).toFloatArray())
                    .as(half.toString())
                    .containsExactly(1.75f, -2.25f, 255, 0);
        }
        assertThat(t.to(DType.F32)).isNotSameAs(t);
        assertThat(t.to(DType.F32).toFloatArray()).containsExactly(t.toFloatArray());
    }

    @Test
    void drawsTheSameNumbersFromTheSameSeed() {
        assertThat(Tensor.randn(new SplittableRandom(3), 5).toFloatArray())
                .containsExactly(Tensor.randn(new SplittableRandom(3), 5).toFloatArray());
        Tensor u = Tensor.uniform(new SplittableRandom(3), -2, 5, 10_000);
        assertThat(u.amin(0).item()).isBetween(-2f, -1.99f);
        assertThat(u.amax(0).item()).isBetween(4.99f, 5f);
        assertThat(u.mean().item()).isBetween(1.4f, 1.6f);
    }

    @Test
    void changesInPlaceThroughViews() {
        Tensor t = Tensor.zeros(2, 3);
        t.select(0, 1).fill(5);
        t.transpose(0, 1).select(0, 0).addInPlace(Tensor.of(new float[] {1, 2}, 2), 10);
        t.slice(1, 2, 3).mulInPlace(2);
        assertThat(t.toFloatArray()).containsExactly(10, 0, 0, 25, 5, 10);
        t.copyFrom(Tensor.of(new long[] {1, 2, 3, 4, 5, 6}, 3, 2).transpose(0, 1));
        assertThat(t.toFloatArray()).containsExactly(1, 3, 5, 2, 4, 6);
        Tensor c = t.copy();
        c.fill(0);
        assertThat(t.get(0, 0)).isEqualTo(1);
    }

    @Test
    void refusesToChangeRepeatedElements() {
        Tensor repeated = Tensor.ones(1, 3).expand(2, 3);
        String text =
                ": the tensor [2, 3] repeats elements in memory, so they cannot change one by one. Hint: copy() it first.";
        assertThatIllegalArgumentException()
                .isThrownBy(() -> repeated.addInPlace(Tensor.ones(2, 3), 1))
                .withMessage("addInPlace" + text);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> repeated.mulInPlace(2))
                .withMessage("mulInPlace" + text);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> repeated.copyFrom(Tensor.ones(2, 3)))
                .withMessage("copyFrom" + text);
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.of(new float[5], 2, 3))
                .withMessage("of: 5 float values do not fill shape [2, 3] (6)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.of(new boolean[5], 2, 3))
                .withMessage("of: 5 boolean values do not fill shape [2, 3] (6)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.zeros(2, -1))
                .withMessage("zeros: negative size in [2, -1]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.ones(2, 3).item())
                .withMessage("item: the tensor has 6 elements, shape [2, 3]. Hint: use toFloatArray().");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.ones(2, 3).get(1))
                .withMessage("get: 1 indices for shape [2, 3]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.ones(2, 3).get(1, 3))
                .withMessage("get: index [1, 3] is outside shape [2, 3]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.ones(2).addInPlace(Tensor.ones(3), 1))
                .withMessage("addInPlace: shapes differ (this [2], other [3])");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.ones(2).copyFrom(Tensor.ones(3)))
                .withMessage("copyFrom: shapes differ (this [2], source [3])");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tensor.arange(2).addInPlace(Tensor.ones(2), 1))
                .withMessage("addInPlace: operands must be F32, got I64 [2]. Hint: call to(DType.F32).");
    }

    @Test
    void partsCoverTheWhole() {
        Tensor x = Tensor.arange(7);
        assertThat(x.split(0, 3)).extracting(Tensor::numel).containsExactly(3, 3, 1);
        assertThat(x.chunk(0, 4)).extracting(Tensor::numel).containsExactly(2, 2, 2, 1);
        assertThat(x.chunk(0, 5)).extracting(Tensor::numel).containsExactly(2, 2, 2, 1); // as in PyTorch
        assertThat(x.unbind(0)).extracting(Tensor::itemLong).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L);
        assertThat(x.slice(0, 0, 0).split(0, 2)).extracting(Tensor::numel).containsExactly(0);
        assertThat(x.slice(0, 0, 0).chunk(0, 2)).extracting(Tensor::numel).containsExactly(0, 0);
        assertThat(x.split(0, Integer.MAX_VALUE)).hasSize(1);
        assertThat(x.roll(0, Integer.MIN_VALUE).toLongArray()).containsExactly(2, 3, 4, 5, 6, 0, 1);
    }

    @Test
    void describesItself() {
        assertThat(Tensor.scalar(3)).hasToString("Tensor[] F32 = 3.");
        assertThat(Tensor.ones(2, 3).requireGrad(true))
                .hasToString("Tensor[2, 3] F32 requiresGrad =\n[[1., 1., 1.],\n [1., 1., 1.]]");
        assertThat(Tensor.arange(2)).hasToString("Tensor[2] I64 = [0, 1]");
    }

    @Test
    void emptyTensorsAreFine() {
        Tensor e = Tensor.zeros(0, 3);
        assertThat(e.add(1).exp().mul(Tensor.ones(3)).toFloatArray()).isEmpty();
        assertThat(e.sum().item()).isZero();
        assertThat(e.mean().item()).isNaN();
        assertThat(e.sum(0).toFloatArray()).containsExactly(0, 0, 0);
        assertThat(Tensor.concat(0, e, Tensor.ones(1, 3)).toFloatArray()).containsExactly(1, 1, 1);
        assertThat(e.transpose(0, 1).contiguous().shape()).isEqualTo(Shape.of(3, 0));
        assertThat(e.reshape(3, 0, 2).shape()).isEqualTo(Shape.of(3, 0, 2));
        assertThat(e.softmax(1).shape()).isEqualTo(Shape.of(0, 3));
        assertThat(e.argmax(1).shape()).isEqualTo(Shape.of(0));
        assertThat(e.fill(3).copy().mulInPlace(2).addInPlace(e, 1).toBytes()).isEmpty();
    }

    @Test
    void productsOverNothingAreZero() {
        Tensor w = Tensor.zeros(4, 0).requireGrad(true);
        Tensor y = Tensor.zeros(2, 3, 0).linear(w, Optional.of(Tensor.ones(4)));
        assertThat(y.shape()).isEqualTo(Shape.of(2, 3, 4));
        assertThat(y.sum().item()).isEqualTo(24);
        y.sum().backward();
        assertThat(w.grad().orElseThrow().shape()).isEqualTo(Shape.of(4, 0));
        assertThat(Tensor.ones(2, 0).matmul(Tensor.ones(0, 3)).toFloatArray())
                .containsOnly(0)
                .hasSize(6);
        assertThat(Tensor.ones(0, 5).linear(Tensor.ones(4, 5), Optional.empty()).shape())
                .isEqualTo(Shape.of(0, 4));
    }

    @Test
    void unknownDevicesAreRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Device.of("tpu"))
                .withMessage("device tpu is not known (known: cpu, reference). "
                        + "Hint: put the module that provides it, such as graft-cuda, on the class path.");
        assertThat(Device.of("cpu")).isEqualTo(Device.cpu());
        assertThat(Tensor.ones(2).to(Device.cpu()).toFloatArray()).containsExactly(1, 1);
    }

    @Test
    void theNormOfSeveralTensorsIsThatOfAllTheirElements() {
        assertThat(Update.norm(List.of(
                        Tensor.of(new float[] {1, 2}, 2),
                        Tensor.of(new float[] {2, 4}, 1, 2).transpose(0, 1))))
                .isEqualTo(5);
        assertThat(Update.norm(List.of())).isZero();
    }

    @Test
    void anAxisIsNamedOnce() {
        assertThatThrownBy(() -> Tensor.ones(2, 3).sum(1, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "sum: axis 1 is given twice (axes [1, -1], input [2, 3]). Hint: name each axis once; negative ones count from the end.");
    }

    /** Large ones are copied before they meet. */
    @Test
    void largeOperandsMayLieInAnyOrderOfMemory() {
        SplittableRandom random = new SplittableRandom(5);
        Tensor p = Tensor.uniform(random, -1, 1, 40, 50, 60);
        Tensor q = Tensor.uniform(random, -1, 1, 60, 50, 40).permute(2, 1, 0);
        float[] expected = p.sub(q.contiguous()).toFloatArray();
        assertThat(p.sub(q).toFloatArray()).isEqualTo(expected);
        assertThat(q.sub(p).neg().toFloatArray()).isEqualTo(expected);
        assertThat(p.lt(q).to(DType.F32).toFloatArray())
                .isEqualTo(p.lt(q.contiguous()).to(DType.F32).toFloatArray());
    }
}
