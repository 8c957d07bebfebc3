package dev.graft.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** No stream is a copy of another one, a part of it or correlated with it; and each is the same on every JDK. */
class RandomStreamTest {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    /** Names that are as near to each other as they get, seeds that are steps of SplitMix64 apart among them. */
    private static List<RandomStream> relatives() {
        List<RandomStream> streams = new ArrayList<>();
        for (long seed = -3; seed <= 20; seed++) {
            streams.add(RandomStream.of(seed, "a"));
            streams.add(RandomStream.of(seed, "b"));
            streams.add(RandomStream.of(seed, ""));
            streams.add(RandomStream.of(seed * GOLDEN_GAMMA + 12345, "a"));
            streams.add(RandomStream.of(1L << (seed + 3), "c"));
            for (long i = 0; i < 5; i++) {
                streams.add(RandomStream.of(seed, "a", i));
                streams.add(RandomStream.of(seed, "a", -1 - i));
                streams.add(RandomStream.of(seed, "a", i * GOLDEN_GAMMA + 1000));
                streams.add(RandomStream.of(seed, "a", i, 0));
                streams.add(RandomStream.of(seed, "a", 0, i + 1));
                streams.add(RandomStream.of(RandomStream.seed(seed, "d", i), "d", i));
            }
        }
        return streams;
    }

    @Test
    void manyNumbersAreThoseOfTheirPositions() {
        RandomStream stream = RandomStream.of(5, "a");
        long[] numbers = new long[100];
        for (long apart : new long[] {1, 7, 0, -3}) {
            for (int count : new int[] {0, 1, 31, 99}) {
                numbers[count] = 42;
                stream.fill(1L << 33, apart, numbers, count);
                for (int i = 0; i < count; i++) {
                    assertThat(numbers[i])
                            .as("%d of %d, %d apart", i, count, apart)
                            .isEqualTo(stream.at((1L << 33) + i * apart));
                }
                assertThat(numbers[count]).isEqualTo(42);
            }
        }
    }

    @Test
    void noNumberOfOneStreamComesInAnother() {
        int count = 500;
        Set<Long> seen = new HashSet<>();
        List<RandomStream> streams = relatives();
        for (RandomStream stream : streams) {
            for (int i = 0; i < count; i++) {
                seen.add(stream.nextLong());
            }
        }
        // Shifted, copied, reversed or decimated streams would share numbers; 400,000 independent ones of 64 bits share
        // none.
        assertThat(seen).hasSize(streams.size() * count);
    }

    @Test
    void neighboursAreNotCorrelatedAtAnyLagUpTo64() {
        int n = 1 << 15;
        List<RandomStream> streams = List.of(
                RandomStream.of(1, "a", 1),
                RandomStream.of(1, "a", 2),
                RandomStream.of(2, "a", 1),
                RandomStream.of(1, "b", 1),
                RandomStream.of(1 + GOLDEN_GAMMA, "a", 1));
        List<double[]> values = streams.stream()
                .map(s -> s.doubles(n + 64).map(x -> (x - 0.5) * Math.sqrt(12)).toArray())
                .toList();
        for (int p = 0; p < values.size(); p++) {
            for (int q = 0; q < values.size(); q++) {
                for (int lag = p == q ? 1 : 0; lag <= 64; lag++) {
                    double sum = 0;
                    for (int i = 0; i < n; i++) {
                        sum += values.get(p)[i] * values.get(q)[i + lag];
                    }
                    assertThat(Math.abs(sum / Math.sqrt(n)))
                            .as("streams %d and %d at lag %d, in standard deviations", p, q, lag)
                            .isLessThan(5);
                }
            }
        }
    }

    @Test
    void everyBitIsSetHalfTheTime() {
        int n = 1 << 15;
        int[] ones = new int[64];
        for (RandomStream stream : List.of(RandomStream.of(0, "bits"), RandomStream.of(1, "bits"))) {
            LongStream.generate(stream::nextLong).limit(n).forEach(v -> {
                for (int b = 0; b < 64; b++) {
                    ones[b] += (int) (v >>> b & 1);
                }
            });
        }
        for (int b = 0; b < 64; b++) {
            assertThat(Math.abs(ones[b] - n) / Math.sqrt(n / 2.0))
                    .as("bit %d, in standard deviations", b)
                    .isLessThan(5);
        }
    }

    @Test
    void aPlaceInAStreamDoesNotDependOnWhatWasDrawn() {
        RandomStream stream = RandomStream.of(5, "places");
        long tenth = stream.at(10);
        long[] drawn = stream.longs(11).toArray();
        assertThat(drawn[10]).isEqualTo(tenth);
        assertThat(RandomStream.of(5, "places").at(10)).isEqualTo(tenth);
        assertThat(RandomStream.seed(5, "places")).isEqualTo(drawn[0]);
    }

    @Test
    void boundsHold() {
        RandomStream stream = RandomStream.of(6, "bounds");
        for (int i = 0; i < 2000; i++) {
            assertThat(stream.nextInt(7)).isBetween(0, 6);
            assertThat(stream.nextInt(-3, 2)).isBetween(-3, 1);
            assertThat(stream.nextInt(Integer.MIN_VALUE + 5, Integer.MAX_VALUE))
                    .isGreaterThanOrEqualTo(Integer.MIN_VALUE + 5);
            assertThat(stream.nextDouble(-1, 1e-300)).isGreaterThanOrEqualTo(-1).isLessThan(1e-300);
            assertThat(stream.nextExponential()).isNotNegative().isFinite();
        }
        assertThatThrownBy(() -> stream.nextInt(2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("nextInt: bound");
        assertThatThrownBy(() -> stream.nextInt(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> stream.nextDouble(1, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theNumbersAreTheSameOnEveryJdk() {
        Digest digest = new Digest();
        RandomStream stream = RandomStream.of(42, "every method", 1, -2);
        for (int i = 0; i < 5000; i++) {
            digest.add(stream.nextLong())
                    .add(stream.nextInt())
                    .add(stream.nextInt(1 + i))
                    .add(stream.nextInt(-i, 3 * i + 1))
                    .add(stream.nextFloat())
                    .add(stream.nextDouble())
                    .add(stream.nextDouble(-i, i + 0.1))
                    .add(stream.nextGaussian())
                    .add(stream.nextGaussian(3, 0.5))
                    .add(stream.nextExponential())
                    .add(stream.nextBoolean() ? 1 : 0);
        }
        assertThat(digest.hex()).isEqualTo("8371043ed0c2475e");
    }
}
