package dev.graft.benchmarks.peers;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;

/** ResNet-18 (He et al. 2016) in DJL's blocks; the network of that name in DJL's zoo is a smaller one for CIFAR. */
final class DjlResNet18 {
    private DjlResNet18() {}

    /** {@code [N, 3, H, W]} to {@code [N, 512]}. */
    static SequentialBlock backbone() {
        SequentialBlock net = new SequentialBlock();
        convBn(net, 64, 7, 2, 3).add(Activation.reluBlock());
        net.add(Pool.maxPool2dBlock(new Shape(3, 3), new Shape(2, 2), new Shape(1, 1)));
        for (int stage = 0; stage < 4; stage++) {
            for (int i = 0; i < 2; i++) {
                residual(net, 64 << stage, i == 0 && stage > 0 ? 2 : 1);
            }
        }
        return net.add(Pool.globalAvgPool2dBlock()).add(Blocks.batchFlattenBlock());
    }

    static Block head(int classes) {
        return Linear.builder().setUnits(classes).build();
    }

    private static void residual(SequentialBlock net, int out, int stride) {
        SequentialBlock main = new SequentialBlock();
        convBn(main, out, 3, stride, 1).add(Activation.reluBlock());
        convBn(main, out, 3, 1, 1);
        SequentialBlock shortcut = new SequentialBlock();
        if (stride == 1) {
            shortcut.add(Blocks.identityBlock());
        } else {
            convBn(shortcut, out, 1, stride, 0);
        }
        ParallelBlock sum = new ParallelBlock(both ->
                new NDList(both.get(0).singletonOrThrow().add(both.get(1).singletonOrThrow())));
        net.add(sum.add(main).add(shortcut)).add(Activation.reluBlock());
    }

    private static SequentialBlock convBn(SequentialBlock net, int out, int kernel, int stride, int padding) {
        net.add(Conv2d.builder()
                .setFilters(out)
                .setKernelShape(new Shape(kernel, kernel))
                .optStride(new Shape(stride, stride))
                .optPadding(new Shape(padding, padding))
                .optBias(false)
                .build());
        return net.add(BatchNorm.builder().build());
    }
}
