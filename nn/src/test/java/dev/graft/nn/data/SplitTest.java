package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Splits, samplers and class weights. */
class SplitTest {
    private final int[] labels =
            IntStream.range(0, 100).map(i -> i < 80 ? 0 : i < 99 ? 1 : 2).toArray();

    private static long count(int[] indices, int[] labels, int label) {
        return IntStream.of(indices).filter(i -> labels[i] == label).count();
    }

    @Test
    void stratifiedKeepsEveryClassesShare() {
        Split split = Split.stratified(labels, 0.2, 7);
        assertThat(IntStream.concat(IntStream.of(split.train()), IntStream.of(split.held()))
                        .sorted())
                .containsExactly(IntStream.range(0, 100).boxed().toArray(Integer[]::new));
        assertThat(count(split.held(), labels, 0)).isEqualTo(16);
        assertThat(count(split.held(), labels, 1)).isEqualTo(4);
        assertThat(count(split.held(), labels, 2))
                .as("a single example stays for training")
                .isZero();
        assertThat(Split.stratified(labels, 0.2, 7).held()).isEqualTo(split.held());
        assertThat(Split.stratified(labels, 0.2, 8).held()).isNotEqualTo(split.held());
    }

    @Test
    void groupedKeepsEveryGroupOnOneSide() {
        List<String> patients =
                IntStream.range(0, 100).mapToObj(i -> "patient " + i / 7).toList();
        Split split = Split.grouped(patients, 0.25, 3);
        Set<String> train = new HashSet<>();
        Set<String> held = new HashSet<>();
        IntStream.of(split.train()).forEach(i -> train.add(patients.get(i)));
        IntStream.of(split.held()).forEach(i -> held.add(patients.get(i)));
        assertThat(train).doesNotContainAnyElementsOf(held);
        assertThat(split.held()).as("groups of 7, one of 2: nearest to 25").hasSize(23);
        assertThat(split.train().length + split.held().length).isEqualTo(100);
        assertThatThrownBy(() -> Split.grouped(List.of("a", "a", "a"), 0.5, 1)).hasMessageContaining("form 1 group");
    }

