package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vision.image.TestData;
import org.junit.jupiter.api.Test;

/**
 * A public set whose test folder shares images with its training folder: they must be found before accuracy is quoted.
 */
class BrainTumorDuplicatesTest {
    @Test
    void the216SharedImagesAreFound() {
        ImageFolder training =
                ImageFolder.open(TestData.require("images/brain_tumor_4class/Training"), TestImages.PIPELINE);
        ImageFolder testing =
                ImageFolder.open(TestData.require("images/brain_tumor_4class/Testing"), TestImages.PIPELINE);
        assertThat(training.classCounts()).containsExactly(1321, 1339, 1591, 1457);
        assertThat(testing.duplicates(training)).hasSize(216);
        assertThat(testing.without(testing.duplicates(training)).size()).isEqualTo(1311 - 216);
    }
}
