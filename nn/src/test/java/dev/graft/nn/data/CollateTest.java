package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches of several inputs and targets, and of sequences of unequal lengths. */
class CollateTest {
    /** Words {@code [length]}, a vector {@code [2]}; a label for each word, a class. */
    private record Sentences(int... lengths) implements Dataset<Example> {
        @Override
        public int size() {
            return lengths.length;
        }

        @Override
        public Example get(int index, RandomGenerator random) {
            long[] words = new long[lengths[index]];
            Arrays.fill(words, index + 1);
            return new Example(
                    List.of(Tensor.of(words, words.length), Tensor.of(new float[] {index, -index}, 2)),
                    List.of(Tensor.of(words, words.length), Tensor.of(new long[] {index % 2})));
        }
    }

    private static List<String> batches(DataLoader loader) {
        List<String> all = new ArrayList<>();
        try (loader) {
            for (Batch batch : loader) {
                all.add(batch.allInputs() + "|" + batch.allTargets() + "|" + Arrays.toString(batch.indices()));
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void sequencesArePaddedAndTheirLengthsCome(int workers) {
        DataLoader loader = DataLoader.of(new Sentences(2, 0, 3, 1), 3)
                .workers(workers)
                .collate(Collate.padded(0).value(-7).targets(-100, 0));
        try (loader) {
            List<Batch> seen = new ArrayList<>();
            for (Batch batch : loader) {
                seen.add(batch.kept());
            }
            Batch first = seen.get(0);
            assertThat(first.allInputs()).hasSize(3);
            assertThat(first.allInputs().get(0).dtype()).isEqualTo(DType.I64);
            assertThat(first.allInputs().get(0).shape().toArray()).containsExactly(3, 3);
            assertThat(first.allInputs().get(0).toLongArray()).containsExactly(1, 1, -7, -7, -7, -7, 3, 3, 3);
            assertThat(first.allInputs().get(1).toFloatArray()).containsExactly(0, 0, 1, -1, 2, -2);
            assertThat(first.allInputs().get(2).toLongArray()).containsExactly(2, 0, 3);
            assertThat(first.allTargets().get(0).toLongArray()).containsExactly(1, 1, -100, -100, -100, -100, 3, 3, 3);
            assertThat(first.allTargets().get(1).toLongArray()).containsExactly(0, 1, 0);
            assertThat(first.indices()).containsExactly(0, 1, 2);
            assertThat(seen.get(1).allInputs().get(0).shape().toArray()).containsExactly(1, 1);
            seen.forEach(Batch::close);
        }
    }

    @Test
    void sequencesOfVectorsArePaddedToo() {
        List<Example> examples = List.of(
                new Example(Tensor.ones(1, 2), Tensor.ones(1)), new Example(Tensor.full(2, 3, 2), Tensor.ones(1)));
        Batch batch = Collate.padded(0).value(0.5).batch(examples, new int[] {4, 9}, null);
        assertThat(batch.allInputs().get(0).shape().toArray()).containsExactly(2, 3, 2);
        assertThat(batch.allInputs().get(0).toFloatArray())
                .containsExactly(1, 1, 0.5f, 0.5f, 0.5f, 0.5f, 2, 2, 2, 2, 2, 2);
        assertThat(batch.allInputs().get(1).toLongArray()).containsExactly(1, 3);
        assertThat(batch.indices()).containsExactly(4, 9);
    }

    @Test
    void whatDoesNotFitIsToldByName() {
        assertThatThrownBy(() -> batches(DataLoader.of(new Sentences(2, 3), 2)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(
                        "data loader: example 1 (input 0) is [3], but example 0 in the same batch is [2]. Hint:")
                .hasMessageContaining("Collate.padded");
        assertThatThrownBy(() -> batches(DataLoader.of(new Sentences(2, 3), 2).collate(Collate.padded(0))))
                .hasMessageContaining("example 1 (target 0) is [3], but example 0 in the same batch is [2]");
        assertThatThrownBy(() -> batches(DataLoader.of(new Sentences(2, 2), 2).collate(Collate.padded(2))))
                .hasMessageContaining("there is no input 2, examples have 2. Hint: inputs count from 0.");
        assertThatThrownBy(() -> Collate.padded(0, 0)).hasMessageContaining("once");
        assertThatThrownBy(() -> Collate.padded()).hasMessageContaining("name each input");
        List<Example> unequal = List.of(
                new Example(Tensor.ones(1), Tensor.ones(1)),
                new Example(List.of(Tensor.ones(1), Tensor.ones(1)), List.of(Tensor.ones(1))));
        assertThatThrownBy(() -> Collate.stacked().batch(unequal, new int[2], null))
                .hasMessageContaining("has 2 inputs, not as the first, which has 1");
        List<Example> mixed = List.of(
                new Example(Tensor.ones(1), Tensor.ones(1)), new Example(Tensor.of(new long[] {1}, 1), Tensor.ones(1)));
        assertThatThrownBy(() -> Collate.stacked().batch(mixed, new int[2], null))
                .hasMessageContaining("is I64 [1], not as the first, which is F32");
    }

    @Test
    void theOnlyTensorOfSeveralIsRefused() {
        Example several = new Sentences(1).get(0, null);
        assertThatThrownBy(several::input)
                .hasMessage("example: there are 2 inputs ([1], [2]), not one. Hint: use allInputs().");
        assertThatThrownBy(several::target).hasMessageContaining("there are 2 targets");
        Batch none = new Batch(List.of(Tensor.ones(1)), List.of(), new int[1]);
        assertThatThrownBy(none::labels).hasMessage("batch: there is no target, not one. Hint: use allTargets().");
        assertThatThrownBy(() -> new Example(List.of(), List.of())).hasMessageContaining("there is no input");
    }

    @Test
    void aUsersCollateMakesTheBatch() {
        Collate mixup = (examples, indices, random) -> {
            float share = random.nextFloat();
            Tensor sum = examples.get(0).allInputs().get(1).mul(share);
            return new Batch(sum.unsqueeze(0), examples.get(0).allTargets().get(1), indices);
        };
        List<String> one = batches(DataLoader.of(new Sentences(1, 1, 1, 1, 1), 2)
                .workers(0)
                .seed(3)
                .collate(mixup));
        List<String> two = batches(DataLoader.of(new Sentences(1, 1, 1, 1, 1), 2)
                .workers(3)
                .seed(3)
                .collate(mixup));
        assertThat(two).isEqualTo(one).hasSize(3);
        assertThat(batches(
                        DataLoader.of(new Sentences(1, 1, 1, 1, 1), 2).seed(4).collate(mixup)))
                .isNotEqualTo(one);
    }

    @Test
    void aFailingCollateNamesTheExamplesAndLeavesNothing() {
        Collate failing = (examples, indices, random) -> {
            Tensor.ones(1000);
            throw new IllegalStateException("no idea");
        };
        DataLoader loader = DataLoader.of(new Sentences(1, 1), 2).workers(0);
        assertThatThrownBy(() -> batches(loader.collate(failing)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("the examples [0, 1] could not be made a batch: no idea");
        long before = Device.cpu().memory().live();
        assertThatThrownBy(() -> batches(loader.collate(failing))).isInstanceOf(DataException.class);
        assertThat(Device.cpu().memory().live()).isLessThanOrEqualTo(before);
        assertThatThrownBy(() -> batches(loader.collate(
                        (examples, indices, random) -> new Batch(Tensor.ones(1), Tensor.ones(1), new int[] {5}))))
                .hasMessageContaining("the batch has other indices, [5]");
    }

    @Test
    void allTensorsOfABatchCloseWhenTheLoopAdvances() {
        List<Tensor> first = new ArrayList<>();
        try (DataLoader loader = DataLoader.of(new Sentences(1, 1), 1)) {
            for (Batch batch : loader) {
                if (first.isEmpty()) {
                    first.addAll(batch.allInputs());
                    first.addAll(batch.allTargets());
                } else {
                    assertThat(first).hasSize(4).allMatch(Tensor::isClosed);
                }
            }
        }
    }

    @Test
    void tensorDataSetsHaveSeveralInputsAndTargets() {
        Tensor a = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        Tensor b = Tensor.of(new long[] {5, 6}, 2);
        TensorDataset data = new TensorDataset(List.of(a, b), List.of(b, a));
        Example second = data.get(1, null);
        assertThat(second.allInputs().get(0).toFloatArray()).containsExactly(3, 4);
        assertThat(second.allInputs().get(1).itemLong()).isEqualTo(6);
        assertThat(second.allTargets().get(0).itemLong()).isEqualTo(6);
        assertThatThrownBy(data::labels).hasMessageContaining("there are 2 targets ([2], [2, 2]), not one");
        assertThat(new TensorDataset(List.of(a, a), List.of(b)).labels()).containsExactly(5, 6);
        assertThatThrownBy(() -> new TensorDataset(List.of(a, Tensor.ones(3)), List.of()))
                .hasMessageContaining("first dimensions must agree (inputs [2, 2], [3], targets )");
        Subset part = new Subset(data, new int[] {1});
        assertThat(part.get(0, null).allInputs()).hasSize(2);
        Subset unlabelled = new Subset(new Sentences(1, 2), new int[] {1});
        assertThat(unlabelled.size()).isEqualTo(1);
        assertThatThrownBy(unlabelled::labels).hasMessageContaining("a Sentences has no classes");
    }

    @Test
    void allTensorsOfABatchGoToTheLoadersDevice() {
        Device other = Device.of("reference");
        try (DataLoader loader = DataLoader.of(new Sentences(2, 3), 2)
                .collate(Collate.padded(0).targets(-100, 0))
                .on(other)) {
            for (Batch batch : loader) {
                assertThat(batch.allInputs())
                        .hasSize(3)
                        .allMatch(t -> t.device().equals(other));
                assertThat(batch.allTargets())
                        .hasSize(2)
                        .allMatch(t -> t.device().equals(other));
                assertThat(batch.allInputs().get(2).toLongArray()).containsExactly(2, 3);
            }
        }
    }

    @Test
    void whatIsNotPaddedIsNamedWithItsRemedy() {
        Dataset<Example> tagged = new Dataset<>() {
            @Override
            public int size() {
                return 2;
            }

            @Override
            public Example get(int index, RandomGenerator random) {
                return new Example(List.of(Tensor.ones(index + 1)), List.of(Tensor.of(new long[index + 1], index + 1)));
            }
        };
        try (DataLoader plain = DataLoader.of(tagged, 2);
                DataLoader halfPadded = DataLoader.of(tagged, 2).collate(Collate.padded(0));
                DataLoader padded =
                        DataLoader.of(tagged, 2).collate(Collate.padded(0).targets(-100, 0))) {
            assertThatThrownBy(() -> plain.iterator().next())
                    .hasMessageContaining("example 1 is [2], but example 0 in the same batch is [1]")
                    .hasMessageContaining("pad sequences with DataLoader.collate(Collate.padded(...))");
            assertThatThrownBy(() -> halfPadded.iterator().next())
                    .hasMessageContaining("example 1 (target) is [2], but example 0 in the same batch is [1]."
                            + " Hint: pad targets too, with Collate.padded(...).targets(...)");
            assertThat(padded.iterator().next().labels().toLongArray()).containsExactly(0, -100, 0, 0);
        }
    }
}
