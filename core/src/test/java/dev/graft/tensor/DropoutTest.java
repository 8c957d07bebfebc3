package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.random.Digest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropout: its random numbers are Graft's own, so its properties stand in for PyTorch's values. */
class DropoutTest {
    private static final int N = 200_000;

    @ParameterizedTest
    @ValueSource(floats = {0.1f, 0.5f, 0.9f})
    void dropsTheShareAskedForAndScalesTheRest(float p) {
        float[] y = Tensor.ones(N).dropout(p, 42).toFloatArray();
        float kept = 1 / (1 - p);
        int zeros = 0;
        for (float v : y) {
            assertThat(v == 0 || Math.abs(v - kept) < 1e-6 * kept)
                    .as("%s is 0 or %s", v, kept)
                    .isTrue();
            zeros += v == 0 ? 1 : 0;
        }
        double deviation = Math.sqrt(p * (1 - p) / N);
        assertThat(zeros / (double) N).isCloseTo(p, within(5 * deviation));
    }

    @Test
    void neighboursAreIndependent() {
        float[] y = Tensor.ones(N).dropout(0.5f, 7).toFloatArray();
        for (int lag : new int[] {1, 2, 3, 8, 16, 64, 1024, 4096}) {
            long both = IntStream.range(0, N - lag)
                    .filter(i -> y[i] == 0 && y[i + lag] == 0)
                    .count();
            assertThat(both / (double) (N - lag))
                    .as("pairs dropped at distance %d", lag)
                    .isCloseTo(0.25, within(0.006));
        }
    }

    @Test
    void theSeedDecides() {
        Tensor x = Tensor.ones(1000);
        float[] first = x.dropout(0.5f, 1).toFloatArray();
        assertThat(x.dropout(0.5f, 1).toFloatArray()).containsExactly(first);
        float[] second = x.dropout(0.5f, 2).toFloatArray();
        long equal = IntStream.range(0, first.length)
                .filter(i -> first[i] == second[i])
                .count();
        assertThat(equal).isBetween(420L, 580L);
    }

    @Test
    void theBackwardDropsTheSameElements() {
        Tensor x = Tensor.randn(new Random(3), 37, 53).requireGrad(true);
        Tensor y = x.dropout(0.4f, 99);
        y.backward(Tensor.ones(37, 53));
        float[] mask = Tensor.ones(37, 53).dropout(0.4f, 99).toFloatArray();
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(mask);
        float[] values = x.toFloatArray();
        float[] dropped = y.toFloatArray();
        for (int i = 0; i < mask.length; i++) {
            assertThat(dropped[i]).isEqualTo(mask[i] == 0 ? 0 * values[i] : values[i] * mask[i]);
        }
    }

    @Test
    void theBackwardDropsTheSameElementsOfImagesInChannelsLastMemory() {
        Tensor x = Tensor.ones(2, 5, 7, 3).permute(0, 3, 1, 2).requireGrad(true);
        Tensor y = x.dropout(0.5f, 5);
        y.backward(Tensor.ones(2, 3, 5, 7));
        assertThat(x.grad().orElseThrow().toFloatArray()).containsExactly(y.toFloatArray());
    }

    @Test
    void theMaskDoesNotDependOnTheMemoryLayout() {
        Tensor contiguous = Tensor.ones(2, 3, 4, 5);
        float[] expected = contiguous.dropout(0.5f, 11).toFloatArray();
        Map<String, Tensor> layouts = new LinkedHashMap<>();
        layouts.put("channels last", Tensor.ones(2, 4, 5, 3).permute(0, 3, 1, 2));
        layouts.put("all reversed", Tensor.ones(5, 4, 3, 2).permute(3, 2, 1, 0));
        layouts.put("a window", Tensor.ones(2, 6, 4, 5).slice(1, 2, 5));
        layouts.put("every second column", Tensor.ones(2, 3, 4, 10).slice(3, 0, 10, 2));
        layouts.put(
                "a window in channels-last memory",
                Tensor.ones(2, 4, 9, 3).permute(0, 3, 1, 2).slice(3, 1, 6));
        layouts.put("one repeated value", Tensor.scalar(1).expand(2, 3, 4, 5));
        layouts.forEach((layout, x) -> {
            assertThat(x.dropout(0.5f, 11).toFloatArray()).as(layout).containsExactly(expected);
            Tensor leaf = x.copy().requireGrad(true);
            leaf.dropout(0.5f, 11).backward(x);
            assertThat(leaf.grad().orElseThrow().toFloatArray())
                    .as("gradient, " + layout)
                    .containsExactly(expected);
        });
    }

    @Test
    void valuesDroppedTogetherStayWithTheirPlacesInAnyLayout() {
        Tensor x = Tensor.uniform(new Random(4), 1, 2, 3, 5, 6, 7);
        float[] expected = x.dropout(0.3f, 12).toFloatArray();
        Tensor channelsLast = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        assertThat(channelsLast.isContiguous()).isFalse();
        assertThat(channelsLast.dropout(0.3f, 12).toFloatArray()).containsExactly(expected);
    }

    /** Seeds one step of SplitMix64 apart gave one mask, moved by one element. */
    @Test
    void noSeedsMaskIsAnothersMovedAlong() {
        long step = 0x9E3779B97F4A7C15L;
        int n = 4096;
        long[] seeds = {1, 2, 3, 1 + step, 1 + 2 * step, 1 - step, 1 + 64 * step, ~1L, 1L << 32 | 1};
        boolean[][] masks = new boolean[seeds.length][];
        for (int s = 0; s < seeds.length; s++) {
            float[] y = Tensor.ones(n).dropout(0.5f, seeds[s]).toFloatArray();
            masks[s] = new boolean[n];
            for (int i = 0; i < n; i++) {
                masks[s][i] = y[i] != 0;
            }
        }
        for (int p = 0; p < seeds.length; p++) {
            for (int q = 0; q < seeds.length; q++) {
                for (int lag = p == q ? 1 : 0; lag <= 64; lag++) {
                    int equal = 0;
                    for (int i = 0; i + lag < n; i++) {
                        equal += masks[p][i] == masks[q][i + lag] ? 1 : 0;
                    }
                    double deviations = (2.0 * equal - (n - lag)) / Math.sqrt(n - lag);
                    assertThat(Math.abs(deviations))
                            .as(
                                    "seeds %x and %x at lag %d, equal places in standard deviations",
                                    seeds[p], seeds[q], lag)
                            .isLessThan(5.5);
                }
            }
        }
    }

    @Test
    void theMaskIsTheSameOnEveryJdkAndWithEveryKernel() {
        Digest digest = new Digest();
        for (long seed = -2; seed < 50; seed++) {
            digest.add(Tensor.ones(1000).dropout(0.25f, seed).toFloatArray());
        }
        assertThat(digest.hex()).isEqualTo("a4e81a8ae882fb78");
    }
}
