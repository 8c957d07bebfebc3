package dev.graft.vision.image.transform;

import dev.graft.vision.image.Image;
import java.util.List;

/** Combinations of transforms. */
public final class Transforms {
    private Transforms() {}

    /** Leaves images unchanged. */
    public static Transform identity() {
        return (image, random) -> image;
    }

    /** The given steps one after the other. */
    public static Transform compose(Transform... steps) {
        return compose(List.of(steps));
    }

    /** The given steps one after the other. */
    public static Transform compose(List<? extends Transform> steps) {
        List<Transform> all = List.copyOf(steps);
        return (image, random) -> {
            Image result = image;
            for (Transform step : all) {
                result = step.apply(result, random);
            }
            return result;
        };
    }
}
