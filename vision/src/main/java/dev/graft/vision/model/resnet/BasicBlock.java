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

/** Two 3x3 convolutions beside a shortcut: {@code relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))}. */
final class BasicBlock extends Module implements EachImageByItself, ResidualBlock {
    private Module conv1;
    private Module bn1;
    private Module relu;
    private Module conv2;
    private Module bn2;
    private @Nullable Module downsample;

    BasicBlock(int in, int out, int stride, boolean avgDown, RandomGenerator random) {
        conv1 = new Conv2d(
                in, out, 3, Conv2d.options().stride(stride).padding(1).withoutBias(), random);
        bn1 = new BatchNorm2d(out);
        relu = new ReLU();
        conv2 = new Conv2d(out, out, 3, Conv2d.options().padding(1).withoutBias(), random);
        bn2 = new BatchNorm2d(out);
        downsample = Shortcut.projection(in, out, stride, avgDown, random);
    }

    @Override
    public Module last() {
        return bn2;
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor y = Fused.convNorm(conv1, bn1, relu, x);
        return Fused.convNormAdd(conv2, bn2, relu, y, downsample == null ? x : downsample.forward(x));
    }
}
