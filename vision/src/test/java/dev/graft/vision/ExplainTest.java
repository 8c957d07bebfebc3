package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Autograd;
import dev.graft.vision.explain.Explanation;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.image.Image;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Explanations of what a classifier predicts. */
class ExplainTest {
    @TempDir
    static Path root;

    private static Path model;
    private static Image image;

    @BeforeAll
    static void train() throws Exception {
        model = root.resolve("run");
        FineTuning.of(TinyImages.folder(root.resolve("data"), 4, 1))
                .model("resnet20")
                .weights("none")
                .freeze(FineTuning.Freeze.NONE)
                .epochs(1)
                .out(model)
                .run();
        image = Image.read(TinyImages.write(root.resolve("x/left.png"), true, new SplittableRandom(3)));
    }

    @ParameterizedTest
    @EnumSource(ExplanationMethod.class)
    void manyThreadsGetTheMapOfOneAndPredictMeanwhile(ExplanationMethod method) {
        try (ImageClassifier classifier = ImageClassifier.load(model)) {
            Prediction alone = classifier.predict(image);
            Explanation why = classifier.explain(image, method, 1);
            assertThat(why.className()).isEqualTo("right");
            assertThat(why.probability()).isEqualTo(alone.probabilities()[1]);
            assertThat(why.map()).hasDimensions(32, 32);
            IntStream.range(0, 32).parallel().forEach(i -> {
                if (i % 2 == 0) {
                    assertThat(classifier.explain(image, method, 1).map()).isDeepEqualTo(why.map());
                } else {
                    assertThat(classifier.predict(image)).isEqualTo(alone);
                }
            });
            Autograd.noGrad(() -> {
                assertThat(classifier.explain(image, method, 1).map()).isDeepEqualTo(why.map());
                return 0;
            });
            assertThat(classifier.explain(image, method).classIndex()).isEqualTo(alone.index());
            assertThatThrownBy(() -> classifier.explain(image, method, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(List.of(classifier.predict(image))).containsExactly(alone);
        }
    }
}
