package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Robustness;
import dev.graft.vision.image.transform.Perturbation;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics on changed images. */
class RobustnessTest {
    @TempDir
    private Path root;

    @Test
    void metricsOfChangedImagesStandBesideThoseOfTheImagesAsTheyAre() throws Exception {
        Path run = root.resolve("run");
        FineTuning.of(TinyImages.folder(root.resolve("data"), 12, 1))
                .model("resnet20")
                .weights("none")
                .freeze(FineTuning.Freeze.NONE)
                .epochs(4)
                .batch(8)
                .out(run)
                .run();
        Path test = TinyImages.folder(root.resolve("test"), 15, 2);
        ImageEvaluation.Options how = ImageEvaluation.Options.defaults();
        try (ImageClassifier classifier = ImageClassifier.load(run)) {
            List<Perturbation> changes = List.of(Perturbation.noise(1e-9, 1), Perturbation.noise(120, 1));
            Robustness tried = classifier.robustness(test, how, changes);
            ImageEvaluation plain = classifier.evaluate(test, how);
            assertThat(tried.cases()).isEqualTo(30);
            assertThat(tried.unchanged()).extracting(Estimate::name).containsExactly("accuracy", "AUROC");
            assertThat(tried.unchanged())
                    .containsExactly(
                            plain.summary().overall().get(0),
                            plain.summary().find("AUROC").orElseThrow());
            // noise that rounds to nothing changes nothing
            assertThat(tried.conditions().get(0).metrics()).isEqualTo(tried.unchanged());
            assertThat(tried.conditions().get(0).changes())
                    .allMatch(change -> change.score().orNaN() == 0);
            for (int i = 0; i < 2; i++) {
                Estimate changed = tried.conditions().get(1).metrics().get(i);
                assertThat(tried.conditions().get(1).changes().get(i).score().orNaN())
                        .isCloseTo(
                                changed.score().orNaN()
                                        - tried.unchanged().get(i).score().orNaN(),
                                within(1e-12));
            }
            assertThat(classifier.robustness(test, how, changes)).isEqualTo(tried);
            assertThat(tried.toMap().toString()).contains("conditions=[{kind=noise, strength=standard deviation ");
        }
    }
}
