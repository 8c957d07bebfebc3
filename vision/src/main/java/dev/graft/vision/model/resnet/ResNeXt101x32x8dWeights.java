package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#resnext101_32x8d(Weights)}; of their SHA-256 the digits in the file name.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum ResNeXt101x32x8dWeights implements Weights {
    /** ImageNet-1K, the first recipe, top-1 79.312 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1("resnext101_32x8d", "8ba56ff5", 79.312, 94.526)),
    /** ImageNet-1K, the recipe of 2021, top-1 82.834 %. */
    IMAGENET1K_V2(TorchvisionFacts.v2("resnext101_32x8d", "110c445d", 82.834, 96.228));

    private final WeightsFacts facts;

    ResNeXt101x32x8dWeights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
