package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.data.BalancedSampler;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.Sampler;
import dev.graft.nn.data.Split;
import dev.graft.nn.layer.Conv1d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Linear;
import dev.graft.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is random in training: independent between steps, layers, epochs and purposes; the same whatever the workers,
 * batches and JDK.
 */
class RandomStreamsTest {
    private static final int N = 2048;

    private static boolean[] mask(Dropout layer) {
        float[] y = layer.forward(Tensor.ones(N)).toFloatArray();
        boolean[] mask = new boolean[N];
        for (int i = 0; i < N; i++) {
            mask[i] = y[i] != 0;
        }
        return mask;
    }

    private static void assertUnrelated(List<boolean[]> masks) {
        for (int p = 0; p < masks.size(); p++) {
            for (int q = 0; q < masks.size(); q++) {
                for (int lag = p == q ? 1 : 0; lag <= 64; lag++) {
                    int equal = 0;
                    for (int i = 0; i + lag < N; i++) {
                        equal += masks.get(p)[i] == masks.get(q)[i + lag] ? 1 : 0;
                    }
                    double deviations = Math.abs(2.0 * equal - (N - lag)) / Math.sqrt(N - lag);
                    assertThat(deviations)
                            .as("masks %d and %d at lag %d: places alike, in standard deviations", p, q, lag)
                            .isLessThan(5.5);
                }
            }
        }
    }

    @Test
    void theMasksOfALayersStepsAreUnrelated() {
        Dropout layer = new Dropout(0.5f, new SplittableRandom(1));
        assertUnrelated(IntStream.range(0, 16).mapToObj(step -> mask(layer)).toList());
    }

    @Test
    void theMasksOfLayersThatShareAGeneratorAreUnrelated() {
        SplittableRandom random = new SplittableRandom(2);
        assertUnrelated(IntStream.range(0, 16)
                .mapToObj(i -> mask(new Dropout(0.5f, random)))
                .toList());
    }

    @Test
    void theMasksOfLayersWithNeighbouringSeedsAreUnrelated() {
        assertUnrelated(IntStream.range(0, 16)
                .mapToObj(seed -> mask(new Dropout(0.5f, new SplittableRandom(seed))))
                .toList());
    }

    /** Remembers the first numbers of the generator that each example got. */
    private static final class Listening implements Dataset<Example> {
        private final Map<Integer, long[]> heard = new ConcurrentHashMap<>();

        @Override
        public int size() {
            return 50;
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            heard.put(index, random.longs(40).toArray());
            return Example.of(Tensor.scalar(index), 0);
        }
    }

    private static long[] epoch(Listening data, DataLoader loader) {
        List<Long> numbers = new ArrayList<>();
        for (Batch batch : loader) {
            for (int index : batch.indices()) {
                Arrays.stream(data.heard.get(index)).forEach(numbers::add);
            }
        }
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    @Test
    void everyExampleOfEveryEpochIsAugmentedByNumbersOfItsOwn() {
        Set<Long> seen = new HashSet<>();
        int epochs = 0;
        for (long seed : new long[] {0, 1, 2, 0x9E3779B97F4A7C15L}) {
            Listening data = new Listening();
            try (DataLoader loader = DataLoader.of(data, 16).shuffled(seed)) {
                for (int e = 0; e < 5; e++, epochs++) {
                    Arrays.stream(epoch(data, loader)).forEach(seen::add);
                }
            }
        }
        assertThat(seen)
                .as("numbers, if no stream is a copy or a shift of another")
                .hasSize(epochs * 50 * 40);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 16", "1, 7", "3, 16", "4, 50"})
    void augmentationDependsNeitherOnWorkersNorOnBatches(int workers, int batchSize) {
        Listening expected = new Listening();
        Listening data = new Listening();
        try (DataLoader reference = DataLoader.of(expected, 10).workers(0).shuffled(7);
                DataLoader loader =
                        DataLoader.of(data, batchSize).workers(workers).shuffled(7)) {
            for (int e = 0; e < 3; e++) {
                assertThat(epoch(data, loader)).as("epoch %d", e + 1).isEqualTo(epoch(expected, reference));
            }
        }
    }

    @Test
    void noOrderIsThatOfAnotherEpochSeedOrPurpose() {
        int n = 60;
        int[] oneClass = new int[n];
        Set<List<Integer>> orders = new HashSet<>();
        int count = 0;
        for (long seed = 0; seed < 4; seed++) {
            for (int epoch = 0; epoch < 5; epoch++, count += 2) {
                orders.add(Arrays.stream(Sampler.shuffled(n).order(seed, epoch))
                        .boxed()
                        .toList());
                orders.add(Arrays.stream(new BalancedSampler(oneClass).order(seed, epoch))
                        .boxed()
                        .toList());
            }
        }
        assertThat(orders).hasSize(count);
    }

    /**
     * The split of class c was shuffled by the numbers of epoch c: what is held out was what that epoch shows first.
     */
    @Test
    void aSplitHasNothingToDoWithTheOrdersOfItsSeed() {
        int n = 400;
        int[] labels = new int[2 * n];
        Arrays.fill(labels, n, 2 * n, 1);
        for (long seed = 0; seed < 5; seed++) {
            int[] order = Sampler.shuffled(n).order(seed, 1);
            Set<Integer> ahead = new HashSet<>();
            Arrays.stream(order, 0, n / 2).forEach(i -> ahead.add(n + i));
            long both = Arrays.stream(Split.stratified(labels, 0.5, seed).held())
                    .filter(ahead::contains)
                    .count();
            assertThat(both)
                    .as("held out and among epoch 1's first half, of %d", n / 2)
                    .isBetween(n / 4 - 50L, n / 4 + 50L);
        }
    }

    @Test
    void ordersAndWeightsAreTheSameOnEveryJdk() throws Exception {
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        int[] labels = IntStream.range(0, 500).map(i -> i * i % 7 % 3).toArray();
        for (int seed = 0; seed < 5; seed++) {
            sha.update(Arrays.toString(Sampler.shuffled(500).order(seed, 3)).getBytes(StandardCharsets.UTF_8));
            sha.update(
                    Arrays.toString(new BalancedSampler(labels).order(seed, 3)).getBytes(StandardCharsets.UTF_8));
        }
        SplittableRandom random = new SplittableRandom(3);
        for (Module layer : List.of(
                new Linear(30, 20, random),
                new Conv2d(8, 9, 3, random),
                new Conv1d(8, 9, 3, random),
                new Embedding(50, 20, random))) {
            for (Parameter parameter : layer.parameters()) {
                sha.update(parameter.value().toBytes());
            }
        }
        Tensor weight = Tensor.zeros(40, 30);
        Init.normal(weight, 0.5f, 0.02f, random);
        sha.update(weight.toBytes());
        Init.kaimingNormal(weight, Init.Fan.FAN_OUT, random);
        sha.update(weight.toBytes());
        Init.xavierUniform(weight, random);
        sha.update(weight.toBytes());
        assertThat(HexFormat.of().formatHex(sha.digest()).substring(0, 16)).isEqualTo("94251d0184850e90");
    }
}
