package dev.graft.io.content;

import java.util.Optional;

/**
 * Which of a file's tensors are asked for.
 *
 * @param stateDict name of a state dict, as keys joined by dots; empty for the one that stands out
 * @param everything whether all tensors of the file are listed, such as an optimizer's, each under its whole path
 */
public record Wanted(Optional<String> stateDict, boolean everything) {
    /** The state dict that stands out. */
    public static final Wanted WEIGHTS = new Wanted(Optional.empty(), false);

    /** Every tensor of the file. */
    public static final Wanted EVERYTHING = new Wanted(Optional.empty(), true);

    public static Wanted named(String stateDict) {
        return new Wanted(Optional.of(stateDict), false);
    }
}
