package dev.graft.vision.explain;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.transform.CropPlacement;
import java.awt.image.BufferedImage;
import java.util.stream.Stream;

/**
 * What a classifier's probability of one class rests on, in one image.
 *
 * @param method that made the map
 * @param classIndex the explained class's position among the network's outputs
 * @param className the explained class
 * @param probability of the explained class, in [0, 1]
 * @param map {@code [row][column]} over what the network saw, scaled so that the largest absolute value is 1; not
 *     negative unless the {@linkplain ExplanationMethod#isSigned method's} maps are. All zero if nothing in the image
 *     raises the class's score
 * @param peak the map's largest absolute value before scaling: of occlusion, by how much the probability falls
 * @param image as it was given, in its own size
 * @param placement of the map on the image
 */
public record Explanation(
        ExplanationMethod method,
        int classIndex,
        String className,
        float probability,
        float[][] map,
        float peak,
        Image image,
        CropPlacement placement) {
    /** On fewer pixels a map cannot be seen. */
    private static final int LEAST_SIDE = 224;

    public Explanation {
        map = copy(map);
    }

    /**
     * Enlarges and scales a map of any size.
     *
     * @param map {@code [h][w]}, all rows of one length
     * @param side the side of the square that the network saw, in pixels
     */
    public static Explanation of(
            ExplanationMethod method,
            int classIndex,
            String className,
            float probability,
            float[][] map,
            int side,
            Image image,
            CropPlacement placement) {
        Heatmap heat = Heatmap.of(map, side, side);
        return new Explanation(
                method, classIndex, className, probability, heat.values(), heat.peak(), image, placement);
    }

    @Override
    public float[][] map() {
        return copy(map);
    }

    /** Whether nothing in the image raises the class's score, so that there is nothing to show. */
    public boolean isEmpty() {
        return peak == 0;
    }

    /**
     * The map over the whole image in its own size, or enlarged to {@value #LEAST_SIDE} pixels where its longest side
     * is shorter, and below it the scale from 0 (left) to the map's peak (right). What lies outside the square that the
     * network saw is darkened. Parts that speak against the class are left as they are.
     */
    public BufferedImage overlay() {
        return overlay(Math.max(LEAST_SIDE, Math.max(image.width(), image.height())));
    }

    /**
     * As {@link #overlay()}, in another size.
     *
     * @param side the longest side of the drawn image, in pixels, at least 1
     */
    public BufferedImage overlay(int side) {
        if (side < 1) {
            throw new IllegalArgumentException("overlay: a side of " + side + " pixels. Hint: it must be at least 1.");
        }
        return Overlay.draw(image, map, placement, side);
    }

    private static float[][] copy(float[][] map) {
        return Stream.of(map).map(float[]::clone).toArray(float[][]::new);
    }
}
