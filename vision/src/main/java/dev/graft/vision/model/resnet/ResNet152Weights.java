package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#resnet152(Weights)}.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum ResNet152Weights implements Weights {
    /** ImageNet-1K, the first recipe, top-1 78.312 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1(
            "resnet152", "394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58", 78.312, 94.046)),
    /**
     * ImageNet-1K, the recipe of 2021, top-1 82.284 %. Of its SHA-256 only the digits in the file name are recorded.
     */
    IMAGENET1K_V2(TorchvisionFacts.v2("resnet152", "f82ba261", 82.284, 96.002));

    private final WeightsFacts facts;

    ResNet152Weights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
