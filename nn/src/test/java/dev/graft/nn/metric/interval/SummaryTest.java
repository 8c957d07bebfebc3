package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.metric.AveragePrecision;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.LogLoss;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.RocAuc;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SummaryTest {
    private static final Intervals HOW = Intervals.defaults().resamples(200);

    private static float[][] rows(int n, int classes, int[] labels) {
        SplittableRandom random = new SplittableRandom(n);
        float[][] p = new float[n][classes];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextInt(classes);
            float sum = 0;
            for (int c = 0; c < classes; c++) {
                p[i][c] = (float) Math.exp(random.nextGaussian() + (c == labels[i] ? 1 : 0));
                sum += p[i][c];
            }
            for (int c = 0; c < classes; c++) {
                p[i][c] /= sum;
            }
        }
        return p;
    }

    private static List<String> names(int count) {
        return IntStream.range(0, count).mapToObj(c -> "class " + c).toList();
    }

    @Test
    void itsValuesAreThoseOfTheOldScores() {
        int[] labels = new int[60];
        float[][] p = rows(60, 3, labels);
        Summary summary = Summary.of(Cases.of(p, labels), names(3), false, HOW);
        assertThat(summary.patients()).isEmpty();
        assertThat(summary.find("AUROC").orElseThrow().score().orNaN()).isEqualTo(RocAuc.of(p, labels));
        assertThat(summary.find("AUPRC").orElseThrow().score().orNaN()).isEqualTo(AveragePrecision.of(p, labels));
        assertThat(summary.classes().keySet()).containsExactly("class 0", "class 1", "class 2");
        assertThat(summary.find("class 1", "sensitivity").orElseThrow().interval())
                .isPresent();
        assertThat(summary.find("nothing")).isEmpty();
        boolean[][] truths = new boolean[60][3];
        for (int i = 0; i < 60; i++) {
            truths[i][labels[i]] = true;
            truths[i][i % 3] = true;
        }
        MultiLabelScores old = MultiLabelScores.of(p, truths);
        List<String> patients = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            patients.add("p" + i / 2);
        }
        Cases cases = Cases.multiLabel(p, truths).groups(patients);
        Summary several = Summary.of(cases, names(3), true, HOW);
        assertThat(several.patients()).contains(30);
        assertThat(several.find("AUROC").orElseThrow().score().orNaN()).isEqualTo(old.auroc());
        assertThat(several.find("accuracy").orElseThrow().score().orNaN()).isEqualTo(old.accuracy());
        assertThat(several.find("class 2", "AUROC").orElseThrow().score().orNaN())
                .isEqualTo(old.labels().get(2).auroc());
        assertThatThrownBy(() -> Summary.of(cases, names(2), true, HOW)).hasMessage("summary: 2 names for 3 classes");
    }

    /** Softmax of far-off logits: exactly 0 and 1. */
    @Test
    void probabilitiesOfExactlyZeroAndOneAreSummedUp() {
        for (int classes : new int[] {2, 3}) {
            int[] labels = new int[40];
            float[][] p = new float[40][classes];
            for (int i = 0; i < 40; i++) {
                labels[i] = i % classes;
                p[i][i % 5 == 0 ? 0 : labels[i]] = 1;
            }
            for (boolean constant : new boolean[] {false, true}) {
                float[][] given = constant ? new float[40][classes] : p;
                if (constant) {
                    for (float[] row : given) {
                        row[1] = 1;
                    }
                }
                Summary summary = Summary.of(Cases.of(given, labels), names(classes), false, HOW);
                assertThat(summary.find("AUROC").orElseThrow().score().orNaN()).isEqualTo(RocAuc.of(given, labels));
                assertThat(summary.find("log loss").orElseThrow().score().orNaN())
                        .isEqualTo(LogLoss.of(given, labels), within(1e-12));
                assertThat(summary.toString()).doesNotContain("NaN").doesNotContain("Infinity");
            }
        }
    }

    /** A thousand classes must not take minutes; what has no interval says so. */
    @Test
    void manyClassesAreSummedUpInSeconds() {
        int[] labels = new int[600];
        float[][] p = rows(600, 1000, labels);
        Summary summary = Summary.of(Cases.of(p, labels), names(1000), false, HOW);
        assertThat(summary.classes()).isEmpty();
        Estimate area = summary.find("AUROC").orElseThrow();
        assertThat(area.score().isDefined()).isTrue();
        assertThat(area.note().orElseThrow()).startsWith("no interval: resampling so many");
        assertThat(summary.find("balanced accuracy").orElseThrow().interval()).isPresent();
        Map<String, Object> map = summary.toMap();
        assertThat(map.get("classes")).isEqualTo(List.of());
    }
}
