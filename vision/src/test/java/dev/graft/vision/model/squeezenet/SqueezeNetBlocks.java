package dev.graft.vision.model.squeezenet;

import dev.graft.nn.Module;
import java.util.random.RandomGenerator;

/** Lends this package's block to tests that compare the blocks of all families. */
public final class SqueezeNetBlocks {
    private SqueezeNetBlocks() {}

    public static Module fire(int in, int squeezed, int expanded, RandomGenerator random) {
        return new Fire(in, squeezed, expanded, random);
    }
}
