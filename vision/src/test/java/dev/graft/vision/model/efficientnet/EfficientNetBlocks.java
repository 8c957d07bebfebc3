package dev.graft.vision.model.efficientnet;

import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm;
import java.util.random.RandomGenerator;

/** Lends this package's block to tests that compare the blocks of all families. */
public final class EfficientNetBlocks {
    private EfficientNetBlocks() {}

    public static Module inverted(
            int in, int out, int kernel, int stride, int expansion, BatchNorm.Options norm, RandomGenerator random) {
        return new InvertedResidual(in, out, kernel, stride, expansion, norm, random);
    }
}
