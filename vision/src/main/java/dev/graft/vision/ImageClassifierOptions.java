package dev.graft.vision;

import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.model.download.DownloadListener;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * How a classifier is loaded and runs.
 *
 * <p>{@code stateDict}, {@code labels} and {@code imageSize} are for a network by its name; a model folder has its own.
 *
 * @param maxBatch the most images that go through the network together, at least 1
 * @param device where the network runs, such as {@code cpu}
 * @param stateDict which of several networks in the weight file
 * @param labels a text file with one class name a line; empty for those that are known of the weights, or numbers
 * @param imageSize side of the network's input in pixels; empty for the weights' own
 * @param window how samples of more than 8 bits become 8; empty for the model's own way
 * @param frame which frame of a DICOM file with several is read, from 1; empty for the model's own
 * @param notes told of what is odd about an image that is read all the same, by many threads
 * @param downloads told how a download of weights proceeds
 * @param averaging of how many answers to an image the mean is taken
 */
public record ImageClassifierOptions(
        int maxBatch,
        String device,
        Optional<String> stateDict,
        Optional<Path> labels,
        OptionalInt imageSize,
        Optional<Window> window,
        OptionalInt frame,
        Consumer<? super ImageNote> notes,
        DownloadListener downloads,
        Averaging averaging) {
    private static final ImageClassifierOptions DEFAULTS = new ImageClassifierOptions(
            32,
            "cpu",
            Optional.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            Decoding.defaults().notes(),
            DownloadListener.log(),
            Averaging.none());

    /** @throws IllegalArgumentException for a batch of fewer than one image, or a frame before the first */
    public ImageClassifierOptions {
        if (maxBatch < 1) {
            throw new IllegalArgumentException("maxBatch must be at least 1, was " + maxBatch);
        }
        if (frame.isPresent() && frame.getAsInt() < 1) {
            throw new IllegalArgumentException("frame must be at least 1, was " + frame.getAsInt());
        }
    }

    /** At most 32 images at once, on the CPU, everything else the model's own; notes and downloads go to the log. */
    public static ImageClassifierOptions defaults() {
        return DEFAULTS;
    }

    /** This with another limit on the images that go through the network together. */
    public ImageClassifierOptions maxBatch(int images) {
        return new ImageClassifierOptions(
                images, device, stateDict, labels, imageSize, window, frame, notes, downloads, averaging);
    }

    /** This on another device. */
    public ImageClassifierOptions device(String name) {
        return new ImageClassifierOptions(
                maxBatch, name, stateDict, labels, imageSize, window, frame, notes, downloads, averaging);
    }

    /** This with one of several networks in the weight file. */
    public ImageClassifierOptions stateDict(String name) {
        return new ImageClassifierOptions(
                maxBatch, device, Optional.of(name), labels, imageSize, window, frame, notes, downloads, averaging);
    }

    /** This with class names from a text file, one a line. */
    public ImageClassifierOptions labels(Path file) {
        return new ImageClassifierOptions(
                maxBatch, device, stateDict, Optional.of(file), imageSize, window, frame, notes, downloads, averaging);
    }

    /** This with another side of the network's input, in pixels. */
    public ImageClassifierOptions imageSize(int pixels) {
        return new ImageClassifierOptions(
                maxBatch,
                device,
                stateDict,
                labels,
                OptionalInt.of(pixels),
                window,
                frame,
                notes,
                downloads,
                averaging);
    }

    /** This with another range for samples of more than 8 bits. */
    public ImageClassifierOptions window(Window value) {
        return new ImageClassifierOptions(
                maxBatch, device, stateDict, labels, imageSize, Optional.of(value), frame, notes, downloads, averaging);
    }

    /** This with another frame of DICOM files with several, from 1. */
    public ImageClassifierOptions frame(int number) {
        return new ImageClassifierOptions(
                maxBatch,
                device,
                stateDict,
                labels,
                imageSize,
                window,
                OptionalInt.of(number),
                notes,
                downloads,
                averaging);
    }

    /** This with another listener for odd images, such as {@link dev.graft.vision.image.file.ImageNotes}. */
    public ImageClassifierOptions notes(Consumer<? super ImageNote> listener) {
        return new ImageClassifierOptions(
                maxBatch, device, stateDict, labels, imageSize, window, frame, listener, downloads, averaging);
    }

    /** This with another listener for downloads. */
    public ImageClassifierOptions downloads(DownloadListener listener) {
        return new ImageClassifierOptions(
                maxBatch, device, stateDict, labels, imageSize, window, frame, notes, listener, averaging);
    }

    /** This with the mean of several answers to an image. */
    public ImageClassifierOptions averaging(Averaging answers) {
        return new ImageClassifierOptions(
                maxBatch, device, stateDict, labels, imageSize, window, frame, notes, downloads, answers);
    }
}
