package dev.graft.vision.model.resnet;

import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.ReLU;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.part.EachImageByItself;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * 1x1 down, 3x3, 1x1 up to four times the width, beside a shortcut. The stride is at the 3x3 convolution, as in
 * torchvision ("ResNet v1.5"); in the paper it is at the first 1x1.
 */
final class Bottleneck extends Module implements EachImageByItself, ResidualBlock {
    static final int EXPANSION = 4;

    private Module conv1;
    private Module bn1;
    private Module conv2;
    private Module bn2;
    private Module conv3;
    private Module bn3;
    private Module relu;
    private @Nullable Module downsample;

    /**
     * @param planes a quarter of the output's channels
     * @param width channels of the 3x3 convolution, in {@code groups}
     */
    Bottleneck(
            int in,
            int planes,
            int width,
            int groups,
            int stride,
            int dilation,
            boolean avgDown,
            RandomGenerator random) {
        int out = planes * EXPANSION;
        conv1 = new Conv2d(in, width, 1, Conv2d.options().withoutBias(), random);
        bn1 = new BatchNorm2d(width);
        conv2 = new Conv2d(
                width,
                width,
                3,
                Conv2d.options()
                        .stride(stride)
                        .padding(dilation)
                        .dilation(dilation)
                        .groups(groups)
                        .withoutBias(),
                random);
        bn2 = new BatchNorm2d(width);
        conv3 = new Conv2d(width, out, 1, Conv2d.options().withoutBias(), random);
        bn3 = new BatchNorm2d(out);
        relu = new ReLU();
        downsample = Shortcut.projection(in, out, stride, avgDown, random);
    }

    @Override
    public Module last() {
        return bn3;
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor y = Fused.convNorm(conv1, bn1, relu, x);
        y = Fused.convNorm(conv2, bn2, relu, y);
        return Fused.convNormAdd(conv3, bn3, relu, y, downsample == null ? x : downsample.forward(x));
    }
}
