package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DataLoaderTest {

    /**
     * Example {@code i} is {@code [i, noise]}, its label {@code i % 3}; the noise shows what randomness it was given.
     */
    private static final class Noisy implements Dataset<Example> {
        private final int size;
        private final Set<String> threads = ConcurrentHashMap.newKeySet();

        Noisy(int size) {
            this.size = size;
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            threads.add(Thread.currentThread().getName());
            return Example.of(Tensor.of(new float[] {index, random.nextFloat()}, 2), index % 3);
        }
    }

    /** One epoch as text: indices, inputs and labels of each batch. */
    private static List<String> epoch(Iterable<Batch> batches) {
        List<String> epoch = new ArrayList<>();
        for (Batch batch : batches) {
            assertThat(batch.inputs().shape()).isEqualTo(Shape.of(batch.size(), 2));
            epoch.add(Arrays.toString(batch.indices())
                    + Arrays.toString(batch.inputs().toFloatArray())
                    + Arrays.toString(batch.labels().toLongArray()));
        }
        return epoch;
    }

    private static int[] sizes(DataLoader loader) {
        List<Integer> sizes = new ArrayList<>();
        for (Batch batch : loader) {
            sizes.add(batch.size());
        }
        assertThat(loader.batches()).isEqualTo(sizes.size());
        assertThat(loader.examples())
                .isEqualTo(sizes.stream().mapToInt(Integer::intValue).sum());
        loader.close();
        return sizes.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void orderAndBitsDoNotDependOnTheWorkers() {
        List<List<String>> runs = new ArrayList<>();
        for (int workers : new int[] {0, 1, 2, 7}) {
            for (int prefetch : new int[] {1, 3}) {
                try (DataLoader loader = DataLoader.of(new Noisy(23), 5)
                        .shuffled(42)
                        .workers(workers)
                        .prefetch(prefetch)) {
                    List<String> run = epoch(loader);
                    run.addAll(epoch(loader));
                    runs.add(run);
                }
            }
        }
        assertThat(runs).allSatisfy(run -> assertThat(run).isEqualTo(runs.get(0)));
        assertThat(runs.get(0).subList(0, 5)).isNotEqualTo(runs.get(0).subList(5, 10));
    }

    @Test
    void loadsOnItsWorkers() {
        Noisy dataset = new Noisy(64);
        try (DataLoader loader = DataLoader.of(dataset, 4).workers(2)) {
            epoch(loader);
        }
        assertThat(dataset.threads).isSubsetOf("graft-data-1", "graft-data-2");
    }

    @Test
    void everyExampleComesOnceAndInOrderUnlessShuffled() {
        try (DataLoader loader = DataLoader.of(new Noisy(10), 4)) {
            List<Integer> seen = new ArrayList<>();
            for (Batch batch : loader) {
                IntStream.of(batch.indices()).forEach(seen::add);
                for (int i = 0; i < batch.size(); i++) {
                    assertThat(batch.inputs().get(i, 0)).isEqualTo(batch.indices()[i]);
                    assertThat(batch.labels().toLongArray()[i]).isEqualTo(batch.indices()[i] % 3);
                }
            }
            assertThat(seen).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        }
        try (DataLoader loader = DataLoader.of(new Noisy(10), 4).shuffled(1)) {
            List<Integer> seen = new ArrayList<>();
            loader.forEach(batch -> IntStream.of(batch.indices()).forEach(seen::add));
            assertThat(seen)
                    .containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
                    .isNotEqualTo(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        }
    }

    @Test
    void anEpochCanBeRepeatedAndEnteredInTheMiddle() {
        try (DataLoader loader = DataLoader.of(new Noisy(17), 4).shuffled(9).workers(2)) {
            epoch(loader);
            List<String> second = epoch(loader);
            loader.epoch(2);
            assertThat(epoch(loader)).isEqualTo(second);
            assertThat(epoch(loader.at(2, 3))).isEqualTo(second.subList(3, 5));
            List<String> third = epoch(loader);
            loader.epoch(3);
            assertThat(epoch(loader)).isEqualTo(third);
        }
    }

    @Test
    void lastBatchRules() {
        assertThat(sizes(DataLoader.of(new Noisy(9), 4))).containsExactly(4, 4, 1);
        assertThat(sizes(DataLoader.of(new Noisy(9), 4).lastBatch(LastBatch.DROP)))
                .containsExactly(4, 4);
        assertThat(sizes(DataLoader.of(new Noisy(9), 4).lastBatch(LastBatch.MERGE_SINGLE)))
                .containsExactly(4, 5);
        assertThat(sizes(DataLoader.of(new Noisy(10), 4).lastBatch(LastBatch.MERGE_SINGLE)))
                .containsExactly(4, 4, 2);
        assertThat(sizes(DataLoader.of(new Noisy(8), 4).lastBatch(LastBatch.MERGE_SINGLE)))
                .containsExactly(4, 4);
        assertThat(sizes(DataLoader.of(new Noisy(1), 4).lastBatch(LastBatch.MERGE_SINGLE)))
                .containsExactly(1);
        assertThatThrownBy(() -> sizes(DataLoader.of(new Noisy(3), 4).lastBatch(LastBatch.DROP)))
                .hasMessage(
                        "data loader: an epoch of 3 examples has no batch of 4. Hint: use a smaller batch, or LastBatch.KEEP.");
    }

    @Test
    void advancingClosesTheStepBefore() {
        try (DataLoader loader = DataLoader.of(new Noisy(12), 4)) {
            List<Tensor> made = new ArrayList<>();
            List<Tensor> inputs = new ArrayList<>();
            Tensor kept = Tensor.zeros(1);
            for (Batch batch : loader) {
                assertThat(inputs)
                        .allSatisfy(tensor -> assertThat(tensor.isClosed()).isTrue());
                assertThat(made)
                        .allSatisfy(tensor -> assertThat(tensor.isClosed()).isTrue());
                made.add(batch.inputs().mul(2f));
                inputs.add(batch.inputs());
                kept = batch.labels().keep();
            }
            assertThat(inputs)
                    .hasSize(3)
                    .allSatisfy(tensor -> assertThat(tensor.isClosed()).isTrue());
            assertThat(made).allSatisfy(tensor -> assertThat(tensor.isClosed()).isTrue());
            assertThat(kept.isClosed()).isFalse();
        }
    }

    @Test
    void leavingALoopEarlyFreesItsBatchWhenTheLoaderCloses() {
        Tensor inputs = Tensor.zeros(1);
        try (DataLoader loader = DataLoader.of(new Noisy(100), 4)) {
            for (Batch batch : loader) {
                inputs = batch.inputs();
                break;
            }
            assertThat(inputs.isClosed()).isFalse();
        }
        assertThat(inputs.isClosed()).isTrue();
    }

    @Test
    void closingStopsTheWorkers() throws InterruptedException {
        DataLoader loader = DataLoader.of(new Noisy(1000), 4).workers(3);
        loader.iterator().next();
        loader.close();
        for (int i = 0; i < 100 && workerThreads() > 0; i++) {
            Thread.sleep(20);
        }
        assertThat(workerThreads()).isZero();
    }

    private static long workerThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("graft-data-"))
                .count();
    }

    @Test
    void aFailureNamesTheFileAndReachesTheLoop() {
        Dataset<Example> broken = new Dataset<>() {
            @Override
            public int size() {
                return 9;
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                if (index >= 5) {
                    throw new UncheckedIOException("cannot read it", new NoSuchFileException("x"));
                }
                return Example.of(Tensor.zeros(2), 0);
            }

            @Override
            public String describe(int index) {
                return "images/" + index + ".png";
            }
        };
        for (int workers : new int[] {0, 2}) {
            try (DataLoader loader = DataLoader.of(broken, 4).workers(workers)) {
                List<String> batches = new ArrayList<>();
                assertThatThrownBy(() -> loader.forEach(batch -> batches.add("batch")))
                        .isInstanceOf(DataException.class)
                        .hasMessage("data loader: images/5.png could not be loaded: cannot read it")
                        .hasCauseInstanceOf(UncheckedIOException.class);
                assertThat(batches).hasSize(1);
            }
        }
    }

    @Test
    void examplesOfDifferentShapesAreNamed() {
        Dataset<Example> mixed = new Dataset<>() {
            @Override
            public int size() {
                return 2;
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                return Example.of(Tensor.zeros(3, 4 + index), 0);
            }
        };
        try (DataLoader loader = DataLoader.of(mixed, 2)) {
            assertThatThrownBy(() -> loader.iterator().next())
                    .hasMessage("data loader: example 1 is [3, 5], but example 0 in the same batch is"
                            + " [3, 4]. Hint: resize or crop all examples to one shape.");
        }
    }

    @Test
    void aDataSetsOwnTensorsStayOpen() {
        Tensor inputs = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
        Tensor targets = Tensor.of(new float[] {0.5f, 1.5f, 2.5f}, 3);
        try (DataLoader loader = DataLoader.of(new TensorDataset(inputs, targets), 2)) {
            for (Batch batch : loader) {
                assertThat(batch.labels().toFloatArray()).hasSize(batch.size());
            }
            loader.forEach(batch -> assertThat(batch.inputs().get(0, 0)).isEqualTo(batch.indices()[0] * 2 + 1));
        }
        assertThat(inputs.toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThatThrownBy(() -> new TensorDataset(inputs, targets).labels())
                .hasMessageContaining("targets F32 [3] are not classes");
    }

    @Test
    void refusesEmptyDataAndBadSettings() {
        assertThatThrownBy(() -> DataLoader.of(new Noisy(0), 4))
                .hasMessage("data loader: the data set is empty. Hint: check its folder or file.");
        assertThatThrownBy(() -> DataLoader.of(new Noisy(3), 0)).hasMessageContaining("batch size must be at least 1");
        assertThatThrownBy(() -> DataLoader.of(new Noisy(3), 1).workers(-1))
                .hasMessageContaining("workers must not be negative");
    }

    @Test
    void aLabelIsKnownWithoutReadingAll() {
        TensorDataset data = new TensorDataset(Tensor.zeros(5, 2), Tensor.of(new long[] {3, 1, 4, 1, 5}, 5));
        Subset some = new Subset(data, new int[] {4, 2});
        assertThat(some.labels()).containsExactly(5, 4);
        assertThat(some.label(0)).isEqualTo(5);
        assertThat(data.label(2)).isEqualTo(4);
        assertThat(data.labels()).isNotSameAs(data.labels());
        assertThatThrownBy(() -> new TensorDataset(Tensor.zeros(2, 2), Tensor.zeros(2)).label(0))
                .hasMessageContaining("are not classes");
    }
}
