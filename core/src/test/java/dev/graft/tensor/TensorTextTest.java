package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Numbers as PyTorch 2.13 prints the same tensors. */
class TensorTextTest {
    @Test
    void fewValuesAreAllShown() {
        assertThat(Tensor.of(new float[] {1, 2.5f, -3, 0}, 2, 2)).hasToString("""
                Tensor[2, 2] F32 =
                [[ 1.0000,  2.5000],
                 [-3.0000,  0.0000]]""");
        assertThat(Tensor.of(new float[] {1, -20}, 2)).hasToString("Tensor[2] F32 = [  1., -20.]");
        assertThat(Tensor.of(new boolean[] {true, false}, 2)).hasToString("Tensor[2] BOOL = [ true, false]");
        assertThat(Tensor.of(new long[] {1L << 62, -1}, 2, 1)).hasToString("""
                Tensor[2, 1] I64 =
                [[4611686018427387904],
                 [                 -1]]""");
        assertThat(Tensor.of(new float[] {1e-6f, 1}, 2).requireGrad(true))
                .hasToString("Tensor[2] F32 requiresGrad = [1.0000e-06, 1.0000e+00]");
    }

    @Test
    void whatIsNoNumberIsNamed() {
        float inf = Float.POSITIVE_INFINITY;
        assertThat(Tensor.of(new float[] {Float.NaN, inf, -inf, 0.5f}, 4))
                .hasToString("Tensor[4] F32 = [   nan,    inf,   -inf, 0.5000]");
        assertThat(Tensor.zeros(0, 3)).hasToString("Tensor[0, 3] F32 = []");
        assertThat(Tensor.zeros(2, 0)).hasToString("Tensor[2, 0] F32 = []");
        assertThat(Tensor.zeros(DType.C64, Shape.of(2))).hasToString("Tensor[2] C64");
        assertThat(Tensor.of(new float[] {0.5f, 3}, 2).to(DType.BF16)).hasToString("Tensor[2] BF16 = [0.5000, 3.0000]");
    }

    @Test
    void blocksAndLinesAreApart() {
        assertThat(Tensor.arange(8).reshape(2, 2, 2)).hasToString("""
                Tensor[2, 2, 2] I64 =
                [[[0, 1],
                  [2, 3]],

                 [[4, 5],
                  [6, 7]]]""");
        assertThat(Tensor.arange(30)).hasToString("""
                Tensor[30] I64 = [ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]""");
    }

    @Test
    void ofManyValuesTheFirstAndLastAreShown() {
        assertThat(Tensor.arange(1001)).hasToString("Tensor[1001] I64 = [   0,    1,    2, ...,  998,  999, 1000]");
        assertThat(Tensor.arange(5000).reshape(1000, 5)).hasToString("""
                Tensor[1000, 5] I64 =
                [[   0,    1,    2,    3,    4],
                 [   5,    6,    7,    8,    9],
                 [  10,   11,   12,   13,   14],
                 ...,
                 [4985, 4986, 4987, 4988, 4989],
                 [4990, 4991, 4992, 4993, 4994],
                 [4995, 4996, 4997, 4998, 4999]]""");
    }

    @Test
    void hugeTensorsCostNothing() {
        Tensor huge = Tensor.scalar(1.5f).expand(1 << 15, 1 << 15);
        assertThat(huge.toString())
                .startsWith("Tensor[32768, 32768] F32 =\n[[1.5000, 1.5000, 1.5000, ..., 1.5000")
                .hasSizeLessThan(500);
        int[] twos = IntStream.generate(() -> 2).limit(20).toArray();
        assertThat(Tensor.scalar(1).expand(twos).toString()).endsWith(" F32 = ...");
        int[] threes = IntStream.generate(() -> 7).limit(9).toArray();
        assertThat(Tensor.scalar(1).expand(threes).toString()).hasSizeLessThan(20_000);
    }

    @Test
    void leavesNothingInTheScopeAndNoHistory() {
        Tensor x = Tensor.ones(40, 40).requireGrad(true).mul(2);
        assertThat(x.toString()).startsWith("Tensor[40, 40] F32 requiresGrad =\n[[2., 2., 2., ..., 2., 2., 2.],");
        x.close();
        assertThat(x).hasToString("Tensor[40, 40] F32 closed");
    }
}
