package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import dev.graft.nn.metric.Cases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Two models on the same cases, against scikit-learn and scipy. */
class ComparisonTest {
    private static final Intervals HOW = Intervals.defaults();

    private static float[][] rows(Golden c, String key) {
        return Arrays.stream(c.matrix(key))
                .map(row -> {
                    float[] narrow = new float[row.length];
                    for (int i = 0; i < narrow.length; i++) {
                        narrow[i] = (float) row[i];
                    }
                    return narrow;
                })
                .toArray(float[][]::new);
    }

    private static Cases cases(Golden c, String model, boolean grouped) {
        Cases cases = Cases.of(rows(c, model), c.ints("labels"));
        return grouped
                ? cases.groups(Arrays.stream(c.ints("groups"))
                        .mapToObj(Integer::toString)
                        .toList())
                : cases;
    }

    private static List<String> names(Cases cases) {
        return IntStream.range(0, cases.classes()).mapToObj(c -> "class " + c).toList();
    }

    @TestFactory
    List<DynamicTest> differencesAndTestsAreThoseOfScikitLearnAndScipy() {
        return Golden.read("comparison.json").children("cases").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> check(c)))
                .toList();
    }

    private static void check(Golden c) {
        Cases first = cases(c, "first", true);
        Cases second = cases(c, "second", true);
        Comparison comparison = Comparison.of(first, second, names(first), true, HOW);
        for (Golden metric : c.children("metrics")) {
            Difference own = comparison.find(metric.text("metric")).orElseThrow();
            assertThat(own.first().orNaN()).as(own.metric()).isCloseTo(metric.number("first"), within(1e-6));
            assertThat(own.second().orNaN()).as(own.metric()).isCloseTo(metric.number("second"), within(1e-6));
            assertThat(own.difference().score().orNaN())
                    .as(own.metric())
                    .isCloseTo(metric.number("first") - metric.number("second"), within(2e-6));
        }
        for (Golden bootstrap : c.children("bootstrap")) {
            double[] want = bootstrap.doubles("interval");
            Interval got = comparison
                    .find(bootstrap.text("metric"))
                    .orElseThrow()
                    .difference()
                    .interval()
                    .orElseThrow();
            // corrected for bias and widened for few patients, by other draws: near the plain percentiles
            assertThat(got.low()).isCloseTo(want[0], within(0.15 * (want[1] - want[0])));
            assertThat(got.high()).isCloseTo(want[1], within(0.15 * (want[1] - want[0])));
            assertThat(got.method()).isEqualTo("bootstrap by patient");
        }
        McNemar byPatient = comparison.mcNemar();
        assertThat(byPatient.onlyFirst()).isEqualTo((long) c.number("only_first"));
        assertThat(byPatient.onlySecond()).isEqualTo((long) c.number("only_second"));
        assertThat(byPatient.pValue()).isCloseTo(c.number("mcnemar_by_patient"), within(1e-12));
        assertThat(byPatient.method()).isEqualTo("McNemar, exact by patient");
        McNemar plain = McNemar.of(cases(c, "first", false), cases(c, "second", false));
        assertThat(plain.pValue()).isCloseTo(c.number("mcnemar"), within(1e-12));
        assertThat(plain.method()).isEqualTo("McNemar, exact");

        Comparison turned = Comparison.of(second, first, names(first), true, HOW);
        assertThat(turned.mcNemar().pValue()).isEqualTo(byPatient.pValue());
        assertThat(turned.find("accuracy").orElseThrow().difference().score().orNaN())
                .isEqualTo(-comparison
                        .find("accuracy")
                        .orElseThrow()
                        .difference()
                        .score()
                        .orNaN());
        boolean two = first.classes() == 2;
        assertThat(comparison.classes()).hasSize(two ? 0 : first.classes());
        assertThat(comparison.find("AUROC").orElseThrow().pValue().isPresent()).isEqualTo(two);
        assertThat(comparison.classes().values())
                .allSatisfy(own -> assertThat(own.pValue()).isPresent());
    }

    /** As {@code large} of the golden file says: so many cases, in patients of that size. */
    @Test
    void manyAnswersAreTestedByTheChiSquaredOfMcNemar() {
        for (Golden c : Golden.read("comparison.json").children("large")) {
            int size = (int) c.number("size");
            int first = ((int) c.number("only_first")) * size;
            int all = first + ((int) c.number("only_second")) * size;
            float[][] a = new float[all][];
            float[][] b = new float[all][];
            List<String> groups = new ArrayList<>();
            for (int i = 0; i < all; i++) {
                a[i] = i < first ? new float[] {0.9f, 0.1f} : new float[] {0.2f, 0.8f};
                b[i] = i < first ? new float[] {0.4f, 0.6f} : new float[] {0.6f, 0.4f};
                groups.add("patient " + i / size);
            }
            Cases one = Cases.of(a, new int[all]);
            McNemar test =
                    McNemar.of(one.groups(groups), one.withProbabilities(b).groups(groups));
            assertThat(test.pValue()).isCloseTo(c.number("p"), within(1e-12));
            assertThat(test.method()).isEqualTo(size == 1 ? "McNemar" : "McNemar by patient");
        }
    }

    @Test
    void modelsThatAnswerAlikeDoNotDiffer() {
        Golden c = Golden.read("comparison.json").children("cases").get(0);
        Cases cases = cases(c, "first", true);
        Comparison same = Comparison.of(cases, cases, names(cases), true, HOW);
        assertThat(same.mcNemar().pValue()).isEqualTo(1);
        assertThat(same.mcNemar().onlyFirst() + same.mcNemar().onlySecond()).isZero();
        assertThat(same.overall()).allSatisfy(own -> {
            assertThat(own.difference().score().orNaN()).isZero();
            assertThat(own.difference().interval()).as(own.metric()).isEmpty();
            assertThat(own.difference().note().orElseThrow()).startsWith("no interval");
        });
    }

    /** Two labels of one image are no two pieces of evidence. */
    @Test
    void labelsOfAnImageCountTogether() {
        boolean[][] truths = {{true, true}, {true, true}, {false, true}, {true, false}};
        float[][] right = {{0.9f, 0.9f}, {0.9f, 0.9f}, {0.1f, 0.9f}, {0.9f, 0.1f}};
        float[][] wrong = {{0.1f, 0.1f}, {0.1f, 0.1f}, {0.1f, 0.9f}, {0.9f, 0.1f}};
        Cases first = Cases.multiLabel(right, truths);
        McNemar test = McNemar.of(first, first.withProbabilities(wrong));
        assertThat(test.onlyFirst()).isEqualTo(4);
        assertThat(test.pValue()).isEqualTo(0.5);
        assertThat(test.method()).isEqualTo("McNemar, exact by case");
        Map<String, Object> map = Comparison.of(first, first.withProbabilities(wrong), List.of("a", "b"), false, HOW)
                .toMap();
        assertThat(((Map<?, ?>) map.get("mcnemar")).get("p_value")).isEqualTo(0.5);
        assertThat((List<?>) map.get("classes")).hasSize(2);
        // by thresholds, which both decide by, the second is right too
        assertThat(McNemar.of(
                                first.thresholds(0.05, 0.05),
                                first.withProbabilities(wrong).thresholds(0.05, 0.05))
                        .onlyFirst())
                .isZero();
    }

    @Test
    void otherCasesAreRefused() {
        Cases one = Cases.of(new float[][] {{0.1f, 0.9f}, {0.8f, 0.2f}}, new int[] {1, 0});
        Cases other = Cases.of(new float[][] {{0.1f, 0.9f}, {0.8f, 0.2f}}, new int[] {1, 1});
        assertThatThrownBy(() -> Comparison.of(one, other, List.of("a", "b"), false, HOW))
                .hasMessageContaining("judged on different cases");
        assertThatThrownBy(() -> Comparison.of(one, one, List.of("a"), false, HOW))
                .hasMessageContaining("1 names for 2 classes");
    }
}
