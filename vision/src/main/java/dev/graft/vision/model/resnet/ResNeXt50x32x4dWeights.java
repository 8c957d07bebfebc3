package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#resnext50_32x4d(Weights)}; of their SHA-256 the digits in the file name.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum ResNeXt50x32x4dWeights implements Weights {
    /** ImageNet-1K, the first recipe, top-1 77.618 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1("resnext50_32x4d", "7cdf4587", 77.618, 93.698)),
    /** ImageNet-1K, the recipe of 2021, top-1 81.198 %. */
    IMAGENET1K_V2(TorchvisionFacts.v2("resnext50_32x4d", "1a0047aa", 81.198, 95.340));

    private final WeightsFacts facts;

    ResNeXt50x32x4dWeights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
