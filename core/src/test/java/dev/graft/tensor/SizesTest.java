package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool1dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sizes, steps and counts near the ends of int: right, or refused; never wrapped. */
class SizesTest {
    private static final int MAX = Integer.MAX_VALUE;

    private static Tensor ten() {
        return Tensor.of(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 10);
    }

    @Test
    void aStepBeyondTheEndGivesTheFirstElement() {
        assertThat(ten().slice(0, 1, 9, MAX).toFloatArray()).containsExactly(1);
        assertThat(ten().slice(0, 0, 10, MAX).toFloatArray()).containsExactly(0);
        assertThat(ten().slice(0, 9, 10, MAX - 3).toFloatArray()).containsExactly(9);
        assertThat(ten().slice(0, 3, 3, MAX).toFloatArray()).isEmpty();
        Tensor x = ten().reshape(2, 5).requireGrad(true);
        Tensor y = x.slice(0, 0, 2, MAX).slice(1, 1, 5, MAX);
        assertThat(y.toFloatArray()).containsExactly(1);
        assertThat(y.reshape(1).add(ten().slice(0, 1, 2, MAX)).toFloatArray()).containsExactly(2);
        y.sum().backward();
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Test
    void stridesBeyondTheEndGiveOneOutput() {
        Tensor image = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 1, 3, 3);
        Tensor w = Tensor.ones(1, 1, 2, 2);
        for (int stride : new int[] {3, 1 << 20, MAX - 5, MAX}) {
            assertThat(image.conv2d(w, Optional.empty(), Conv2dParams.of(stride, 0))
                            .toFloatArray())
                    .as("conv2d by %d", stride)
                    .containsExactly(12);
            assertThat(image.maxPool2d(Pool2dParams.of(2, stride)).toFloatArray())
                    .as("maxPool2d by %d", stride)
                    .containsExactly(5);
            assertThat(image.avgPool2d(Pool2dParams.of(2, stride)).toFloatArray())
                    .as("avgPool2d by %d", stride)
                    .containsExactly(3);
            assertThat(image.maxPool2d(Pool2dParams.of(2, stride).ceilMode(true))
                            .dim(2))
                    .as("ceil mode by %d", stride)
                    .isEqualTo(1);
            assertThat(ten().reshape(1, 1, 10)
                            .avgPool1d(Pool1dParams.of(4, stride))
                            .toFloatArray()[0])
                    .isEqualTo(1.5f);
            assertThat(ten().reshape(1, 1, 10)
                            .conv1d(Tensor.ones(1, 1, 2), Optional.empty(), Conv1dParams.of(stride, 0))
                            .toFloatArray()[0])
                    .isEqualTo(1);
        }
    }

    @Test
    void stridesBeyondTheEndHaveGradients() {
        Tensor x = Tensor.ones(1, 2, 3, 3).requireGrad(true);
        Tensor w = Tensor.ones(3, 2, 2, 2).requireGrad(true);
        x.conv2d(w, Optional.empty(), Conv2dParams.of(MAX, 0)).sum().backward();
        assertThat(x.grad().orElseThrow().toFloatArray())
                .containsExactly(3, 3, 0, 3, 3, 0, 0, 0, 0, 3, 3, 0, 3, 3, 0, 0, 0, 0);
        assertThat(w.grad().orElseThrow().toFloatArray()).containsOnly(1);
        Tensor z = Tensor.ones(1, 1, 3, 3).requireGrad(true);
        z.avgPool2d(Pool2dParams.of(2, MAX)).sum().backward();
        assertThat(z.grad().orElseThrow().toFloatArray()).containsExactly(.25f, .25f, 0, .25f, .25f, 0, 0, 0, 0);
    }

