package dev.graft.vision.model.resnet;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/** Lends this package's blocks to tests that compare the blocks of all families. */
public final class ResNetBlocks {
    private ResNetBlocks() {}

    public static Module basic(int in, int out, int stride, RandomGenerator random) {
        return new BasicBlock(in, out, stride, false, random);
    }

    public static Module bottleneck(int in, int width, int stride, RandomGenerator random) {
        return new Bottleneck(in, width, width, 1, stride, 1, false, random);
    }

    public static Module cifar(int in, int out, int stride, RandomGenerator random) {
        return new CifarBlock(in, out, stride, random);
    }

    public static Tensor subsampled(Tensor x, int out) {
        return Shortcut.subsampled(x, out);
    }
}
