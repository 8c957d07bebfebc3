package dev.graft.examples.cli;

import dev.graft.vision.image.file.Window;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which range of samples of more than 8 bits images are read with. */
final class WindowOption {
    @Option(
            names = "--window",
            paramLabel = "full|percentile|CENTRE:WIDTH",
            converter = Reader.class,
            description =
                    "Which range of samples becomes 0 to 255, in images of more than 8 bits a sample (PNG, TIFF, PGM/PPM): full, that of the file's bit "
                            + "depth; percentile, the image's own 0.5 to 99.5; or a fixed one in stored values, such as 600:1500. Default: the model's own, at first full.")
    private Optional<Window> window;

    Optional<Window> window() {
        return window;
    }

    /** Reads the text of a window. */
    static final class Reader implements ITypeConverter<Window> {
        @Override
        public Window convert(String text) {
            try {
                return Window.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
