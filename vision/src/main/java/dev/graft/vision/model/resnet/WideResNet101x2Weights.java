package dev.graft.vision.model.resnet;

import dev.graft.vision.model.part.TorchvisionFacts;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link ResNet#wide_resnet101_2(Weights)}; of their SHA-256 the digits in the file name.
 *
 * @see <a href="https://pytorch.org/vision/stable/models.html">torchvision's table of weights</a>
 */
public enum WideResNet101x2Weights implements Weights {
    /** ImageNet-1K, the first recipe, top-1 78.848 %. */
    IMAGENET1K_V1(TorchvisionFacts.v1("wide_resnet101_2", "32ee1156", 78.848, 94.284)),
    /** ImageNet-1K, the recipe of 2021, top-1 82.510 %. */
    IMAGENET1K_V2(TorchvisionFacts.v2("wide_resnet101_2", "d733dc28", 82.510, 96.020));

    private final WeightsFacts facts;

    WideResNet101x2Weights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
