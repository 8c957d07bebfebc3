package dev.graft.vision.model.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The classes that published weights were trained on, in the order of their logits. */
public final class ClassNames {
    private static final List<String> CIFAR10 =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private ClassNames() {}

    private static final class ImageNet {
        static final List<String> NAMES = read("imagenet_classes.txt");
    }

    /** The 1000 classes of ImageNet-1K, with torchvision's names. */
    public static List<String> imageNet() {
        return ImageNet.NAMES;
    }

    /** The 10 classes of CIFAR-10. */
    public static List<String> cifar10() {
        return CIFAR10;
    }

    private static List<String> read(String resource) {
        try (InputStream in = ClassNames.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource " + resource + " is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
