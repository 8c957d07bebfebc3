package dev.graft.examples.cli;

import dev.graft.vision.image.file.Window;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Which range of samples of more than 8 bits images are read with. */
final class WindowOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

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

    /** A trained model has its window; another one would show it images unlike those that it learnt from. */
    void checkIs(Window trained) {
        if (window.isPresent() && !window.get().equals(trained)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--window " + window.get() + " is not the model's: it was trained with --window " + trained
                            + ". Hint: leave the option out.");
        }
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
