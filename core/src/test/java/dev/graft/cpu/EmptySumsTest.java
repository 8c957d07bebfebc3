package dev.graft.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture.Layout;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sizes of 0: sums without a term are 0, results without an element are no reason to fail. */
class EmptySumsTest {
    private final Fixture f = new Fixture();

    private View full(int... dims) {
        View view = f.empty(Layout.ROW_MAJOR, dims);
        f.cpu.fill(view, 7);
        return view;
    }

    private static double[] constant(int n, double value) {
        double[] all = new double[n];
        Arrays.fill(all, value);
        return all;
    }

    @Test
    void aConvolutionOfNoChannelsIsItsBias() {
        for (int groups : new int[] {1, 2}) {
            for (int stride : new int[] {1, 2}) {
                for (int kernel : new int[] {1, 3}) {
                    Conv2dParams params = Conv2dParams.of(stride, kernel / 2).groups(groups);
                    View x = full(2, 0, 5, 6);
                    View w = full(32, 0, kernel, kernel);
                    View y = full(2, 32, params.outputHeight(5, kernel), params.outputWidth(6, kernel));
                    f.cpu.conv2d(x, w, Epilogue.NONE, y, params);
                    assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), 0));
                    View bias = full(32);
                    View residual = full(2, 32, params.outputHeight(5, kernel), params.outputWidth(6, kernel));
                    f.cpu.conv2d(
                            x,
                            w,
                            new Epilogue(Optional.of(bias), Optional.of(bias), Optional.of(residual), Activation.RELU6),
                            y,
                            params);
                    assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), 6));
                    f.cpu.conv2d(x, w, Epilogue.bias(bias), y, params);
                    assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), 7));
                    View dx = full(2, 0, 5, 6);
                    f.cpu.conv2dBackwardInput(y, w, dx, params);
                    f.cpu.conv2dBackwardWeight(x, y, w, params);
                }
            }
        }
    }

    @Test
    void maximaOfAConvolutionOfNoChannelsAreItsBias() {
        View y = full(1, 16, 2, 2);
        Pool2dParams windows = Pool2dParams.of(2, 2);
        Epilogue pooled = new Epilogue(
                Optional.empty(), Optional.of(full(16)), Optional.empty(), Activation.NONE, Optional.of(windows));
        f.cpu.conv2d(full(1, 0, 4, 4), full(16, 0, 3, 3), pooled, y, Conv2dParams.of(1, 1));
        assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), 7));
    }

    @Test
    void noOutputsGiveNoInputGradient() {
        for (int kernel : new int[] {1, 3}) {
            View dx = full(2, 32, 5, 6);
            Conv2dParams params = Conv2dParams.of(1, kernel / 2);
            f.cpu.conv2dBackwardInput(full(2, 0, 5, 6), full(0, 32, kernel, kernel), dx, params);
            assertThat(Fixture.values(dx)).isEqualTo(constant(dx.numel(), 0));
            f.cpu.conv2d(dx, full(0, 32, kernel, kernel), Epilogue.NONE, full(2, 0, 5, 6), params);
            f.cpu.conv2dBackwardWeight(dx, full(2, 0, 5, 6), full(0, 32, kernel, kernel), params);
        }
    }

    @Test
    void productsOfDepthZeroAreZero() {
        for (int[] size : new int[][] {{1, 1}, {3, 5}, {300, 600}}) {
            View y = full(size);
            f.cpu.matmul(full(size[0], 0), full(0, size[1]), y);
            assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), 0));
        }
        f.cpu.matmul(full(0, 4), full(4, 5), full(0, 5));
        f.cpu.matmul(full(5, 4), full(4, 0), full(5, 0));
        f.cpu.matmul(full(0, 5, 4), full(0, 4, 5), full(0, 5, 5));
    }

    @Test
    void foldsOfNothing() {
        for (int[] dims : new int[][] {{0, 3}, {3, 0}, {0}, {2, 0, 3}}) {
            for (int axis = 0; axis < dims.length; axis++) {
                int[] kept = dims.clone();
                kept[axis] = 1;
                View y = full(kept);
                f.cpu.reduce(Reduction.SUM, full(dims), y);
                assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), 0));
                f.cpu.reduce(Reduction.MAX, full(dims), y);
                assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), Double.NEGATIVE_INFINITY));
                f.cpu.reduce(Reduction.MEAN, full(dims), y);
                assertThat(Fixture.values(y)).isEqualTo(constant(y.numel(), Double.NaN));
            }
        }
    }

    @Test
    void layersOfEmptyBatches() {
        View none = full(0, 3, 4, 5);
        View c = full(3);
        f.cpu.batchNormEval(none, c, c, c, c, Optional.of(none), Activation.RELU, none);
        f.cpu.batchNormTrain(none, c, c, 1e-5f, Optional.empty(), Activation.RELU, none, full(3), full(3), full(3));
        View dgamma = full(3);
        View dbeta = full(3);
        f.cpu.batchNormTrainBackward(
                none, Optional.empty(), none, c, c, c, c, Activation.NONE, none, dgamma, dbeta, Optional.empty());
        assertThat(Fixture.values(dgamma)).isEqualTo(constant(3, 0));
        assertThat(Fixture.values(dbeta)).isEqualTo(constant(3, 0));
        f.cpu.layerNorm(full(0, 4), full(4), full(4), 1e-5f, full(0, 4), full(0), full(0));
        dbeta = full(4);
        f.cpu.layerNormBackward(full(0, 4), full(0, 4), full(4), full(0), full(0), full(0, 4), full(4), dbeta);
        assertThat(Fixture.values(dbeta)).isEqualTo(constant(4, 0));
        f.cpu.layerNorm(full(3, 0), full(0), full(0), 1e-5f, full(3, 0), full(3), full(3));
        f.cpu.softmax(true, full(0, 4), full(0, 4));
        f.cpu.softmax(false, full(3, 0), full(3, 0));
        f.cpu.softmaxBackward(true, full(0, 4), full(0, 4), full(0, 4));
        View table = full(5, 3);
        f.cpu.gatherRowsBackward(full(0, 3), f.of(new long[0]), table);
        assertThat(Fixture.values(table)).isEqualTo(constant(15, 0));
        f.cpu.gatherRows(table, f.of(new long[0]), full(0, 3));
        f.cpu.crossEntropy(full(0, 3), f.of(new long[0]), Optional.empty(), 0.1f, -1, full(0), full(0), full(0, 3));
        f.cpu.crossEntropyBackward(full(0, 3), f.of(new long[0]), Optional.empty(), 0.1f, -1, full(0), full(0, 3));
    }

    @Test
    void poolingOfEmptyBatchesAndOfNoChannels() {
        Pool2dParams windows = Pool2dParams.of(2, 2);
        for (int[] dims : new int[][] {{0, 3, 4, 4}, {0, 16, 4, 4}, {2, 0, 4, 4}}) {
            View x = full(dims);
            View y = full(dims[0], dims[1], 2, 2);
            View index = f.empty(dev.graft.type.DType.I32, dims[0], dims[1], 2, 2);
            f.cpu.maxPool2d(x, windows, y, Optional.of(index));
            f.cpu.maxPool2d(x, windows, y, Optional.empty());
            f.cpu.maxPool2dBackward(y, index, windows, x);
            f.cpu.avgPool2d(x, windows, y);
            f.cpu.avgPool2dBackward(y, windows, x);
        }
    }
}
