package dev.graft.nn.sequence;

import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Conv1d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.LeakyReLU;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/**
 * {@code x + conv2(relu2(norm2(conv1(relu1(norm1(x))))))} without padding: the result is {@link #shrinks()} columns
 * shorter than the input, {@code [N, C, L]}, and belongs to its middle.
 */
final class ResidualUnit extends Module {
    private final Module batchnorm1;
    private final Module relu1 = new LeakyReLU(DilatedResNet.SLOPE);
    private final Module conv1;
    private final Module batchnorm2;
    private final Module relu2 = new LeakyReLU(DilatedResNet.SLOPE);
    private final Module conv2;
    private final int shrinks;

    ResidualUnit(int channels, int kernel, int dilation, RandomGenerator random) {
        Conv1d.Options options = Conv1d.options().dilation(dilation);
        batchnorm1 = new BatchNorm1d(channels);
        conv1 = new Conv1d(channels, channels, kernel, options, random);
        batchnorm2 = new BatchNorm1d(channels);
        conv2 = new Conv1d(channels, channels, kernel, options, random);
        shrinks = 2 * dilation * (kernel - 1);
    }

    /** Columns that the result lacks, half of them on each side. */
    int shrinks() {
        return shrinks;
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor first = relu1.forward(batchnorm1.forward(x));
        Tensor second = relu2.forward(Fused.convNorm(conv1, batchnorm2, first));
        int from = shrinks / 2;
        return conv2.forward(second).add(x.slice(2, from, x.dim(2) - from));
    }
}
