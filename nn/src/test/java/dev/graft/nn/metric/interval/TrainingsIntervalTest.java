package dev.graft.nn.metric.interval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Scores of several trainings, judged on the same cases. */
class TrainingsIntervalTest {
    private static Interval around(double low, double high) {
        return new Interval(low, high, 0.95, "Wilson");
    }

    @Test
    void bothKindsOfChanceAreInIt() {
        Interval one =
                TrainingsInterval.of(new double[] {0.8}, around(0.7, 0.86)).orElseThrow();
        assertThat(one).isEqualTo(around(0.7, 0.86));
        Interval alike = TrainingsInterval.of(new double[] {0.8, 0.8}, around(0.7, 0.86), around(0.7, 0.86))
                .orElseThrow();
        assertThat(alike.low()).isCloseTo(0.7, within(1e-12));
        assertThat(alike.high()).isCloseTo(0.86, within(1e-12));
        // of two, Student's quantile is 12.706 and the error half of the distance
        Interval apart = TrainingsInterval.of(new double[] {0.79, 0.81}, around(0.7, 0.86), around(0.7, 0.86))
                .orElseThrow();
        assertThat(apart.low()).isCloseTo(0.8 - Math.hypot(0.1, 12.7062 * 0.01), within(1e-4));
        assertThat(apart.high()).isCloseTo(0.8 + Math.hypot(0.06, 12.7062 * 0.01), within(1e-4));
        assertThat(TrainingsInterval.of(new double[] {0.8, 0.9})).isEmpty();
        assertThatThrownBy(() -> TrainingsInterval.of(new double[0])).hasMessageContaining("0 scores");
        assertThatThrownBy(() -> TrainingsInterval.of(new double[] {1, 2}, around(0, 1)))
                .hasMessageContaining("2 scores and 1 intervals");
    }

    /** Of 2,000 made-up studies of three trainings each; without the draws' part it would be about 85 of 100. */
    @Test
    void theMeanOfAllTrainingsIsInItAsOftenAsPromised() {
        SplittableRandom random = new SplittableRandom(5);
        int covered = 0;
        int covered1 = 0;
        for (int study = 0; study < 2000; study++) {
            double cases = random.nextGaussian() * 0.02;
            double[] scores = new double[3];
            Interval[] each = new Interval[3];
            for (int i = 0; i < 3; i++) {
                scores[i] = 0.8 + cases + random.nextGaussian() * 0.03;
                each[i] = around(scores[i] - 1.96 * 0.02, scores[i] + 1.96 * 0.02);
            }
            Interval interval = TrainingsInterval.of(scores, each).orElseThrow();
            covered += interval.low() <= 0.8 && 0.8 <= interval.high() ? 1 : 0;
            double mean = (scores[0] + scores[1] + scores[2]) / 3;
            covered1 += Math.abs(mean - 0.8) <= 1.96 * 0.02 ? 1 : 0;
        }
        System.out.println("mean of three trainings in its interval: " + covered / 20.0 + " of 100; by the cases alone "
                + covered1 / 20.0);
        assertThat(covered / 2000.0).isBetween(0.93, 0.995);
        assertThat(covered1 / 2000.0).isLessThan(0.9);
    }
}
