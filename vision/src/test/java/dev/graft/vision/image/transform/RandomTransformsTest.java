package dev.graft.vision.image.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.random.RandomStream;
import dev.graft.vision.image.Goldens;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.ImageOpsTest;
import dev.graft.vision.image.Interpolation;
import java.security.MessageDigest;
import java.util.DoubleSummaryStatistics;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * What the random transforms draw: ranges and shapes of the distributions; what they then do is {@link ImageOpsTest}'s.
 */
class RandomTransformsTest {
    private static final int DRAWS = 20_000;

    @Test
    void cropsCoverTheirScaleAndRatio() {
        RandomResizedCrop crop = RandomResizedCrop.of(24, 0.35, 1);
        RandomGenerator random = new SplittableRandom(3);
        DoubleSummaryStatistics area = new DoubleSummaryStatistics();
        DoubleSummaryStatistics ratio = new DoubleSummaryStatistics();
        Set<Integer> lefts = new HashSet<>();
        for (int i = 0; i < DRAWS; i++) {
            RandomResizedCrop.Box b = crop.box(400, 400, random);
            assertThat(b.left() >= 0 && b.top() >= 0 && b.left() + b.width() <= 400 && b.top() + b.height() <= 400)
                    .isTrue();
            area.accept((double) b.width() * b.height() / 160_000);
            ratio.accept((double) b.width() / b.height());
            lefts.add(b.left());
        }
        assertThat(area.getMin()).isCloseTo(0.35, within(0.01));
        assertThat(area.getMax()).isBetween(0.95, 1.0);
        assertThat(ratio.getMin()).isCloseTo(0.75, within(0.01));
        assertThat(ratio.getMax()).isCloseTo(4.0 / 3, within(0.01));
        assertThat(lefts.size()).isGreaterThan(100);
    }

    @Test
    void whereNothingFitsTheCentreIsTaken() {
        RandomResizedCrop crop = RandomResizedCrop.of(24, 0.9, 1);
        assertThat(crop.box(100, 10, new SplittableRandom(1))).isEqualTo(new RandomResizedCrop.Box(43, 0, 13, 10));
        assertThat(crop.box(10, 100, new SplittableRandom(1))).isEqualTo(new RandomResizedCrop.Box(0, 43, 10, 13));
        assertThat(crop.centralBox(50, 48)).isEqualTo(new RandomResizedCrop.Box(0, 0, 50, 48));
        Image out = crop.apply(Goldens.synthetic(100, 10), new SplittableRandom(1));
        assertThat(out)
                .isEqualTo(ImageOps.resize(
                        ImageOps.crop(Goldens.synthetic(100, 10), 43, 0, 13, 10), 24, 24, Interpolation.BILINEAR));
    }

    @Test
    void flipsComeAsOftenAsAsked() {
        Image image = Goldens.synthetic(3, 3);
        RandomGenerator random = new SplittableRandom(5);
        int across = 0;
        int down = 0;
        for (int i = 0; i < DRAWS; i++) {
            across += new RandomHorizontalFlip(0.5).apply(image, random).equals(ImageOps.flipHorizontal(image)) ? 1 : 0;
            down += new RandomVerticalFlip(0.1).apply(image, random).equals(ImageOps.flipVertical(image)) ? 1 : 0;
        }
        assertThat((double) across / DRAWS).isCloseTo(0.5, within(0.02));
        assertThat((double) down / DRAWS).isCloseTo(0.1, within(0.02));
        assertThat(new RandomHorizontalFlip(0).apply(image, random)).isSameAs(image);
    }

    @Test
    void rotationsStayInRange() {
        Image image = Goldens.synthetic(21, 21);
        RandomRotation half = new RandomRotation(180, 180, Interpolation.NEAREST);
        assertThat(half.apply(image, new SplittableRandom(1)))
                .isEqualTo(ImageOps.flipVertical(ImageOps.flipHorizontal(image)));
        RandomGenerator quarter = fixed(0.25);
        assertThat(RandomRotation.of(20).interpolation(Interpolation.BILINEAR).apply(image, quarter))
                .isEqualTo(ImageOps.rotate(image, -10, Interpolation.BILINEAR));
    }

