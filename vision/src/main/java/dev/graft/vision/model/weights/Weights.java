package dev.graft.vision.model.weights;

import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.image.transform.Preprocessing;
import java.util.List;

/**
 * Published weights by name: where the file is, its hash, its classes, and the images that it expects.
 * {@link dev.graft.vision.model.download.WeightCache} finds or downloads the file.
 */
public interface Weights {

    /** The publisher's name, such as {@code IMAGENET1K_V1}. */
    String name();

    /** The location and the content of the file. */
    WeightsFacts facts();

    /** The network in the {@link dev.graft.vision.model.zoo.ModelZoo} that the file fits, such as {@code resnet18}. */
    default String architecture() {
        return facts().architecture();
    }

    /** The names of the classes, in the order of the logits. */
    default List<String> classes() {
        return facts().classes();
    }

    /** The preprocessing that the network expects. */
    default Preprocessing preprocessing() {
        return facts().preprocessing();
    }

    /** The conversion from an image to the network's input, for evaluation and prediction. */
    default ImagePipeline transform() {
        return preprocessing().eval();
    }

    /** As {@link #transform()} with a random crop and flip, for training: {@link Augment#LIGHT}. */
    default ImagePipeline trainTransform() {
        return preprocessing().train(Augment.LIGHT);
    }
}
