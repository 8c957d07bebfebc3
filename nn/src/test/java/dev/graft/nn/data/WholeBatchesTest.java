package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A data set that loads whole batches gives the batches that its examples, one by one, make. */
class WholeBatchesTest {
    private static final SplittableRandom RANDOM = new SplittableRandom(4);
    private final TensorDataset whole = new TensorDataset(
            List.of(
                    Tensor.of(IntStream.range(0, 23 * 3).toArray(), 23, 3),
                    Tensor.randn(RANDOM, 23, 2, 4),
                    Tensor.randn(RANDOM, 2, 23).transpose(0, 1)),
            List.of(Tensor.of(IntStream.range(0, 23).mapToLong(i -> i % 3).toArray(), 23), Tensor.randn(RANDOM, 23)));

    /** The same examples, which it does not load together. */
    private static Dataset<Example> single(Dataset<Example> data) {
        return new Dataset<>() {
            @Override
            public int size() {
                return data.size();
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                return data.get(index, random);
            }
        };
    }

    private static List<List<String>> values(Dataset<Example> data, int workers) {
        List<List<String>> all = new ArrayList<>();
        try (DataLoader loader = DataLoader.of(data, 5).shuffled(8).workers(workers)) {
            for (Batch batch : loader) {
                List<String> one = new ArrayList<>(List.of(Arrays.toString(batch.indices())));
                for (List<Tensor> tensors : List.of(batch.allInputs(), batch.allTargets())) {
                    tensors.forEach(t -> one.add(t.dtype() + " " + t.shape() + " " + Arrays.toString(t.toBytes())));
                }
                all.add(one);
            }
        }
        return all;
    }

    @Test
    void areThoseOfSingleExamples() {
        Dataset<Example> some = new Subset(whole, new int[] {7, 7, 22, 0, 3, 11});
        for (int workers : new int[] {0, 2}) {
            assertThat(values(whole, workers)).isEqualTo(values(single(whole), workers));
            assertThat(values(some, workers)).isEqualTo(values(single(some), workers));
        }
        assertThat(new Subset(single(whole), new int[] {1}).loadsBatches()).isFalse();
        assertThatThrownBy(() -> single(whole).batch(1)).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void areNotUsedWhereExamplesAreCollatedOtherwise() {
        try (DataLoader loader = DataLoader.of(whole, 4).workers(0).collate((examples, indices, random) -> {
            assertThat(examples).hasSize(indices.length);
            return Collate.stacked().batch(examples, indices, random);
        })) {
            assertThat(loader.iterator().next().allInputs()).hasSize(3);
        }
    }

    @Test
    void leaveNothingOpen() {
        long before = Device.cpu().memory().live();
        try (Scope scope = Scope.open()) {
            assertThat(values(whole, 1)).hasSize(5);
        }
        assertThat(Device.cpu().memory().live()).isEqualTo(before);
    }
}
