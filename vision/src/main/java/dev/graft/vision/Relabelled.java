package dev.graft.vision;

import dev.graft.nn.data.Example;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.run.RunException;
import dev.graft.tensor.Tensor;
import dev.graft.vision.data.ImageDataset;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Images with the class numbers of a model, whose classes are matched by name; some of the model's may have no image.
 */
final class Relabelled implements LabelledDataset {
    private final ImageDataset images;
    private final List<String> classes;
    private final int[] number;
    private final int[] labels;

    /**
     * Matches the names.
     *
     * @param multiLabel whether the model is for any number of labels
     * @throws RunException for a class that the model does not know, or labels of the other kind
     */
    public Relabelled(ImageDataset images, List<String> classes, boolean multiLabel) {
        if (images.isMultiLabel() != multiLabel) {
            throw new RunException(
                    multiLabel
                            ? "the model says of each image any number of labels, and these images have one class each"
                            : "the model says of each image one class, and these images have any number of labels",
                    "list the images in a CSV file as those of the training were");
        }
        this.images = images;
        this.classes = classes;
        number = images.classes().stream().mapToInt(classes::indexOf).toArray();
        if (Arrays.stream(number).anyMatch(n -> n < 0)) {
            throw new RunException(
                    "the images have other classes than the model: " + images.classes() + ", the model knows "
                            + classes,
                    "name the class folders as the model's classes");
        }
        labels = multiLabel
                ? new int[0]
                : Arrays.stream(images.labels()).map(label -> number[label]).toArray();
    }

    @Override
    public int size() {
        return images.size();
    }

    @Override
    public Example get(int index, RandomGenerator random) {
        Example example = images.get(index, random);
        try (Tensor ignored = example.target()) {
            return example(example.input(), index);
        }
    }

    @Override
    public String describe(int index) {
        return images.describe(index);
    }

    @Override
    public int[] labels() {
        return labels.clone();
    }

    @Override
    public int label(int index) {
        return labels[index];
    }

    @Override
    public boolean isMultiLabel() {
        return images.isMultiLabel();
    }

    @Override
    public boolean[] has(int index) {
        boolean[] theirs = images.has(index);
        boolean[] has = new boolean[classes.size()];
        for (int c = 0; c < theirs.length; c++) {
            has[number[c]] |= theirs[c];
        }
        return has;
    }

    @Override
    public List<String> classes() {
        return classes;
    }
}
