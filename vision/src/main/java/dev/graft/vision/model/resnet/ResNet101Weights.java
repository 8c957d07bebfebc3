package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#resnet101(Weights)}.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum ResNet101Weights implements Weights {
    /** ImageNet-1K, the first recipe, top-1 77.374 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1(
            "resnet101", "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a", 77.374, 93.546)),
    /**
     * ImageNet-1K, the recipe of 2021, top-1 81.886 %. Of its SHA-256 only the digits in the file name are recorded.
     */
    IMAGENET1K_V2(TorchvisionFacts.v2("resnet101", "cd907fc2", 81.886, 95.780));

    private final WeightsFacts facts;

    ResNet101Weights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
