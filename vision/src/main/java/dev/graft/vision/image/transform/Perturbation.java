package dev.graft.vision.image.transform;

import dev.graft.random.RandomStream;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A change of images as it may happen elsewhere, of a stated strength, by which a model's robustness is tried. All but
 * rotations change the image that the network sees, in 8 bits and before its normalisation, so that a strength means
 * the same for images of all sizes; rotations turn the image before it is cropped, so that mostly no black corners are
 * seen. Nothing is random but noise, which depends on a seed and the image alone.
 *
 * @see <a href="https://arxiv.org/abs/1903.12261">Hendrycks and Dietterich 2019</a>
 */
public final class Perturbation {
    private static final int MOST_SIGMA = 100;

    private final String kind;
    private final String strength;
    private final boolean first;
    private final Transform change;

    private Perturbation(String kind, String strength, boolean first, Transform change) {
        this.kind = kind;
        this.strength = strength;
        this.first = first;
        this.change = change;
    }

    /**
     * Two strengths of each kind: noise of deviation 5 and 15, blur of 1 and 2 pixels, brightness and contrast of 0.8
     * and 1.2, rotations by 5 degrees to both sides, and JPEG of quality 50 and 20.
     *
     * @param seed of the noise
     */
    public static List<Perturbation> standard(long seed) {
        List<Perturbation> all = new ArrayList<>();
        all.add(noise(5, seed));
        all.add(noise(15, seed));
        all.add(blur(1));
        all.add(blur(2));
        all.add(brightness(0.8));
        all.add(brightness(1.2));
        all.add(contrast(0.8));
        all.add(contrast(1.2));
        all.add(rotation(5));
        all.add(rotation(-5));
        all.add(jpeg(50));
        all.add(jpeg(20));
        return List.copyOf(all);
    }

    /**
     * Normal noise, the same in all channels of a pixel.
     *
     * @param deviation of 255, above 0
     */
    public static Perturbation noise(double deviation, long seed) {
        require("noise", deviation > 0 && deviation <= 255, deviation, "a standard deviation above 0, at most 255");
        return new Perturbation(
                "noise",
                "standard deviation " + number(deviation) + " of 255",
                false,
                (image, random) -> noisy(image, deviation, seed));
    }

    /**
     * Gaussian blur.
     *
     * @param sigma in pixels of the network's input, above 0
     */
    public static Perturbation blur(double sigma) {
        require("blur", sigma > 0 && sigma <= MOST_SIGMA, sigma, "a radius above 0, at most " + MOST_SIGMA);
        return new Perturbation(
                "blur",
                "sigma " + number(sigma) + (sigma == 1 ? " pixel" : " pixels"),
                false,
                (image, random) -> GaussianBlur.of(image, sigma));
    }

    /** {@link ImageOps#adjustBrightness}. */
    public static Perturbation brightness(double factor) {
        require("brightness", factor > 0 && Double.isFinite(factor), factor, "a factor above 0");
        return new Perturbation(
                "brightness",
                "times " + number(factor),
                false,
                (image, random) -> ImageOps.adjustBrightness(image, factor));
    }

    /** {@link ImageOps#adjustContrast}. */
    public static Perturbation contrast(double factor) {
        require("contrast", factor > 0 && Double.isFinite(factor), factor, "a factor above 0");
        return new Perturbation(
                "contrast",
                "times " + number(factor),
                false,
                (image, random) -> ImageOps.adjustContrast(image, factor));
    }

    /** Bilinear, counter-clockwise, about the middle. */
    public static Perturbation rotation(double degrees) {
        require("rotation", Double.isFinite(degrees), degrees, "a number of degrees");
        return new Perturbation(
                "rotation",
                String.format(Locale.ROOT, "%+.3g degrees", degrees),
                true,
                (image, random) -> ImageOps.rotate(image, degrees, Interpolation.BILINEAR));
    }

    /**
     * JPEG compression.
     *
     * @param quality from 1 to 100
     */
    public static Perturbation jpeg(int quality) {
        require("jpeg", quality >= 1 && quality <= 100, quality, "a quality from 1 to 100");
        return new Perturbation(
                "JPEG", "quality " + quality, false, (image, random) -> JpegRoundTrip.of(image, quality));
    }

    private static void require(String what, boolean holds, double given, String hint) {
        if (!holds) {
            throw new IllegalArgumentException(what + ": strength " + number(given) + ". Hint: give " + hint + ".");
        }
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    /** What is changed, such as {@code noise}. */
    public String kind() {
        return kind;
    }

    /** How much, in words, such as {@code standard deviation 5 of 255}. */
    public String strength() {
        return strength;
    }

    /** The pipeline with this change in it. */
    public ImagePipeline of(ImagePipeline plain) {
        Transform transform =
                first ? Transforms.compose(change, plain.transform()) : Transforms.compose(plain.transform(), change);
        return new ImagePipeline(transform, plain.normalize(), plain.window(), plain.erasing());
    }

    private static Image noisy(Image image, double deviation, long seed) {
        byte[] samples = image.toBytes();
        RandomStream random = RandomStream.of(seed, "perturbation.noise", image.hashCode());
        int channels = image.channels();
        for (int i = 0; i < samples.length; i += channels) {
            double noise = deviation * random.nextGaussian();
            for (int c = i; c < i + channels; c++) {
                long value = Math.round((samples[c] & 255) + noise);
                samples[c] = (byte) Math.max(0, Math.min(255, value));
            }
        }
        return Image.of(image.width(), image.height(), channels, samples);
    }

    @Override
    public String toString() {
        return kind + ", " + strength;
    }
}
