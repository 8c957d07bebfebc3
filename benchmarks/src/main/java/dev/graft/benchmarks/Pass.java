package dev.graft.benchmarks;

import java.util.Locale;

/** Which computation of a layer. */
public enum Pass {
    FORWARD,
    INPUT_GRADIENT,
    WEIGHT_GRADIENT;

    /** As tables print it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
