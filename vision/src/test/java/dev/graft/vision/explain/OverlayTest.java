package dev.graft.vision.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.transform.CropPlacement;
import dev.graft.vision.image.transform.Preprocessing;
import java.awt.image.BufferedImage;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Maps are drawn where the network saw what they are about. */
class OverlayTest {
    private static Preprocessing preprocessing(int resize, int crop) {
        return new Preprocessing(resize, crop, Interpolation.BILINEAR, Normalize.imageNet());
    }

    private static Image black(int width, int height) {
        return Image.of(width, height, 3, new byte[width * height * 3]);
    }

    /** A bright square of the image is found again by the placement, from what the network sees of it. */
    @ParameterizedTest
    @CsvSource({"400, 300, 256, 224", "300, 400, 256, 224", "61, 90, 64, 48", "640, 127, 40, 40", "50, 50, 32, 64"})
    void placementIsWhereThePixelsComeFrom(int width, int height, int resize, int crop) {
        Preprocessing preprocessing = preprocessing(resize, crop);
        CropPlacement at = preprocessing.placement(width, height);
        SplittableRandom random = new SplittableRandom(1);
        for (int n = 0; n < 5; n++) {
            int side = Math.max(6, Math.min(width, height) / 8);
            int left = (int) Math.max(0, at.left()) + random.nextInt((int) Math.min(width, at.width()) - side);
            int top = (int) Math.max(0, at.top()) + random.nextInt((int) Math.min(height, at.height()) - side);
            byte[] pixels = new byte[width * height * 3];
            for (int y = top; y < top + side; y++) {
                java.util.Arrays.fill(pixels, (y * width + left) * 3, (y * width + left + side) * 3, (byte) 255);
            }
            Image seen = preprocessing.eval().transformed(Image.of(width, height, 3, pixels), random);
            double sum = 0;
            double sumX = 0;
            double sumY = 0;
            for (int y = 0; y < seen.height(); y++) {
                for (int x = 0; x < seen.width(); x++) {
                    sum += seen.pixel(x, y, 0);
                    sumX += seen.pixel(x, y, 0) * (x + 0.5);
                    sumY += seen.pixel(x, y, 0) * (y + 0.5);
                }
            }
            double tolerance = 0.02 * Math.min(width, height);
            assertThat(at.left() + sumX / sum * at.width() / seen.width())
                    .isCloseTo(left + side / 2.0, within(tolerance));
            assertThat(at.top() + sumY / sum * at.height() / seen.height())
                    .isCloseTo(top + side / 2.0, within(tolerance));
        }
    }

    @Test
    void theMapIsDrawnWhereItBelongs() {
        Preprocessing preprocessing = preprocessing(64, 48);
        Image image = black(400, 200); // resized to 128x64; the crop begins at (40, 8), which is (125, 25)
        float[][] map = new float[4][4];
        map[3][0] = 5;
        Explanation why = Explanation.of(
                ExplanationMethod.GRAD_CAM, 1, "b", 0.7f, map, 48, image, preprocessing.placement(400, 200));
        assertThat(why.peak()).isEqualTo(5);
        assertThat(why.map()).hasDimensions(48, 48);
        assertThat(why.map()[47][0]).isEqualTo(1);
        BufferedImage drawn = why.overlay();
        assertThat(drawn.getWidth()).isEqualTo(400);
        assertThat(drawn.getHeight()).isGreaterThan(200).isLessThan(220);
        int brightest = 0;
        int atX = -1;
        int atY = -1;
        for (int y = 0; y < 200; y++) {
            for (int x = 0; x < 400; x++) {
                int rgb = drawn.getRGB(x, y);
                int light = (rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255);
                if (light > brightest) {
                    brightest = light;
                    atX = x;
                    atY = y;
                }
            }
        }
        assertThat(atX).isBetween(125, 145);
        assertThat(atY).isBetween(155, 175);
        assertThat(drawn.getRGB(10, 10) & 0xffffff).isZero();
        BufferedImage small = why.overlay(100);
        assertThat(small.getWidth()).isEqualTo(100);
        assertThat(small.getHeight()).isBetween(51, 70);
        assertThatThrownBy(() -> why.overlay(0)).hasMessageContaining("Hint");
    }

    @Test
    void anEmptyMapIsEmptyAndATinyImageIsDrawn() {
        Explanation why = Explanation.of(
                ExplanationMethod.GRAD_CAM,
                0,
                "a",
                0.5f,
                new float[2][2],
                8,
                black(1, 3),
                preprocessing(8, 8).placement(1, 3));
        assertThat(why.isEmpty()).isTrue();
        assertThat(why.map()).isDeepEqualTo(new float[8][8]);
        assertThat(why.overlay(3).getWidth()).isEqualTo(1);
        assertThat(why.overlay().getWidth())
                .as("enlarged, so that it can be seen")
                .isEqualTo(75);
    }

    @Test
    void lightnessOfTheColoursGrowsEvenly() {
        double before = -1;
        for (int i = 0; i <= 40; i++) {
            double value = i / 40.0;
            double light = 0.2126 * Inferno.sample(value, 0)
                    + 0.7152 * Inferno.sample(value, 1)
                    + 0.0722 * Inferno.sample(value, 2);
            assertThat(light).isGreaterThan(before);
            before = light;
        }
        assertThat(before).isGreaterThan(220);
    }

    @Test
    void methodsHaveTheNamesOfTheLiterature() {
        assertThat(ExplanationMethod.of("grad-cam++")).isEqualTo(ExplanationMethod.GRAD_CAM_PLUS_PLUS);
        assertThatThrownBy(() -> ExplanationMethod.of("lime"))
                .hasMessage(
                        "explain: there is no method 'lime'. Hint: the methods are grad-cam, grad-cam++, occlusion.");
    }
}
