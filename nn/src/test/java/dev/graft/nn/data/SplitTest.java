package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Splits, samplers and class weights. */
class SplitTest {
    private final int[] labels = IntStream.range(0, 100).map(i -> i < 80 ? 0 : i < 99 ? 1 : 2).toArray();

    private static long count(int[] indices, int[] labels, int label) {
        return IntStream.of(indices).filter(i -> labels[i] == label).count();
    }

    @Test
    void stratifiedKeepsEveryClassesShare() {
        Split split = Split.stratified(labels, 0.2, 7);
        assertThat(IntStream.concat(IntStream.of(split.train()), IntStream.of(split.held())).sorted()).containsExactly(
                IntStream.range(0, 100).boxed().toArray(Integer[]::new));
        assertThat(count(split.held(), labels, 0)).isEqualTo(16);
        assertThat(count(split.held(), labels, 1)).isEqualTo(4);
        assertThat(count(split.held(), labels, 2)).as("a single example stays for training").isZero();
        assertThat(Split.stratified(labels, 0.2, 7).held()).isEqualTo(split.held());
        assertThat(Split.stratified(labels, 0.2, 8).held()).isNotEqualTo(split.held());
    }

    @Test
    void groupedKeepsEveryGroupOnOneSide() {
        List<String> patients = IntStream.range(0, 100).mapToObj(i -> "patient " + i / 7).toList();
        Split split = Split.grouped(patients, 0.25, 3);
        Set<String> train = new HashSet<>();
        Set<String> held = new HashSet<>();
        IntStream.of(split.train()).forEach(i -> train.add(patients.get(i)));
        IntStream.of(split.held()).forEach(i -> held.add(patients.get(i)));
        assertThat(train).doesNotContainAnyElementsOf(held);
        assertThat(split.held().length).isBetween(25, 31);
        assertThat(split.train().length + split.held().length).isEqualTo(100);
        assertThatThrownBy(() -> Split.grouped(List.of("a", "a", "a"), 0.5, 1)).hasMessageContaining("form 1 group");
    }

    @Test
    void splitsRefuseImpossibleRequests() {
        assertThatThrownBy(() -> Split.stratified(labels, 1.5, 0)).hasMessage("split: the held fraction must be in (0, 1), was 1.5");
        assertThatThrownBy(() -> Split.stratified(new int[1], 0.5, 0)).hasMessage("split: needs at least 2 examples, there are 1");
    }

    @Test
    void balancedWeightsAreScikitLearns() {
        assertThat(ClassWeights.balanced(new int[] {0, 0, 0, 1})).containsExactly(4f / 6, 2f);
        assertThatThrownBy(() -> ClassWeights.balanced(new int[] {0, 2}, 3)).hasMessageContaining("class 1 of 3 has no example");
    }

    @Test
    void balancedSamplerShowsClassesEquallyOften() {
        BalancedSampler sampler = new BalancedSampler(labels);
        int[] totals = new int[3];
        for (int epoch = 1; epoch <= 3; epoch++) {
            int[] order = sampler.order(11, epoch);
            assertThat(order).hasSize(100);
            for (int c = 0; c < 3; c++) {
                assertThat(count(order, labels, c)).isBetween(33L, 34L);
                totals[c] += (int) count(order, labels, c);
            }
            int[] ones = IntStream.of(order).filter(i -> labels[i] == 1).distinct().toArray();
            assertThat(ones).as("each rare example at least once").hasSize(19);
            assertThat(sampler.order(11, epoch)).isEqualTo(order);
        }
        assertThat(totals).containsExactly(100, 100, 100);
    }

    @Test
    void subsetsKeepTheWholesClasses() {
        LabelledDataset whole = new TensorDataset(Tensor.zeros(100, 1), Tensor.of(Arrays.stream(labels).asLongStream().toArray(), 100));
        Subset subset = new Subset(whole, new int[] {99, 0});
        assertThat(subset.labels()).containsExactly(2, 0);
        assertThat(subset.classes()).containsExactly("0", "1", "2");
        assertThat(subset.describe(0)).isEqualTo("example 99");
        assertThatThrownBy(() -> new Subset(whole, new int[] {100})).hasMessage("subset: index 100 is not in [0, 100)");
    }
}
