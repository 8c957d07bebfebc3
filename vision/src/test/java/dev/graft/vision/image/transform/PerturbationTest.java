package dev.graft.vision.image.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes of images of stated strengths. */
class PerturbationTest {
    private final ImagePipeline plain = new Preprocessing(40, 32, Interpolation.BILINEAR, Normalize.imageNet()).eval();

    private static Image image(int width, int height, int channels, int value) {
        byte[] samples = new byte[width * height * channels];
        Arrays.fill(samples, (byte) value);
        return Image.of(width, height, channels, samples);
    }

    private static Image random(int width, int height, int channels, long seed) {
        byte[] samples = new byte[width * height * channels];
        new SplittableRandom(seed).nextBytes(samples);
        return Image.of(width, height, channels, samples);
    }

    private static double[] moments(Image image, int channel) {
        double sum = 0;
        double squares = 0;
        int n = image.width() * image.height();
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                sum += image.pixel(x, y, channel);
                squares += (double) image.pixel(x, y, channel) * image.pixel(x, y, channel);
            }
        }
        return new double[] {sum / n, Math.sqrt(squares / n - sum / n * sum / n)};
    }

    private Image seen(Perturbation change, Image image) {
        return change.of(plain).transformed(image, new SplittableRandom(9));
    }

    @Test
    void theStandardOnesHaveTwoStrengthsOfEachKindAndDependOnTheImageAlone() {
        List<Perturbation> all = Perturbation.standard(1);
        assertThat(all).hasSize(12);
        assertThat(all.stream().map(Perturbation::kind).distinct())
                .containsExactly("noise", "blur", "brightness", "contrast", "rotation", "JPEG");
        assertThat(all.stream().map(Perturbation::toString).distinct()).hasSize(12);
        Image image = random(60, 50, 3, 1);
        for (Perturbation change : all) {
            Image once = seen(change, image);
            assertThat(once).as(change.toString()).isEqualTo(seen(change, image));
            assertThat(once).as(change.toString()).isNotEqualTo(plain.transformed(image, new SplittableRandom(1)));
            assertThat(once.width()).isEqualTo(32);
        }
    }

    @Test
    void noiseHasItsDeviationAndFollowsTheSeed() {
        Image grey = image(60, 50, 3, 128);
        Image noisy = seen(Perturbation.noise(5, 1), grey);
        double[] moments = moments(noisy, 0);
        assertThat(moments[0]).isCloseTo(128, within(0.6));
        assertThat(moments[1]).isCloseTo(5, within(0.4));
        assertThat(noisy.pixel(3, 4, 0)).isEqualTo(noisy.pixel(3, 4, 1)).isEqualTo(noisy.pixel(3, 4, 2));
        assertThat(seen(Perturbation.noise(5, 2), grey)).isNotEqualTo(noisy);
        assertThat(moments(seen(Perturbation.noise(200, 1), grey), 0)[0]).isBetween(100.0, 156.0);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 1, 2, 30})
    void blurKeepsTheMeanAndSpreadsAPoint(double sigma) {
        assertThat(GaussianBlur.of(image(7, 5, 3, 200), sigma)).isEqualTo(image(7, 5, 3, 200));
        assertThat(GaussianBlur.of(image(1, 1, 1, 9), sigma)).isEqualTo(image(1, 1, 1, 9));
        byte[] samples = new byte[81 * 81];
        samples[40 * 81 + 40] = (byte) 255;
        Image point = GaussianBlur.of(Image.of(81, 81, 1, samples), sigma);
        if (sigma == 1) { // 255 times the square of the one-dimensional weight, normalised over 7 taps
            assertThat(point.pixel(40, 40, 0)).isEqualTo(41);
            assertThat(point.pixel(41, 40, 0)).isEqualTo(25).isEqualTo(point.pixel(40, 39, 0));
        }
        assertThat(moments(GaussianBlur.of(random(40, 40, 3, 2), sigma), 1)[0])
                .isCloseTo(moments(random(40, 40, 3, 2), 1)[0], within(1.5));
    }

    @Test
    void jpegOfHighQualityIsNearAndOfLowQualityLessSo() {
        Image smooth = GaussianBlur.of(random(48, 33, 3, 3), 4);
        for (Image image : List.of(smooth, ImageOps.grayscale(smooth, 1))) {
            double fine = distance(JpegRoundTrip.of(image, 95), image);
            double coarse = distance(JpegRoundTrip.of(image, 10), image);
            assertThat(fine).isBetween(0.0, 2.5);
            assertThat(coarse).isGreaterThan(fine).isLessThan(20);
        }
    }

    private static double distance(Image a, Image b) {
        assertThat(a.channels()).isEqualTo(b.channels());
        byte[] x = a.toBytes();
        byte[] y = b.toBytes();
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += Math.abs((x[i] & 255) - (y[i] & 255));
        }
        return sum / x.length;
    }

    @Test
    void aRotationTurnsTheWholeImageBeforeItIsCropped() {
        Image white = image(400, 400, 3, 255);
        assertThat(seen(Perturbation.rotation(5), white)).isEqualTo(image(32, 32, 3, 255));
    }

    @Test
    void strengthsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> Perturbation.noise(0, 1)).hasMessageContaining("noise: strength 0. Hint: ");
        assertThatThrownBy(() -> Perturbation.blur(Double.NaN)).hasMessageContaining("Hint");
        assertThatThrownBy(() -> Perturbation.jpeg(101)).hasMessageContaining("quality from 1 to 100");
        assertThatThrownBy(() -> Perturbation.brightness(-1)).hasMessageContaining("Hint");
    }
}
