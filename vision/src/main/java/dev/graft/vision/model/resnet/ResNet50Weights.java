package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#resnet50(Weights)}.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum ResNet50Weights implements Weights {
    /** ImageNet-1K, the first recipe, top-1 76.130 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1(
                    "resnet50", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 76.130, 92.862)
            .bytes(102_530_333)),
    /** ImageNet-1K, the recipe of 2021, top-1 80.858 %. */
    IMAGENET1K_V2(TorchvisionFacts.v2(
                    "resnet50", "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca", 80.858, 95.434)
            .bytes(102_540_417));

    private final WeightsFacts facts;

    ResNet50Weights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
