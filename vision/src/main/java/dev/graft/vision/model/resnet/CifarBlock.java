package dev.graft.vision.model.resnet;

import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.ReLU;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/** Two 3x3 convolutions beside a shortcut without weights. */
final class CifarBlock extends Module {
    private Module conv1;
    private Module bn1;
    private Module relu;
    private Module conv2;
    private Module bn2;
    private final int out;
    private final boolean reduces;

    CifarBlock(int in, int out, int stride, RandomGenerator random) {
        conv1 = new Conv2d(
                in, out, 3, Conv2d.options().stride(stride).padding(1).withoutBias(), random);
        bn1 = new BatchNorm2d(out);
        relu = new ReLU();
        conv2 = new Conv2d(out, out, 3, Conv2d.options().padding(1).withoutBias(), random);
        bn2 = new BatchNorm2d(out);
        this.out = out;
        reduces = stride != 1;
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor y = Fused.convNorm(conv1, bn1, relu, x);
        return Fused.convNormAdd(conv2, bn2, relu, y, reduces ? Shortcut.subsampled(x, out) : x);
    }
}
