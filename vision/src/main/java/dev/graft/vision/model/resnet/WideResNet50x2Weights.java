package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#wide_resnet50_2(Weights)}; of their SHA-256 the digits in the file name.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum WideResNet50x2Weights implements Weights {
    /** ImageNet-1K, the first recipe, top-1 78.468 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1("wide_resnet50_2", "95faca4d", 78.468, 94.086)),
    /** ImageNet-1K, the recipe of 2021, top-1 81.602 %. */
    IMAGENET1K_V2(TorchvisionFacts.v2("wide_resnet50_2", "9ba9bcbe", 81.602, 95.758));

    private final WeightsFacts facts;

    WideResNet50x2Weights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
