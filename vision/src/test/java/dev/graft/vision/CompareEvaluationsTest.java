package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.metric.interval.Comparison;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.model.Decision;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.Evaluation;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Evaluations of two models, whose classes and images may be in another order. */
class CompareEvaluationsTest {
    private static ImageEvaluation judged(
            List<String> classes, List<String> images, float[][] probabilities, int[] labels, double... thresholds) {
        int[] indices = new int[labels.length];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = i;
        }
        Evaluation scores = new Evaluation(0, probabilities, labels, indices, new boolean[0][], thresholds);
        return new ImageEvaluation(
                scores,
                Decision.NONE,
                Collections.nCopies(labels.length, List.of()),
                images,
                classes,
                List.of(),
                Summary.of(scores.cases(), classes, false, Intervals.defaults()),
                List.of(),
                Map.of(),
                1);
    }

    private static final ImageEvaluation FIRST = judged(
            List.of("healthy", "sick"),
            List.of("a", "b", "c", "d"),
            new float[][] {{0.9f, 0.1f}, {0.6f, 0.4f}, {0.4f, 0.6f}, {0.3f, 0.7f}},
            new int[] {0, 1, 1, 0});

    /** The same answers to the images that both have, in other orders, with a threshold that is just met. */
    private static ImageEvaluation turned(double threshold) {
        return judged(
                List.of("sick", "healthy"),
                List.of("d", "e", "b", "a"),
                new float[][] {{0.7f, 0.3f}, {0.1f, 0.9f}, {0.4f, 0.6f}, {0.1f, 0.9f}},
                new int[] {1, 1, 0, 1},
                threshold);
    }

    @Test
    void classesAndImagesAreMatchedByName() {
        Comparison comparison = FIRST.compare(turned(0.5));
        assertThat(comparison.cases()).isEqualTo(3);
        assertThat(comparison.overall())
                .allSatisfy(own -> assertThat(own.first()).as(own.metric()).isEqualTo(own.second()));
        assertThat(comparison.mcNemar().pValue()).isEqualTo(1);
    }

    /** "healthy" from 0.3 on: one more of the three is right. */
    @Test
    void eachModelDecidesByItsOwnThreshold() {
        Comparison comparison = FIRST.compare(turned(0.3f));
        assertThat(comparison.mcNemar().onlySecond()).isEqualTo(1);
        assertThat(comparison.mcNemar().onlyFirst()).isZero();
        assertThat(comparison.find("accuracy").orElseThrow().second().orNaN()).isEqualTo(2 / 3.0);
        assertThat(comparison.find("AUROC").orElseThrow().difference().score().orNaN())
                .isZero();
    }

    @Test
    void whatIsNotTheSameIsRefused() {
        ImageEvaluation others =
                judged(List.of("healthy", "ill"), List.of("a"), new float[][] {{0.9f, 0.1f}}, new int[] {0});
        assertThatThrownBy(() -> FIRST.compare(others))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("[healthy, sick]")
                .hasMessageContaining("[healthy, ill]");
        ImageEvaluation elsewhere =
                judged(List.of("healthy", "sick"), List.of("z"), new float[][] {{0.9f, 0.1f}}, new int[] {0});
        assertThatThrownBy(() -> FIRST.compare(elsewhere)).hasMessageContaining("no image was judged by both");
        ImageEvaluation relabelled =
                judged(List.of("healthy", "sick"), List.of("a"), new float[][] {{0.9f, 0.1f}}, new int[] {1});
        assertThatThrownBy(() -> FIRST.compare(relabelled)).hasMessageContaining("different labels");
    }

    private static ImageEvaluation knowing(ImageEvaluation own, Map<String, Object> duplicates) {
        return new ImageEvaluation(
                own.scores(),
                own.decision(),
                own.flags(),
                own.images(),
                own.classes(),
                own.patients(),
                own.summary(),
                own.unreadable(),
                duplicates,
                own.seconds());
    }

    /** It is judged on them all the same, since nothing else is left; but it would win by memory. */
    @Test
    void aModelThatWasFittedOnAllImagesIsNotCompared() {
        Map<String, Object> all = Map.of("fitted_judged", 4, "kept", false);
        String other = "the second model was fitted on every image that it was judged on";
        assertThatThrownBy(() -> FIRST.compare(knowing(turned(0.5), all)))
                .isInstanceOf(RunException.class)
                .hasMessageContaining(other);
        ImageEvaluation known = knowing(FIRST, all);
        assertThatThrownBy(() -> known.compare(turned(0.5)))
                .hasMessageContaining("the first model was fitted on every");
        Map<String, Object> kept = Map.of("fitted_judged", 4, "kept", true);
        assertThat(FIRST.compare(knowing(turned(0.5), kept)).cases()).isEqualTo(3);
        Map<String, Object> none = Map.of("fitted_judged", 0, "fitted", 2, "kept", false);
        assertThat(FIRST.compare(knowing(turned(0.5), none)).cases()).isEqualTo(3);
    }
}
