package dev.graft.vision.model.resnet;

import dev.graft.backend.Activation;
import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.part.EachImageByItself;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * 1x1 down, 3x3, 1x1 up to four times the width, beside a shortcut. The stride is at the 3x3 convolution, as in
 * torchvision ("ResNet v1.5"); in the paper it is at the first 1x1.
 */
final class Bottleneck extends Module implements EachImageByItself {
    static final int EXPANSION = 4;

    private final Conv2d conv1;
    private final BatchNorm2d bn1;
    private final Conv2d conv2;
    private final BatchNorm2d bn2;
    private final Conv2d conv3;
    private final BatchNorm2d bn3;
    private final @Nullable Sequential downsample;

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
        downsample = Shortcut.projection(in, out, stride, avgDown, random);
    }

    /** The norm whose output is added to the shortcut. */
    BatchNorm2d last() {
        return bn3;
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor y = Fused.convNorm(conv1, bn1, x, Activation.RELU);
        y = Fused.convNorm(conv2, bn2, y, Activation.RELU);
        return Fused.convNormAdd(conv3, bn3, y, downsample == null ? x : downsample.forward(x), Activation.RELU);
    }
}
