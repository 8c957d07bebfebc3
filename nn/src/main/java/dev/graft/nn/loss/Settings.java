package dev.graft.nn.loss;

/** Checks numbers that users give. */
final class Settings {
    private Settings() {}

    /** @throws IllegalArgumentException unless {@code value} is finite and at least 0 */
    static void notNegative(String loss, String name, float value) {
        if (!(value >= 0) || Float.isInfinite(value)) {
            throw new IllegalArgumentException(loss + ": " + name + " must be finite and not negative, was " + value);
        }
    }

    /** @throws IllegalArgumentException unless {@code value} is finite and above 0 */
    static void positive(String loss, String name, float value) {
        if (!(value > 0) || Float.isInfinite(value)) {
            throw new IllegalArgumentException(loss + ": " + name + " must be finite and positive, was " + value);
        }
    }

    /** @throws IllegalArgumentException unless {@code value} is in [0, 1] */
    static void share(String loss, String name, float value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(loss + ": " + name + " must be in [0, 1], was " + value);
        }
    }
}
