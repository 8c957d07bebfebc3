package dev.graft.vision.image.transform;

import java.util.Locale;

/** How much training images are randomised. */
public enum Augment {
    /** None: the transforms for evaluation. */
    NONE,
    /** A random crop of 70 to 100 % of the area, resized; a horizontal flip half of the time. */
    LIGHT,
    /**
     * A random crop of 35 to 100 % of the area, flips, rotations of up to 15 degrees, brightness, contrast and
     * saturation +-20 %, hue +-2 %.
     */
    STRONG;

    /**
     * The augmentation of this name.
     *
     * @throws IllegalArgumentException for anything but none, light, strong
     */
    public static Augment of(String name) {
        for (Augment a : values()) {
            if (a.name().toLowerCase(Locale.ROOT).equals(name)) {
                return a;
            }
        }
        throw new IllegalArgumentException("augment: '" + name + "' is unknown. Hint: one of none, light, strong.");
    }
}
