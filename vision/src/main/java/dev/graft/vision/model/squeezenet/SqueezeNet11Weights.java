package dev.graft.vision.model.squeezenet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link SqueezeNet#squeezenet1_1}.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum SqueezeNet11Weights implements Weights {
    /** ImageNet-1K, top-1 58.178 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1(
                    "squeezenet1_1", "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b", 58.178, 80.624)
            .bytes(4_958_839));

    private final WeightsFacts facts;

    SqueezeNet11Weights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
