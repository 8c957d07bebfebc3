package dev.graft.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class DrawTest {
    /** Gives one value again and again. */
    private record Constant(long bits) implements RandomGenerator {
        @Override
        public long nextLong() {
            return bits;
        }
    }

    @Test
    void quantilesAreThoseOfTheNormalDistribution() {
        // scipy 1.17.1, scipy.stats.norm.ppf
        double[][] cases = {
            {0.5, 0},
            {0.6, 0.2533471031357997},
            {0.925, 1.4395314709384563},
            {0.975, 1.959963984540054},
            {0.999, 3.090232306167813},
            {1e-10, -6.361340902404056},
            {1e-12, -7.034483825301131},
            {0x1p-54, -8.292361075813595}
        };
        for (double[] c : cases) {
            assertThat(NormalQuantile.of(c[0])).as("p = %s", c[0]).isCloseTo(c[1], within(4e-16 * Math.abs(c[1])));
        }
        for (double p : new double[] {0.01, 0.07, 0.2, 0.4}) {
            assertThat(NormalQuantile.of(p)).isCloseTo(-NormalQuantile.of(1 - p), within(1e-14));
        }
    }

    @Test
    void everyGeneratorOutputGivesAFiniteNormalValue() {
        assertThat(Draw.normal(new Constant(0))).isCloseTo(-8.209536151601387, within(1e-14));
        assertThat(Draw.normal(new Constant(-1))).isCloseTo(8.209536151601387, within(1e-14));
    }

    @Test
    void normalValuesHaveTheShareOfEachInterval() {
        int n = 200_000;
        RandomGenerator random = RandomStream.of(1, "test");
        double[] values = new double[n];
        Arrays.setAll(values, i -> Draw.normal(random));
        double[] bounds = {-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3};
        double[] below = {
            0.0013498980,
            0.0227501319,
            0.1586552539,
            0.3085375387,
            0.5,
            0.6914624613,
            0.8413447461,
            0.9772498681,
            0.9986501020
        };
        for (int i = 0; i < bounds.length; i++) {
            double bound = bounds[i];
            double share = Arrays.stream(values).filter(v -> v < bound).count() / (double) n;
            assertThat(share)
                    .as("below %s", bound)
                    .isCloseTo(below[i], within(4.5 * Math.sqrt(below[i] * (1 - below[i]) / n)));
        }
    }

    @Test
    void aNormalValueTakesOneNumber() {
        SplittableRandom random = new SplittableRandom(8);
        SplittableRandom twin = new SplittableRandom(8);
        for (int i = 0; i < 1000; i++) {
            Draw.normal(random);
            twin.nextLong();
        }
        assertThat(random.nextLong()).isEqualTo(twin.nextLong());
    }

    @Test
    void integersBelowABoundAreEquallyProbable() {
        for (int bound : new int[] {1, 2, 3, 5, 7, 64, 100, 1000}) {
            int each = 2000;
            int[] counts = new int[bound];
            RandomGenerator random = RandomStream.of(2, "test", bound);
            for (int i = 0; i < bound * each; i++) {
                counts[Draw.below(random, bound)]++;
            }
            double chi = Arrays.stream(counts)
                    .mapToDouble(c -> (c - each) * (double) (c - each) / each)
                    .sum();
            assertThat(chi).as("chi-square of %d values", bound).isLessThan(bound - 1 + 5 * Math.sqrt(2.0 * bound));
        }
    }

    @Test
    void theEndsOfTheNumbersGiveTheEndsOfTheRange() {
        for (int bound : new int[] {1, 3, 10, 1 << 30, Integer.MAX_VALUE}) {
            assertThat(Draw.below(new Constant(0), bound)).isZero();
            assertThat(Draw.below(new Constant(-1), bound)).isEqualTo(bound - 1);
            assertThat(Draw.below(new Constant(1L << 63), bound)).isEqualTo(bound / 2);
        }
    }

    @Test
    void largeBoundsHold() {
        RandomGenerator random = RandomStream.of(3, "test");
        int[] bounds = {Integer.MAX_VALUE, (1 << 30) + 1, 1 << 30};
        for (int bound : bounds) {
            double sum = 0;
            for (int i = 0; i < 20_000; i++) {
                int value = Draw.below(random, bound);
                assertThat(value).isBetween(0, bound - 1);
                sum += value / (double) bound;
            }
            assertThat(sum / 20_000).isCloseTo(0.5, within(5 * Math.sqrt(1 / 12.0 / 20_000)));
        }
        assertThatThrownBy(() -> Draw.below(random, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("below: bound");
    }

    @Test
    void uniformValuesNeverReachTheUpperBound() {
        RandomGenerator largest = new Constant(-1);
        assertThat(Draw.uniform(largest, 1f, 2f)).isEqualTo(Math.nextDown(2f));
        assertThat(Draw.uniform(largest, -0.3f, 0.1f)).isLessThan(0.1f);
        assertThat(Draw.uniform(largest, 1.0, 2.0)).isEqualTo(Math.nextDown(2.0));
        assertThat(Draw.uniform(new Constant(0), 1.0, 2.0)).isEqualTo(1.0);
        assertThat(Draw.uniform(largest, 3f, 3f)).isEqualTo(3f);
        assertThatThrownBy(() -> Draw.uniform(largest, 2.0, 1.0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("uniform: low");
        assertThatThrownBy(() -> Draw.uniform(largest, 0, Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyOrderOfFourIsEquallyProbable() {
        int[] counts = new int[256];
        RandomGenerator random = RandomStream.of(4, "test");
        for (int i = 0; i < 24_000; i++) {
            int[] order = {0, 1, 2, 3};
            Draw.shuffle(order, random);
            counts[order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3]]++;
        }
        int[] seen = Arrays.stream(counts).filter(c -> c > 0).toArray();
        assertThat(seen).hasSize(24);
        assertThat(Arrays.stream(seen)
                        .mapToDouble(c -> (c - 1000.0) * (c - 1000.0) / 1000)
                        .sum())
                .isLessThan(23 + 5 * Math.sqrt(46));
    }

    @Test
    void drawsFromTheJdksGeneratorsAreTheSameOnEveryJdk() {
        Digest digest = new Digest();
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 1; i <= 50_000; i++) {
            digest.add(Draw.normal(random))
                    .add(Draw.below(random, i))
                    .add(Draw.uniform(random, -0.5, i))
                    .add(Draw.uniform(random, -0.25f, i));
        }
        int[] order = new int[5000];
        Arrays.setAll(order, i -> i);
        Draw.shuffle(order, random);
        assertThat(digest.add(order).hex()).isEqualTo("e281a32635c92109");
    }
}
