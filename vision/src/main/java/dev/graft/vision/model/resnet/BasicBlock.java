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

/** Two 3x3 convolutions beside a shortcut: {@code relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))}. */
final class BasicBlock extends Module implements EachImageByItself {
    private final Conv2d conv1;
    private final BatchNorm2d bn1;
    private final Conv2d conv2;
    private final BatchNorm2d bn2;
    private final @Nullable Sequential downsample;

    BasicBlock(int in, int out, int stride, boolean avgDown, RandomGenerator random) {
        conv1 = new Conv2d(
                in, out, 3, Conv2d.options().stride(stride).padding(1).withoutBias(), random);
        bn1 = new BatchNorm2d(out);
        conv2 = new Conv2d(out, out, 3, Conv2d.options().padding(1).withoutBias(), random);
        bn2 = new BatchNorm2d(out);
        downsample = Shortcut.projection(in, out, stride, avgDown, random);
    }

    /** The norm whose output is added to the shortcut. */
    BatchNorm2d last() {
        return bn2;
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor y = Fused.convNorm(conv1, bn1, x, Activation.RELU);
        return Fused.convNormAdd(conv2, bn2, y, downsample == null ? x : downsample.forward(x), Activation.RELU);
    }
}