    @Test
    void stratifiedHoldsAsManyAsScikitLearn() {
        int[] even = IntStream.range(0, 400).map(i -> i / 10).toArray();
        Split split = Split.stratified(even, 0.25, 1);
        assertThat(split.held()).as("40 classes of 10: 2 or 3 of each").hasSize(100);
        for (int c = 0; c < 40; c++) {
            assertThat(count(split.held(), even, c)).isBetween(2L, 3L);
        }
        assertThat(split.notes()).isEmpty();
        long seed = 99;
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 300; round++) {
            int classes = random.nextInt(1, 12);
            int[] some = IntStream.range(0, random.nextInt(60, 400))
                    .map(i -> random.nextInt(random.nextInt(1, classes + 1)))
                    .toArray();
            double fraction = 0.02 + 0.96 * random.nextDouble();
            Split drawn = Split.stratified(some, fraction, round);
            int present = (int) IntStream.of(some).distinct().count();
            // classes that must have one on each side can move the total away from scikit-learn's, which refuses such
            // data
            int wanted = (int) Math.ceil(fraction * some.length);
            assertThat(drawn.held().length)
                    .as("seed %d round %d", seed, round)
                    .isBetween(Math.min(wanted, some.length - present), Math.max(wanted, present));
            for (int c = 0; c < classes; c++) {
                int number = c;
                long size = IntStream.of(some).filter(l -> l == number).count();
                if (size > 1) {
                    assertThat(count(drawn.held(), some, c))
                            .as("seed %d round %d class %d", seed, round, c)
                            .isBetween(1L, size - 1);
                }
            }
        }
    }

    @Test
    void stratifiedSaysWhatCannotBe() {
        Split pairs = Split.stratified(IntStream.range(0, 80).map(i -> i / 2).toArray(), 0.25, 1);
        assertThat(pairs.held()).as("each class needs one on each side").hasSize(40);
        assertThat(pairs.notes()).containsExactly("40 of 80 examples are held back, 50 % rather than 25 %");
        assertThat(Split.stratified(labels, 0.2, 7).notes())
                .containsExactly("class 2 (1 example) is only trained on, none is held back");
        assertThat(Split.stratified(labels, 0.2, 7)
                        .named(List.of("well", "ill", "$1"))
                        .notes())
                .containsExactly("class $1 (1 example) is only trained on, none is held back");
    }

    @Test
    void oneLargePatientDoesNotTakeTheWholeSplit() {
        List<String> patients = IntStream.range(0, 100)
                .mapToObj(i -> i < 90 ? "large" : "patient " + i)
                .toList();
        for (int seed = 0; seed < 50; seed++) {
            Split split = Split.grouped(patients, 0.2, seed);
            assertThat(split.held()).as("seed %d", seed).hasSize(10);
            assertThat(split.notes()).containsExactly("10 of 100 examples are held back, 10 % rather than 20 %");
        }
    }

    @Test
    void aRareClassIsOnBothSidesOfAGroupedSplit() {
        List<Integer> patients = IntStream.range(0, 60).mapToObj(i -> i / 3).toList();
        int[] rare = IntStream.range(0, 60).map(i -> i == 7 || i == 31 ? 1 : 0).toArray();
        Set<Integer> heldPositives = new HashSet<>();
        for (int seed = 0; seed < 500; seed++) {
            Split split = Split.grouped(patients, rare, 0.2, seed);
            assertThat(count(split.held(), rare, 1)).as("seed %d", seed).isEqualTo(1);
            assertThat(split.held().length).isBetween(9, 15);
            assertThat(split.notes()).isEmpty();
            IntStream.of(split.held()).filter(i -> rare[i] == 1).forEach(heldPositives::add);
        }
        assertThat(heldPositives).as("chosen by lot").containsExactlyInAnyOrder(7, 31);
    }

    @Test
    void groupedSplitsOfRandomDataAreNearTheShareAndNeverShareAGroup() {
        long seed = 4711;
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 300; round++) {
            int n = random.nextInt(100, 600);
            int groupCount = random.nextInt(20, 100);
            int classes = random.nextInt(1, 5);
            List<Integer> groups = IntStream.range(0, n)
                    .mapToObj(i -> random.nextInt(groupCount))
                    .toList();
            int[] some = IntStream.range(0, n).map(i -> random.nextInt(classes)).toArray();
            double fraction = 0.1 + 0.8 * random.nextDouble();
            Split split = Split.grouped(groups, some, fraction, round);
            String where = "seed " + seed + " round " + round;
            Set<Integer> train = new HashSet<>(
                    IntStream.of(split.train()).mapToObj(groups::get).toList());
            assertThat(IntStream.of(split.held()).mapToObj(groups::get))
                    .as(where)
                    .doesNotContainAnyElementsOf(train);
            assertThat(split.train().length + split.held().length).isEqualTo(n);
            assertThat((double) split.held().length / n).as(where).isBetween(fraction - 0.05, fraction + 0.05);
        }
    }

    @Test
    void twoGroupsOfAnySizeAreOneOnEachSide() {
        assertThat(Split.grouped(List.of("a", "b", "b", "b"), 0.9, 0).held()).containsExactly(1, 2, 3);
        assertThat(Split.grouped(List.of("a", "b", "b", "b"), 0.01, 0).held()).containsExactly(0);
        Split apart = Split.grouped(List.of("a", "b", "b", "b"), new int[] {1, 0, 0, 0}, 0.2, 0);
        assertThat(apart.held()).containsExactly(0);
        assertThat(apart.notes())
                .containsExactly(
                        "class 0 (3 examples) is only trained on, none is held back",
                        "class 1 (1 example) is only held back, none is trained on");
    }

    @Test
    void splitsRefuseImpossibleRequests() {
        assertThatThrownBy(() -> Split.stratified(labels, 1.5, 0))
                .hasMessage("split: the held fraction must be in (0, 1), was 1.5");
        assertThatThrownBy(() -> Split.stratified(new int[1], 0.5, 0))
                .hasMessage("split: needs at least 2 examples, there are 1");
    }

    @Test
    void balancedWeightsAreScikitLearns() {
        assertThat(ClassWeights.balanced(new int[] {0, 0, 0, 1})).containsExactly(4f / 6, 2f);
        assertThatThrownBy(() -> ClassWeights.balanced(new int[] {0, 2}, 3))
                .hasMessageContaining("class 1 of 3 has no example");
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
            int[] ones =
                    IntStream.of(order).filter(i -> labels[i] == 1).distinct().toArray();
            assertThat(ones).as("each rare example at least once").hasSize(19);
            assertThat(sampler.order(11, epoch)).isEqualTo(order);
        }
        assertThat(totals).containsExactly(100, 100, 100);
    }

    @Test
    void subsetsKeepTheWholesClasses() {
        LabelledDataset whole = new TensorDataset(
                Tensor.zeros(100, 1),
                Tensor.of(Arrays.stream(labels).asLongStream().toArray(), 100));
        Subset subset = new Subset(whole, new int[] {99, 0});
        assertThat(subset.labels()).containsExactly(2, 0);
        assertThat(subset.classes()).containsExactly("0", "1", "2");
        assertThat(subset.describe(0)).isEqualTo("example 99");
        assertThatThrownBy(() -> new Subset(whole, new int[] {100})).hasMessage("subset: index 100 is not in [0, 100)");
    }

    /** Patients who come often differ from others, so a held side without them judges something else. */
    @Test
    void bothSidesHaveGroupsOfAllSizes() {
        List<Integer> groups = new ArrayList<>();
        int[] labels = new int[6000];
        SplittableRandom random = new SplittableRandom(20261130);
        for (int group = 0; groups.size() < labels.length; group++) {
            int size = 1 + (random.nextInt(3) == 0 ? random.nextInt(10) : random.nextInt(2));
            for (int i = 0; i < size && groups.size() < labels.length; i++) {
                labels[groups.size()] = random.nextInt(10 - size / 2) == 0 ? 1 : 0;
                groups.add(group);
            }
        }
        Map<Integer, Long> sizes =
                groups.stream().collect(Collectors.groupingBy(group -> group, Collectors.counting()));
        for (double fraction : new double[] {0.1, 0.2, 0.5, 0.8}) {
            Split split = Split.grouped(groups, labels, fraction, 3);
            double held = Arrays.stream(split.held())
                    .mapToLong(i -> sizes.get(groups.get(i)))
                    .average()
                    .orElseThrow();
            double train = Arrays.stream(split.train())
                    .mapToLong(i -> sizes.get(groups.get(i)))
                    .average()
                    .orElseThrow();
            assertThat(held / train).as("fraction " + fraction).isBetween(0.85, 1.15);
            assertThat((double) split.held().length / labels.length).isCloseTo(fraction, within(0.01));
        }
    }
}
