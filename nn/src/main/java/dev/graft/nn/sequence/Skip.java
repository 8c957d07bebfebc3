package dev.graft.nn.sequence;

import dev.graft.nn.Module;
import dev.graft.nn.layer.Conv1d;
import dev.graft.tensor.Tensor;
import java.util.random.RandomGenerator;

/** What a stage hands on to the sum of all stages: a convolution of kernel 1. */
final class Skip extends Module {
    private final Module conv;

    Skip(int channels, RandomGenerator random) {
        conv = new Conv1d(channels, channels, 1, random);
    }

    @Override
    protected Tensor compute(Tensor x) {
        return conv.forward(x);
    }
}
