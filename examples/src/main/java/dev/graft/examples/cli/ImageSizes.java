package dev.graft.examples.cli;

import dev.graft.vision.image.transform.Preprocessing;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What {@code --image-size} takes. */
final class ImageSizes {
    private ImageSizes() {}

    /** @throws ParameterException for a size that no image can have */
    static void check(CommandSpec spec, Optional<Integer> size) {
        if (size.isPresent() && (size.get() < 1 || size.get() > Preprocessing.MAX_SIZE)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--image-size must be from 1 to " + Preprocessing.MAX_SIZE + ", was " + size.get());
        }
    }
}
