package dev.graft.vision.model.squeezenet;

import dev.graft.nn.Module;
import dev.graft.nn.StateKey;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Fused;
import dev.graft.nn.layer.ReLU;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.part.EachImageByItself;
import java.util.random.RandomGenerator;

/** Squeezes channels by a 1x1 convolution, then expands them by 1x1 and 3x3 side by side; ReLU after each. */
final class Fire extends Module implements EachImageByItself {
    private Module squeeze;

    @StateKey("squeeze_activation")
    private Module squeezeActivation = new ReLU();

    private Module expand1x1;

    @StateKey("expand1x1_activation")
    private Module expand1x1Activation = new ReLU();

    private Module expand3x3;

    @StateKey("expand3x3_activation")
    private Module expand3x3Activation = new ReLU();

    /** @param expanded output channels of each of the two expanding convolutions */
    Fire(int in, int squeezed, int expanded, RandomGenerator random) {
        squeeze = new Conv2d(in, squeezed, 1, random);
        expand1x1 = new Conv2d(squeezed, expanded, 1, random);
        expand3x3 = new Conv2d(squeezed, expanded, 3, Conv2d.options().padding(1), random);
    }

    @Override
    protected Tensor compute(Tensor x) {
        Tensor s = Fused.conv(squeeze, squeezeActivation, x);
        return Tensor.concat(
                1, Fused.conv(expand1x1, expand1x1Activation, s), Fused.conv(expand3x3, expand3x3Activation, s));
    }
}
