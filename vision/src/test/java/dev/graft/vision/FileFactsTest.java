package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.file.Sha256;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;
import dev.graft.vision.model.zoo.ModelZoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a weight file given by its path is known for. */
class FileFactsTest {
    @TempDir
    private Path folder;

    private record Published(String name, WeightsFacts facts) implements Weights {
        static Published of(String name, String fileName, String sha256, int resize) {
            return new Published(
                    name,
                    WeightsFacts.of(
                            "resnet50",
                            fileName,
                            sha256,
                            List.of("cat", "dog"),
                            Preprocessing.imageNet(224, resize, Interpolation.BILINEAR)));
        }
    }

    private Path write(String name) throws IOException {
        return Files.writeString(folder.resolve(name), "weights");
    }

    @Test
    void torchvisionsSecondRecipeIsKnownByItsFilesName() throws IOException {
        for (String name :
                new String[] {"resnet50-11ad3fa6.pth", "resnet50-11ad3fa6.safetensors", "resnet50-11ad3fa6 (1).pth"}) {
            FileFacts facts = FileFacts.of(ModelZoo.architecture("resnet50"), write(name));
            assertThat(facts.preprocessing().resizeSize()).as(name).isEqualTo(232);
            assertThat(facts.classes().orElseThrow()).hasSize(1000);
            assertThat(facts.notes())
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains("has the name of IMAGENET1K_V2, not its SHA-256");
        }
        assertThat(FileFacts.of(ModelZoo.architecture("resnet50"), write("resnet50-0676ba61.pth"))
                        .preprocessing()
                        .resizeSize())
                .isEqualTo(256);
    }

    @Test
    void aPublishedFileIsKnownByItsHashWhateverItsName() throws IOException {
        Path file = write("resnet50-11111111.pth");
        String sha256 = Sha256.of(file);
        List<Weights> known = List.of(
                Published.of("ONE", "resnet50-11111111.pth", "11111111", 256),
                Published.of("TWO", "resnet50-2.pth", sha256, 232),
                Published.of("THREE", "resnet50-3.pth", "3".repeat(64), 240));
        FileFacts facts = FileFacts.published(networkOf(known), file, sha256, List.of());
        assertThat(facts.preprocessing().resizeSize()).isEqualTo(232);
        assertThat(facts.classes()).contains(List.of("cat", "dog"));
        assertThat(facts.notes()).isEmpty();
        List<Weights> inShort = List.of(known.get(2), Published.of("SHORT", "x.pth", sha256.substring(0, 8), 232));
        assertThat(FileFacts.published(networkOf(inShort), file, sha256, List.of())
                        .preprocessing()
                        .resizeSize())
                .as("by the first digits")
                .isEqualTo(232);
    }

    private static Architecture networkOf(List<Weights> known) {
        return new Architecture(
                "resnet50",
                "fc",
                224,
                (classes, random) -> ResNet.resnet50(classes, random),
                known.toArray(Weights[]::new));
    }

    @Test
    void whatIsNotKnownIsSaid() throws IOException {
        Path file = write("mine.pth");
        FileFacts facts = FileFacts.of(ModelZoo.architecture("resnet50"), file);
        assertThat(facts.preprocessing().resizeSize()).isEqualTo(256);
        assertThat(facts.classes()).isEmpty();
        assertThat(facts.notes())
                .containsExactly("nothing tells how images are prepared for " + file
                        + ": taken as for resnet50 IMAGENET1K_V1 (resize 256, crop 224)");
    }
}
