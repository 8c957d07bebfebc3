package dev.graft.vision.model.squeezenet;

import dev.graft.backend.Activation;
import dev.graft.nn.Module;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.part.EachImageByItself;
import java.util.random.RandomGenerator;

/** Squeezes channels by a 1x1 convolution, then expands them by 1x1 and 3x3 side by side; ReLU after each. */
final class Fire extends Module implements EachImageByItself {
    private final Conv2d squeeze;
    private final Conv2d expand1x1;
    private final Conv2d expand3x3;

    /** @param expanded output channels of each of the two expanding convolutions */
    Fire(int in, int squeezed, int expanded, RandomGenerator random) {
        squeeze = new Conv2d(in, squeezed, 1, random);
        expand1x1 = new Conv2d(squeezed, expanded, 1, random);
        expand3x3 = new Conv2d(squeezed, expanded, 3, Conv2d.options().padding(1), random);
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor s = Fused.conv(squeeze, x, Activation.RELU);
        return Tensor.concat(1, Fused.conv(expand1x1, s, Activation.RELU), Fused.conv(expand3x3, s, Activation.RELU));
    }
}