    @Test
    void jitterDrawsFactorsFromTheirRanges() {
        Image image = Goldens.synthetic(8, 8);
        RandomGenerator low = fixed(0);
        assertThat(new ColorJitter(0.4, 0, 0, 0).apply(image, low)).isEqualTo(ImageOps.adjustBrightness(image, 0.6));
        assertThat(new ColorJitter(0, 0.4, 0, 0).apply(image, low)).isEqualTo(ImageOps.adjustContrast(image, 0.6));
        assertThat(new ColorJitter(0, 0, 3, 0).apply(image, low)).isEqualTo(ImageOps.adjustSaturation(image, 0));
        assertThat(new ColorJitter(0, 0, 0, 0.1).apply(image, low)).isEqualTo(ImageOps.adjustHue(image, -0.1));
        assertThat(new ColorJitter(0, 0, 0, 0).apply(image, low)).isEqualTo(image);
        Set<Image> orders = new HashSet<>();
        RandomGenerator random = new SplittableRandom(2);
        for (int i = 0; i < 200; i++) {
            orders.add(new ColorJitter(0.5, 0.5, 0.5, 0.2).apply(image, random));
        }
        assertThat(orders.size()).isGreaterThan(150);
    }

    @Test
    void composedStepsRunInOrder() {
        Image image = Goldens.synthetic(30, 20);
        Transform both = Resize.exact(10, 12, Interpolation.BILINEAR).andThen(new CenterCrop(4));
        Image expected = new CenterCrop(4)
                .apply(Resize.exact(10, 12, Interpolation.BILINEAR).apply(image));
        assertThat(both.apply(image, new SplittableRandom(1))).isEqualTo(expected);
        assertThat(Transforms.compose(Transforms.identity(), both, new Grayscale(3))
                        .apply(image, new SplittableRandom(1)))
                .isEqualTo(ImageOps.grayscale(expected, 3));
    }

    @Test
    void impossibleRangesAreRefused() {
        assertThatThrownBy(() -> RandomResizedCrop.of(24, 0, 1)).hasMessageContaining("0 < min <= max");
        assertThatThrownBy(() -> new RandomHorizontalFlip(1.5)).hasMessageContaining("probability 1.5");
        assertThatThrownBy(() -> new RandomVerticalFlip(Double.NaN))
                .hasMessageContaining("RandomVerticalFlip: probability NaN");
        assertThatThrownBy(() -> new RandomRotation(5, -5, Interpolation.NEAREST))
                .hasMessageContaining("min <= max");
        assertThatThrownBy(() -> new ColorJitter(0, 0, 0, 0.7)).hasMessageContaining("hue 0.7");
        assertThatThrownBy(() -> new Grayscale(2)).hasMessageContaining("2 channels");
    }

    /** A generator whose every double is {@code value} and every bounded integer 0. */
    private static RandomGenerator fixed(double value) {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                return 0;
            }

            @Override
            public double nextDouble() {
                return value;
            }

            @Override
            public int nextInt(int bound) {
                return 0;
            }
        };
    }

    @Test
    void augmentedPixelsAreTheSameOnEveryJdk() throws Exception {
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        List<Transform> transforms = List.of(
                RandomResizedCrop.of(24, 0.35, 1),
                RandomRotation.of(30).interpolation(Interpolation.BILINEAR),
                RandomRotation.of(180),
                new RandomHorizontalFlip(0.5),
                new ColorJitter(0.3, 0.3, 0.3, 0.1));
        for (RandomGenerator random : List.of(new SplittableRandom(3), RandomStream.of(3, "test"))) {
            for (int i = 0; i < 40; i++) {
                Image image = Goldens.synthetic(40, 30);
                for (Transform transform : transforms) {
                    image = transform.apply(image, random);
                    sha.update(image.toBytes());
                }
            }
        }
        assertThat(HexFormat.of().formatHex(sha.digest()).substring(0, 16)).isEqualTo("ad2c11e1b12cbcc2");
    }
}
