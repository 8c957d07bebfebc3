package dev.graft.vision;

import dev.graft.message.Explained;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.zoo.ModelZoo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Model folders of networks that classify images. */
final class ImageModels {
    private ImageModels() {}

    static ModelCard card(
            String task,
            String architecture,
            List<String> classes,
            Preprocessing preprocessing,
            Map<String, Object> facts) {
        return new ModelCard(task, architecture, classes, preprocessing.toMap(), facts);
    }

    /**
     * How a card's model wants its images.
     *
     * @param file that the card comes from, for errors
     * @throws ModelException where the card does not say it
     */
    public static Preprocessing preprocessing(ModelCard card, Path file) {
        if (!card.task().equals(ModelCard.IMAGE_CLASSIFICATION) && !card.task().equals(ModelCard.IMAGE_MULTI_LABEL)) {
            throw new ModelException(
                    file + " is of a model for the task " + card.task() + ", not " + ModelCard.IMAGE_CLASSIFICATION,
                    "name the folder of a model that classifies images");
        }
        try {
            return Preprocessing.fromMap(card.preprocessing());
        } catch (ClassCastException e) {
            throw new ModelException(
                    file + " is damaged: an entry has the wrong type", "restore it, or train the model again", e);
        } catch (IllegalArgumentException e) {
            throw new ModelException(
                    file + " is damaged: " + Explained.problem(e), "restore it, or train the model again", e);
        }
    }

    /** The network of a finished run, in evaluation mode. */
    public static Backbone load(ModelCard card, Path folder) {
        return card.load(
                folder, () -> architecture(card, folder).create(card.classes().size(), new SplittableRandom(0)));
    }

    private static Architecture architecture(ModelCard card, Path folder) {
        try {
            return ModelZoo.architecture(card.architecture());
        } catch (IllegalArgumentException e) {
            throw new ModelException(
                    folder.resolve(ModelCard.FILE_NAME) + " is of the network " + card.architecture()
                            + ", which this version of Graft does not know",
                    "use the version of Graft that wrote it, or a newer one",
                    e);
        }
    }
}
