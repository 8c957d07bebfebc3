package dev.graft.vision.image.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.random.RandomStream;
import dev.graft.vision.image.Goldens;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** RandAugment's operations against torchvision on Pillow images, to the bit; its draws; erased rectangles. */
class RandAugmentTest {

    private static RandAugment.Operation operation(String theirs) {
        return RandAugment.Operation.valueOf(
                theirs.replaceAll("([a-z])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT));
    }

    @Test
    void everyOperationIsTorchvisionsToTheBit() {
        List<String> wrong = new ArrayList<>();
        int count = 0;
        for (String[] row : Goldens.table("augment.tsv")) {
            int width = Integer.parseInt(row[4]);
            int height = Integer.parseInt(row[5]);
            Image image = Goldens.synthetic(width, height);
            image = row[6].equals("grey") ? ImageOps.grayscale(image, 1) : image;
            Image result;
            if (row[0].equals("Invert")) {
                result = ImageOps.invert(image);
            } else {
                RandAugment augment = new RandAugment(1, Integer.parseInt(row[1]), 31, Interpolation.of(row[3]));
                RandAugment.Operation operation = operation(row[0]);
                double strength = augment.strength(operation, width, height);
                assertThat(strength)
                        .as(row[0] + " " + row[1] + " of " + width + "x" + height)
                        .isCloseTo(Double.parseDouble(row[7]), within(1e-5));
                result = augment.apply(image, operation, Integer.parseInt(row[2]) * strength);
            }
            count++;
            if (!Goldens.like(row[8], result.toBytes()).equals(row[8])) {
                wrong.add(String.join(" ", Arrays.asList(row).subList(0, 7)));
            }
        }
        assertThat(count).isGreaterThan(1500);
        assertThat(wrong).isEmpty();
    }

    @Test
    void drawsEveryOperationAndBothSigns() {
        Image image = Goldens.synthetic(24, 24);
        RandAugment one = new RandAugment(1, 12, 31, Interpolation.NEAREST);
        Set<Image> results = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            results.add(one.apply(image, RandomStream.of(i, "test")));
        }
        assertThat(results).as("nine signed operations, five others").hasSize(23);
        assertThat(RandAugment.of(9).apply(image, new SplittableRandom(3)))
                .isEqualTo(RandAugment.of(9).apply(image, new SplittableRandom(3)));
    }

    @Test
    void settingsThatAreNoneAreRefused() {
        assertThatThrownBy(() -> RandAugment.of(31))
                .hasMessage(
                        "RandAugment: operations 2, magnitude 31 of 31, nearest. Hint: at least one operation, a magnitude"
                                + " from 0 and below the bins, nearest or bilinear.");
        assertThatThrownBy(() -> RandAugment.of(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RandomErasing.of(1.1))
                .hasMessageStartingWith("RandomErasing: probability 1.1, scale [0.02, 0.33], ratio [0.3, 3.3].");
        assertThatThrownBy(() -> new RandomErasing(1, 0.5, 0.4, 1, 1, RandomErasing.Fill.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void erasedRectanglesAreOfTheirShares() {
        RandomErasing erasing = RandomErasing.of(1);
        int side = 100;
        double shares = 0;
        int count = 4000;
        for (int i = 0; i < count; i++) {
            RandomErasing.Box box = erasing.box(side, side, RandomStream.of(i, "erase"));
            assertThat(box.height()).isBetween(1, side - 1);
            assertThat(box.top()).isBetween(0, side - box.height());
            assertThat(box.left()).isBetween(0, side - box.width());
            double share = (double) box.height() * box.width() / (side * side);
            assertThat(share).isBetween(0.015, 0.34);
            assertThat((double) box.height() / box.width()).isBetween(0.28, 3.6);
            shares += share / count;
        }
        // large tall rectangles do not fit and are drawn again
        assertThat(shares).isCloseTo(0.172, within(0.005));
        assertThat(new RandomErasing(1, 1, 1, 1, 1, RandomErasing.Fill.ZERO).box(5, 5, new SplittableRandom(1)))
                .as("none that is smaller than the image")
                .isEqualTo(new RandomErasing.Box(0, 0, 0, 0));
    }

    @Test
    void thePipelineErasesAfterNormalising() {
        Image image = Goldens.synthetic(40, 30);
        ImagePipeline plain = new ImagePipeline(Transforms.identity(), Normalize.imageNet());
        float[] before = plain.toFloats(image, new SplittableRandom(1));
        for (RandomErasing.Fill fill : RandomErasing.Fill.values()) {
            ImagePipeline erasing = new ImagePipeline(
                    plain.transform(),
                    plain.normalize(),
                    plain.window(),
                    Optional.of(RandomErasing.of(1).fill(fill)));
            float[] after = erasing.toFloats(image, new SplittableRandom(5));
            RandomErasing.Box box = afterItsChance(new SplittableRandom(5));
            for (int i = 0; i < after.length; i++) {
                int x = i / 3 % 40;
                int y = i / 120;
                boolean inside = y >= box.top()
                        && y < box.top() + box.height()
                        && x >= box.left()
                        && x < box.left() + box.width();
                if (!inside) {
                    assertThat(after[i]).isEqualTo(before[i]);
                } else if (fill == RandomErasing.Fill.ZERO) {
                    assertThat(after[i]).isZero();
                }
            }
            assertThat(after).isNotEqualTo(before);
            assertThat(erasing.apply(image, new SplittableRandom(5))
                            .permute(1, 2, 0)
                            .toFloatArray())
                    .containsExactly(after);
        }
        ImagePipeline never = new ImagePipeline(
                plain.transform(), plain.normalize(), plain.window(), Optional.of(RandomErasing.of(0)));
        assertThat(never.toFloats(image, new SplittableRandom(5))).containsExactly(before);
    }

    private static RandomErasing.Box afterItsChance(SplittableRandom random) {
        random.nextDouble();
        return RandomErasing.of(1).box(30, 40, random);
    }
}
