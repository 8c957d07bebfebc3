package dev.graft.vision.model.resnet;

import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.weights.Accuracy;
import dev.graft.vision.model.weights.ClassNames;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;
import java.net.URI;

/**
 * Published weights for {@link CifarResNet}, trained on CIFAR-10; one entry for each depth. Except for ResNet-20, only
 * the SHA-256 digits in the file name are recorded.
 *
 * @see <a href="https://github.com/akamaster/pytorch_resnet_cifar10">pytorch_resnet_cifar10</a>
 */
public enum CifarResNetWeights implements Weights {
    /** ResNet-20, accuracy 91.73 %. */
    RESNET20_CIFAR10("resnet20", "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8", 91.73),
    /** ResNet-32, accuracy 92.63 %. */
    RESNET32_CIFAR10("resnet32", "d509ac18", 92.63),
    /** ResNet-44, accuracy 93.10 %. */
    RESNET44_CIFAR10("resnet44", "014dd654", 93.10),
    /** ResNet-56, accuracy 93.39 %. */
    RESNET56_CIFAR10("resnet56", "4bfd9763", 93.39);

    private final WeightsFacts facts;

    CifarResNetWeights(String architecture, String sha256, double top1) {
        String fileName = architecture + "-" + sha256.substring(0, 8) + ".th";
        // Trained with ImageNet's mean and deviation, although CIFAR's own differ.
        Preprocessing preprocessing = new Preprocessing(32, 32, Interpolation.BILINEAR, Normalize.imageNet());
        facts = WeightsFacts.of(architecture, fileName, sha256, ClassNames.cifar10(), preprocessing)
                .url(URI.create(
                        "https://github.com/akamaster/pytorch_resnet_cifar10/raw/master/pretrained_models/" + fileName))
                .origin("akamaster/pytorch_resnet_cifar10, BSD")
                .accuracy(Accuracy.of(top1));
    }

    @Override
    public WeightsFacts facts() {
        return facts;
    }
}
