package dev.graft.nn.loss;

import java.util.Arrays;

/** Checks weights that users give. */
final class Weights {
    private Weights() {}

    static void check(String what, float... weights) {
        for (float weight : weights) {
            if (!(weight >= 0) || Float.isInfinite(weight)) {
                throw new IllegalArgumentException(
                        what + " must be finite and not negative, were " + Arrays.toString(weights));
            }
        }
        if (weights.length == 0) {
            throw new IllegalArgumentException(what + ": there is none");
        }
    }
}
