package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#resnext101_64x4d(Weights)}; of their SHA-256 the digits in the file name.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum ResNeXt101x64x4dWeights implements Weights {
    /** ImageNet-1K, the recipe of 2021, top-1 83.246 %. */
    IMAGENET1K_V1(TorchvisionFacts.v2("resnext101_64x4d", "173b62eb", 83.246, 96.454));

    private final WeightsFacts facts;

    ResNeXt101x64x4dWeights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
