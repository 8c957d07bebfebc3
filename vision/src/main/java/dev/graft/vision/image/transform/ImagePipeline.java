package dev.graft.vision.image.transform;

import dev.graft.tensor.Tensor;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.Window;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Converts a decoded image to network input: the transform, then the normalisation.
 *
 * @param transform image to image, possibly random
 * @param normalize image to numbers; its number of channels says whether images are read as RGB or grey
 * @param window how data sets read files whose samples have more than 8 bits
 * @param frame which frame of a DICOM file with several data sets read, from 1
 * @param erasing of the normalised image; empty for none
 */
public record ImagePipeline(
        Transform transform, Normalize normalize, Window window, int frame, Optional<RandomErasing> erasing) {
    /** A pipeline of the first frame. */
    public ImagePipeline(Transform transform, Normalize normalize, Window window, Optional<RandomErasing> erasing) {
        this(transform, normalize, window, 1, erasing);
    }

    /** A pipeline that erases nothing. */
    public ImagePipeline(Transform transform, Normalize normalize, Window window) {
        this(transform, normalize, window, Optional.empty());
    }

    /** A pipeline with {@link Window#full()}. */
    public ImagePipeline(Transform transform, Normalize normalize) {
        this(transform, normalize, Window.full());
    }

    /** How files are read for this pipeline; notes go to the log. */
    public Decoding decoding() {
        return Decoding.defaults().window(window).frame(frame);
    }

    /** The transformed image, still with 8 bits. */
    public Image transformed(Image image, RandomGenerator random) {
        Image input = normalize.channels() == 3 ? image.toRgb() : ImageOps.grayscale(image, 1);
        Image out = transform.apply(input, random);
        return normalize.channels() == 3 ? out.toRgb() : out;
    }

    /** Network input in the order rows, pixels, channels ({@code [height, width, channels]}). */
    public float[] toFloats(Image image, RandomGenerator random) {
        return normalised(transformed(image, random), random);
    }

    private float[] normalised(Image transformed, RandomGenerator random) {
        float[] samples = normalize.toFloats(transformed);
        erasing.ifPresent(rectangle ->
                rectangle.apply(samples, transformed.height(), transformed.width(), transformed.channels(), random));
        return samples;
    }

    /**
     * Network input {@code [C, H, W]}; in memory it stays channels-last, the layout that images and convolutions share.
     */
    public Tensor apply(Image image, RandomGenerator random) {
        Image out = transformed(image, random);
        return Tensor.of(normalised(out, random), out.height(), out.width(), out.channels())
                .permute(2, 0, 1);
    }
}