    @Test
    void aDilatedKernelThatDoesNotFitIsRefused() {
        Tensor x = Tensor.ones(1, 1, 10);
        Tensor w = Tensor.ones(1, 1, 3);
        for (int dilation : new int[] {5, 1 << 30, (1 << 30) + 1, MAX - 1, MAX}) {
            assertThatThrownBy(() ->
                            x.conv1d(w, Optional.empty(), Conv1dParams.of(1, 0).dilation(dilation)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("conv1d: the kernel does not fit the padded input (input [1, 1, 10], weight "
                            + "[1, 1, 3], dilation " + dilation + "). Hint: use a longer sequence, or more padding.");
            assertThatThrownBy(() -> Tensor.ones(1, 1, 10, 10)
                            .conv2d(
                                    Tensor.ones(1, 1, 3, 3),
                                    Optional.empty(),
                                    Conv2dParams.of(1, 0).dilation(dilation)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("conv2d: the kernel does not fit the padded input");
        }
        // A kernel of one place is not wider for its dilation.
        assertThat(x.conv1d(
                                Tensor.ones(1, 1, 1),
                                Optional.empty(),
                                Conv1dParams.of(1, 0).dilation(MAX))
                        .toFloatArray())
                .hasSize(10)
                .containsOnly(1);
        assertThat(Tensor.ones(1, 1, 4, 4)
                        .conv2d(
                                Tensor.ones(1, 1, 1, 1),
                                Optional.empty(),
                                Conv2dParams.of(1, 0).dilation(MAX))
                        .toFloatArray())
                .hasSize(16)
                .containsOnly(1);
    }

    @Test
    void paddingThatDoesNotFitIsRefused() {
        Tensor x = Tensor.ones(1, 1, 4, 4);
        assertThatThrownBy(() -> x.pad2d(MAX, MAX, 0, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("pad2d: [1, 1, 4294967298, 4] does not fit");
        assertThatThrownBy(() -> x.conv2d(Tensor.ones(1, 1, 1, 1), Optional.empty(), Conv2dParams.of(1, MAX)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("conv2d: the padded")
                .hasMessageContaining("does not fit");
    }

    @Test
    void largePaddingUnderALargeStrideIsRight() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
        int pad = 1 << 20;
        // Windows start at -pad, 0 and pad.
        assertThat(x.conv2d(
                                Tensor.ones(1, 1, 2, 1),
                                Optional.empty(),
                                new Conv2dParams(1, pad, 0, 0, pad, pad, 1, 1, 1))
                        .toFloatArray())
                .containsExactly(0, 4, 0);
        assertThat(x.conv2d(
                                Tensor.ones(1, 1, 2, 3),
                                Optional.empty(),
                                new Conv2dParams(1, 1, 0, 0, pad, pad, 1, pad, 1))
                        .toFloatArray())
                .containsExactly(4, 6);
        for (int far : new int[] {MAX / 2 - 9, MAX}) {
            assertThatThrownBy(() -> x.conv2d(
                            Tensor.ones(1, 1, 2, 1),
                            Optional.empty(),
                            new Conv2dParams(1, far, 0, 0, far, far, 1, 1, 1)))
                    .hasMessageStartingWith("conv2d: the padded input [1, 1, 2, " + (2L * far + 2) + "] does not fit");
        }
    }

    @Test
    void aKernelAsLargeAsAnIntPoolsEverything() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 1, 1, 2, 3);
        Pool2dParams whole = Pool2dParams.of(MAX, MAX, MAX / 2);
        assertThat(x.maxPool2d(whole).toFloatArray()).containsExactly(6);
        assertThat(x.avgPool2d(whole.countIncludePad(false)).toFloatArray()).containsExactly(3.5f);
        // Padding counts: rows from -(2^30 - 1) to 2 + 2^30 - 1, one fewer than the kernel is high.
        double places = (2.0 + (1 << 30) - 1 + (1 << 30) - 1) * (3.0 + (1 << 30) - 1 + (1 << 30) - 1 - 2);
        assertThat((double) x.avgPool2d(whole).toFloatArray()[0]).isCloseTo(21 / places, within(1e-6 * 21 / places));
        assertThat(ten().reshape(1, 1, 10)
                        .maxPool1d(new Pool1dParams(MAX, MAX, MAX / 2, true, true))
                        .toFloatArray())
                .containsExactly(9);
    }

    @Test
    void productsOfSizesDoNotWrap() {
        assertThatThrownBy(() -> ten().reshape(1 << 16, 1 << 16, -1))
                .hasMessageStartingWith("reshape: no size fits -1");
        assertThatThrownBy(() -> ten().reshape(1 << (31 - 1), 1 << 30, 16, -1)).hasMessageStartingWith("reshape: ");
        assertThatThrownBy(() -> ten().reshape(MAX, MAX, MAX, MAX))
                .hasMessageStartingWith("reshape: [2147483647, 2147483647, ");
        assertThatThrownBy(() -> Tensor.zeros(0).reshape(MAX, MAX, 0)).hasMessageContaining("does not fit");
        Tensor wide = Tensor.scalar(1).expand(1 << 30);
        assertThatThrownBy(() -> Tensor.concat(0, wide, wide))
                .hasMessageStartingWith("concat: [2147483648] does not fit");
        assertThatThrownBy(() -> Tensor.stack(0, wide, wide))
                .hasMessageStartingWith("stack: [2, 1073741824] does not fit");
        assertThatThrownBy(() -> Tensor.ones(1 << 16, 1).add(Tensor.ones(1, 1 << 16)))
                .hasMessageStartingWith("add: [65536, 65536] does not fit");
        assertThatThrownBy(() -> Tensor.ones(1 << 16, 1).matmul(Tensor.ones(1, 1 << 16)))
                .hasMessageStartingWith("matmul: [65536, 65536] does not fit");
        assertThatThrownBy(() -> Tensor.ones(1 << 16, 1).linear(Tensor.ones(1 << 16, 1), Optional.empty()))
                .hasMessageStartingWith("linear: ")
                .hasMessageContaining("does not fit");
        assertThatThrownBy(() -> Tensor.ones(2, 1 << 16).embedding(Tensor.zeros(DType.I64, Shape.of(1 << 15))))
                .hasMessageStartingWith("embedding: ")
                .hasMessageContaining("does not fit");
        assertThatThrownBy(() -> Tensor.ones(1, 1, 1, 1).adaptiveAvgPool2d(1 << 16, 1 << 16))
                .hasMessageStartingWith("adaptiveAvgPool2d: ")
                .hasMessageContaining("does not fit");
    }

    @Test
    void whatNoTensorHoldsIsRefusedByTheFunctionThatWasAsked() {
        assertThatThrownBy(() -> Tensor.scalar(1).expand(2147423631))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "expand: [2147423631] does not fit: a tensor holds at most 2147418111 elements (2^31 - 2^16 - 1). "
                                + "Hint: use smaller batches or split the tensor.");
        assertThatThrownBy(() -> Tensor.arange(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "arange: the number of values must not be negative, was -1. Hint: arange(n) counts from 0 to n - 1.");
        assertThat(Tensor.arange(0).toLongArray()).isEmpty();
        assertThat(Tensor.arange(40_000).toLongArray())
                .startsWith(0, 1, 2)
                .endsWith(39_998, 39_999)
                .isSorted();
        assertThatThrownBy(() -> Tensor.zeros(DType.F64, Shape.of(1 << 30)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("zeros: ")
                .hasMessageContaining("Hint:");
        assertThatThrownBy(() -> Tensor.scalar(1).expand(1 << 30).toBytes())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("toBytes: ")
                .hasMessageContaining("Hint:");
    }

    /** Eight GiB are there or are not: both are told. */
    @Test
    void zerosOfAGigaOfLongsAreMadeOrRefused() {
        if (Runtime.getRuntime().maxMemory() > 20L << 30) {
            assertThat(Tensor.zeros(DType.I64, Shape.of(1 << 30))
                            .slice(0, 0, 1 << 30, 1 << 29)
                            .toLongArray())
                    .containsExactly(0, 0);
        } else {
            assertThatThrownBy(() -> Tensor.zeros(DType.I64, Shape.of(1 << 30)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("zeros: ")
                    .hasMessageContaining("8192 MiB")
                    .hasMessageContaining("Hint:");
        }
    }

    @Test
    @Tag("slow")
    void theLargestTensorIsReducedRight() {
        Tensor x = Tensor.scalar(0.5f).expand(Shape.MOST_ELEMENTS);
        assertThat((double) x.sum().item()).isCloseTo(0.5 * Shape.MOST_ELEMENTS, within(200.0));
        assertThat(x.mean().item()).isEqualTo(0.5f);
        assertThat(x.amax(0).item()).isEqualTo(0.5f);
        assertThat(x.reshape(1, -1).expand(1, Shape.MOST_ELEMENTS).argmax(1).itemLong())
                .isZero();
        int half = Shape.MOST_ELEMENTS / 2;
        assertThat(Tensor.of(new float[] {1, 2}, 1, 2).expand(half, 2).sum(0).toFloatArray())
                .containsExactly((float) half, (float) (2L * half));
        assertThat(x.slice(0, 0, Shape.MOST_ELEMENTS, 1 << 30).toFloatArray()).containsExactly(0.5f, 0.5f);
    }

    /** Their first element would lie behind the end of the memory. */
    @Test
    void viewsWithoutElementsCanBeReadAndWritten() {
        Tensor rows = Tensor.zeros(0, 3, 4);
        Tensor columns = Tensor.zeros(3, 0);
        List<Tensor> views = new ArrayList<>(List.of(
                rows.select(1, 2),
                rows.slice(1, 1, 3),
                rows.slice(1, 2, 3, 2).slice(2, 3, 4),
                rows.diagonal(2, 1, 2),
                rows.diagonal(-2, 1, 2),
                rows.unfold(2, 2, 2).select(1, 1),
                columns.slice(0, 2, 3),
                columns.select(0, 2),
                ten().slice(0, 10, 10)));
        views.addAll(rows.unbind(1));
        views.addAll(rows.split(2, 3));
        views.addAll(columns.chunk(0, 3));
        for (Tensor view : views) {
            assertThat(view.toFloatArray()).isEmpty();
            assertThat(view.toBytes()).isEmpty();
            assertThat(view.toString()).contains("[");
            assertThat(view.add(1).sum().item()).isZero();
            assertThat(view.contiguous().isContiguous()).isTrue();
            view.fill(1).addInPlace(view.copy(), 2).mulInPlace(3).copyFrom(view.copy());
        }
        rows.requireGrad(true).select(1, 2).slice(1, 3, 4).sum().backward();
        assertThat(rows.grad().orElseThrow().shape()).isEqualTo(rows.shape());
    }
}
