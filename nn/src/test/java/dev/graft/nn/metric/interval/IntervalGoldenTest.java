package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetrics;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Variances, tests and Wilson's intervals against scipy, and against the papers' formulas written out in NumPy. */
class IntervalGoldenTest {
    private static final Offset<Double> EXACT = within(1e-12);

    private static BinaryCases cases(Golden c, String probabilities, boolean grouped) {
        int[] truth = c.ints("truth");
        boolean[] positive = new boolean[truth.length];
        for (int i = 0; i < truth.length; i++) {
            positive[i] = truth[i] == 1;
        }
        BinaryCases cases = BinaryCases.of(c.doubles(probabilities), positive);
        return grouped
                ? cases.groups(Arrays.stream(c.ints("groups"))
                        .mapToObj(Integer::toString)
                        .toList())
                : cases;
    }

    @TestFactory
    List<DynamicTest> variancesAndTests() {
        return Golden.read("evaluation.json").children("binary").stream()
                .map(c -> DynamicTest.dynamicTest(c.text("name"), () -> check(c)))
                .toList();
    }

    private static void check(Golden c) {
        Intervals how = Intervals.defaults();
        BinaryCases first = cases(c, "probabilities", false);
        BinaryCases second = cases(c, "other", false);
        same(how.of(BinaryMetrics.accuracy(0.5), first), c, "accuracy_wilson");
        same(how.of(BinaryMetrics.sensitivity(0.5), first), c, "sensitivity_wilson");
        if (!c.has("delong")) {
            return;
        }
        for (String kind : List.of("delong", "obuchowski")) {
            boolean grouped = kind.equals("obuchowski");
            DeLong a = DeLong.of(cases(c, "probabilities", grouped));
            DeLong b = DeLong.of(cases(c, "other", grouped));
            double[][] want = c.matrix(kind);
            assertThat(a.variance()).isCloseTo(want[0][0], EXACT);
            assertThat(a.covariance(b)).isCloseTo(want[0][1], EXACT);
            assertThat(b.covariance(a)).isCloseTo(want[0][1], EXACT);
            assertThat(b.variance()).isCloseTo(want[1][1], EXACT);
        }
        Difference difference = Difference.of(BinaryMetrics.auroc(), first, second, how);
        if (c.has("p_value")) {
            assertThat(difference.pValue().orElseThrow()).isCloseTo(c.number("p_value"), EXACT);
        } else {
            assertThat(difference.pValue()).isEmpty();
            assertThat(difference.difference().note().orElseThrow()).startsWith("no interval");
        }
    }

    private static void same(Estimate got, Golden c, String key) {
        if (!c.has(key)) {
            assertThat(got.interval()).isEmpty();
            assertThat(got.score().reason()).isNotBlank();
            return;
        }
        Interval interval = got.interval().orElseThrow();
        assertThat(interval.low()).isCloseTo(c.doubles(key)[0], EXACT);
        assertThat(interval.high()).isCloseTo(c.doubles(key)[1], EXACT);
    }

    @Test
    void distributionsAreThoseOfScipy() {
        Golden golden = Golden.read("evaluation.json");
        for (double[] row : golden.matrix("student")) {
            assertThat(Quantiles.student(row[0], (int) row[1]))
                    .as(Arrays.toString(row))
                    .isCloseTo(row[2], within(row[1] > 1000 ? 1e-6 : 1e-9 * row[2]));
        }
        for (double[] row : golden.matrix("student_beyond")) {
            if (row[1] > 1000 && row[0] > 5) {
                continue; // the approximation for many degrees is of no use so far out: 1e-180
            }
            assertThat(Quantiles.beyond(row[0], (int) row[1]))
                    .as(Arrays.toString(row))
                    .isCloseTo(row[2], within((row[1] > 1000 ? 1e-4 : 1e-10) * row[2]));
        }
        for (double[] row : golden.matrix("normal_above")) {
            assertThat(Quantiles.above(row[0])).as(Arrays.toString(row)).isCloseTo(row[1], within(1e-12 * row[1]));
        }
        assertThat(Quantiles.normal(0.95)).isCloseTo(1.959963984540054, within(1e-14));
    }
}
