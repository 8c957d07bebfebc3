package dev.graft.nn.optim;

/**
 * Checks settings that are given as doubles and used in kernels as floats: a value in range as a double may be out of
 * range as a float.
 */
final class Settings {
    private Settings() {}

    /**
     * @throws IllegalArgumentException unless {@code value} is at least 0, finite as a float, and 0 as a float only if
     *     it is 0
     */
    static void notNegative(String optimizer, String name, double value) {
        if (!(value >= 0)) {
            throw new IllegalArgumentException(optimizer + ": " + name + " must not be negative, was " + value);
        }
        checkFloat(optimizer, name, value);
    }

    /** @throws IllegalArgumentException unless {@code value} is above 0, also as a float, and finite as one */
    static void positive(String optimizer, String name, double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException(optimizer + ": " + name + " must be positive, was " + value);
        }
        checkFloat(optimizer, name, value);
    }

    /** @throws IllegalArgumentException unless {@code value} is in [0, 1) */
    static void share(String optimizer, String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(optimizer + ": " + name + " must be in [0, 1), was " + value);
        }
        checkFloat(optimizer, name, value);
    }

    /** @throws IllegalArgumentException unless {@code value} is finite as a float */
    static void finite(String optimizer, String name, double value) {
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException(optimizer + ": " + name + " must be a number, was NaN");
        }
        checkFloat(optimizer, name, value);
    }

    private static void checkFloat(String optimizer, String name, double value) {
        float rounded = (float) value;
        if (Float.isInfinite(rounded) || (rounded == 0 && value != 0)) {
            throw new IllegalArgumentException(optimizer + ": " + name + " " + value + " is " + rounded
                    + " as a 32-bit float, in which steps are computed. Hint: floats reach from 1.4e-45 to 3.4e38.");
        }
    }
}
