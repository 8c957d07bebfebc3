package dev.graft.examples.cli;

import dev.graft.vision.ImageClassifierOptions;
import dev.graft.vision.image.file.Window;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which range of samples and which frame images are read with. */
final class WindowOption {
    @Option(
            names = "--window",
            paramLabel = "full|percentile|CENTRE:WIDTH",
            converter = Reader.class,
            description =
                    "Which range of samples becomes 0 to 255, in images of more than 8 bits a sample (PNG, TIFF, PGM/PPM) and in DICOM: full, that of the file's bit "
                            + "depth, or in DICOM what the file names; percentile, the image's own 0.5 to 99.5; or a fixed one in stored values, in DICOM Hounsfield units or the like, such as 600:1500. Default: the model's own, at first full.")
    private Optional<Window> window;

    @Option(
            names = "--frame",
            paramLabel = "N",
            converter = FrameReader.class,
            description =
                    "Which frame of DICOM files with several is read, from 1. Default: the model's own, at first 1.")
    private Optional<Integer> frame;

    /** These options with what was given here. */
    ImageClassifierOptions applyTo(ImageClassifierOptions options) {
        ImageClassifierOptions windowed = window.map(options::window).orElse(options);
        return frame.map(windowed::frame).orElse(windowed);
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

    /** Reads a frame's number. */
    static final class FrameReader implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (!text.matches("[1-9][0-9]{0,8}")) {
                throw new TypeConversionException("'" + text + "' is not a frame's number, from 1");
            }
            return Integer.valueOf(text);
        }
    }
}
