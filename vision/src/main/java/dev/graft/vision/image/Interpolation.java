package dev.graft.vision.image;

import java.util.Locale;

/** How samples between pixels are computed; Pillow's antialiased forms when shrinking. */
public enum Interpolation {
    /** The nearest pixel; for rotation only. */
    NEAREST(0),
    /** A triangle of radius 1 (times the shrinking factor). */
    BILINEAR(1),
    /** Keys' cubic with a = -0.5, radius 2 (times the shrinking factor). */
    BICUBIC(2);

    private final int radius;

    Interpolation(int radius) {
        this.radius = radius;
    }

    int radius() {
        return radius;
    }

    /**
     * The filter's weight at distance {@code t}. The order of operations is Pillow's, because results must be equal to
     * the bit.
     */
    double weight(double t) {
        double x = Math.abs(t);
        if (this == BICUBIC) {
            double a = -0.5;
            if (x < 1.0) {
                return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
            }
            return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
        }
        return x < 1.0 ? 1.0 - x : 0.0;
    }

    /** The name in lower case, as torchvision writes it. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The method of this {@link #id}.
     *
     * @throws IllegalArgumentException for anything but nearest, bilinear, bicubic
     */
    public static Interpolation of(String id) {
        for (Interpolation i : values()) {
            if (i.id().equals(id)) {
                return i;
            }
        }
        throw new IllegalArgumentException(
                "interpolation: '" + id + "' is unknown. Hint: one of nearest, bilinear, bicubic.");
    }
}
