package dev.graft.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PhantomsTest {
    private static final int SIDE = 64;

    private static double brightness(GreyImage image, int fromX, int toX, int fromY, int toY) {
        byte[] grey = image.toBytes();
        double sum = 0;
        for (int y = fromY; y < toY; y++) {
            for (int x = fromX; x < toX; x++) {
                sum += grey[y * SIDE + x] & 0xff;
            }
        }
        return sum / ((toX - fromX) * (toY - fromY));
    }

    @Test
    void aPhantomLooksLikeAChest() {
        GreyImage image = new PhantomPatient(false, 5).image(SIDE, 6);
        double lung = brightness(image, 16, 22, 24, 38);
        double spine = brightness(image, 31, 33, 20, 40);
        double corner = brightness(image, 0, 4, 0, 4);
        assertThat(lung).as("lungs are darker than the spine").isLessThan(spine - 40);
        assertThat(corner).as("outside the body is darkest").isLessThan(lung);
    }

    @Test
    void theOpacityIsTheOnlyDifference() {
        long seed = 8;
        byte[] clear = new PhantomPatient(false, seed).image(SIDE, 9).toBytes();
        byte[] opaque = new PhantomPatient(true, seed).image(SIDE, 9).toBytes();
        int changed = 0;
        for (int i = 0; i < clear.length; i++) {
            int difference = (opaque[i] & 0xff) - (clear[i] & 0xff);
            assertThat(difference).as("an opacity only brightens").isGreaterThanOrEqualTo(0);
            changed += difference > 5 ? 1 : 0;
        }
        assertThat(changed).as("pixels of the opacity").isBetween(30, clear.length / 4);
    }

    @Test
    void aPatientsImagesDifferButShareTheirLabelAndSeedsRepeat() {
        PhantomStudy study = new PhantomStudy(4, 3);
        assertThat(study.images()).hasSize(12);
        assertThat(List.of(study.label(0), study.label(2), study.label(3), study.label(5)))
                .containsExactly(0, 0, 1, 1);
        assertThat(study.images().get(0).toBytes())
                .isNotEqualTo(study.images().get(1).toBytes());
        assertThat(new PhantomStudy(4, 3).images().get(7).toBytes())
                .isEqualTo(study.images().get(7).toBytes());
        assertThat(new PhantomStudy(4, 4).images().get(7).toBytes())
                .isNotEqualTo(study.images().get(7).toBytes());
    }

    @Test
    void theNetworkSeesNormalisedGreyInThreeChannels() {
        try (Pictures pictures = new PhantomStudy(2, 3).pictures()) {
            assertThat(pictures.inputs().shape().toArray()).containsExactly(6, 3, 32, 32);
            float[] values = pictures.inputs().toFloatArray();
            assertThat(Arrays.copyOfRange(values, 0, 1024)).isEqualTo(Arrays.copyOfRange(values, 2048, 3072));
            for (float value : values) {
                assertThat(value).isBetween(-2f, 2f);
            }
        }
    }

    @Test
    void theSourceTaskHasAllItsClasses() {
        try (Pictures pictures = SourceTask.pictures(200, 1)) {
            assertThat(Arrays.stream(pictures.labels()).distinct().sorted().toArray())
                    .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        }
    }

    @Test
    void savedPhantomsAreFoldersOfImagesSplitByPatient(@TempDir Path folder) throws IOException {
        PhantomFiles.write(folder);
        for (String part : List.of("train/clear", "train/opacity", "val/clear", "val/opacity")) {
            try (Stream<Path> files = Files.list(folder.resolve(part))) {
                assertThat(files.count()).as(part).isEqualTo(part.startsWith("train") ? 90 : 45);
            }
        }
        assertThat(ImageIO.read(folder.resolve("train/opacity/patient002-image1.png")
                                .toFile())
                        .getWidth())
                .isEqualTo(SIDE);
    }
}
