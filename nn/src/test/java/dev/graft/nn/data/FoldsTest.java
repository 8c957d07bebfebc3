package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Folds of a cross-validation, and that no group is ever on both sides of anything. */
class FoldsTest {

    private static Set<Object> groupsOf(int[] rows, List<?> groups) {
        Set<Object> set = new HashSet<>();
        Arrays.stream(rows).forEach(row -> set.add(groups.get(row)));
        return set;
    }

    private static void checkIsASplit(Split split, int size, String where) {
        assertThat(IntStream.concat(IntStream.of(split.train()), IntStream.of(split.held()))
                        .sorted()
                        .toArray())
                .as(where)
                .isEqualTo(IntStream.range(0, size).toArray());
        assertThat(split.train()).as(where).isNotEmpty();
        assertThat(split.held()).as(where).isNotEmpty();
    }

    /** Also of one huge group, of groups of one example, of one class, and of classes that only one group has. */
    @Test
    void noGroupIsOnBothSidesOfAnyOf1000RandomDataSets() {
        long seed = Long.getLong("graft.test.seed", 20260511L);
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 1000; round++) {
            String where = "seed " + seed + " round " + round;
            int groupCount = random.nextInt(2, 40);
            int n = groupCount + random.nextInt(200);
            int classes = random.nextInt(1, 6);
            int crowd = random.nextInt(3);
            List<String> groups = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                int group = i < groupCount ? i : crowd == 0 ? 0 : random.nextInt(groupCount);
                groups.add("patient " + group);
            }
            int[] labels = IntStream.range(0, n)
                    .map(i -> crowd == 1 ? groups.get(i).hashCode() & 1 : random.nextInt(classes))
                    .toArray();
            Split split = Split.grouped(groups, labels, random.nextDouble(0.01, 0.99), round);
            checkIsASplit(split, n, where);
            assertThat(groupsOf(split.held(), groups))
                    .as(where)
                    .doesNotContainAnyElementsOf(groupsOf(split.train(), groups));
            int count = random.nextInt(2, Math.min(groupCount, 10) + 1);
            Folds folds = Folds.grouped(groups, labels, count, round);
            Map<Object, Integer> foldOfGroup = new HashMap<>();
            for (int i = 0; i < n; i++) {
                Integer earlier = foldOfGroup.putIfAbsent(groups.get(i), folds.foldOf()[i]);
                assertThat(earlier == null || earlier == folds.foldOf()[i])
                        .as(where + ": " + groups.get(i))
                        .isTrue();
            }
            for (int fold = 0; fold < count; fold++) {
                Split one = folds.split(fold);
                checkIsASplit(one, n, where);
                assertThat(groupsOf(one.held(), groups))
                        .as(where)
                        .doesNotContainAnyElementsOf(groupsOf(one.train(), groups));
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameFoldsAndAnotherOnesOthers() {
        List<Integer> groups = IntStream.range(0, 90).mapToObj(i -> i / 3).toList();
        int[] labels = IntStream.range(0, 90).map(i -> i / 9 % 2).toArray();
        assertThat(Folds.grouped(groups, labels, 5, 1).foldOf())
                .isEqualTo(Folds.grouped(groups, labels, 5, 1).foldOf())
                .isNotEqualTo(Folds.grouped(groups, labels, 5, 2).foldOf());
        assertThat(Folds.stratified(labels, 5, 1).foldOf())
                .isEqualTo(Folds.stratified(labels, 5, 1).foldOf())
                .isNotEqualTo(Folds.stratified(labels, 5, 2).foldOf());
    }

    @Test
    void stratifiedFoldsDifferByOneExampleAtMost() {
        long seed = 7;
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 200; round++) {
            int n = random.nextInt(10, 300);
            int classes = random.nextInt(1, 8);
            int count = random.nextInt(2, 11);
            int[] labels =
                    IntStream.range(0, n).map(i -> random.nextInt(classes)).toArray();
            Folds folds = Folds.stratified(labels, count, round);
            int[] sizes = new int[count];
            int[][] ofClass = new int[classes][count];
            for (int i = 0; i < n; i++) {
                sizes[folds.foldOf()[i]]++;
                ofClass[labels[i]][folds.foldOf()[i]]++;
            }
            assertThat(spread(sizes)).as("seed %d round %d", seed, round).isLessThanOrEqualTo(1);
            for (int[] counts : ofClass) {
                assertThat(spread(counts)).as("seed %d round %d", seed, round).isLessThanOrEqualTo(1);
            }
        }
    }

    private static int spread(int[] counts) {
        return Arrays.stream(counts).max().orElseThrow()
                - Arrays.stream(counts).min().orElseThrow();
    }

    /** On data as hospitals have it; export_folds_golden.py made it, and measured scikit-learn's folds. */
    @Test
    void groupedFoldsAreAsEvenAsScikitLearns() throws IOException {
        double ourSize = 0;
        double ourClass = 0;
        double theirSize = 0;
        double theirClass = 0;
        int asGood = 0;
        List<?> cases;
        try (InputStream in = FoldsTest.class.getResourceAsStream("/golden/folds.json")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            cases = (List<?>) Json.parseObject("{\"cases\":" + text + "}", Path.of("folds.json"))
                    .get("cases");
        }
        for (Object one : cases) {
            Map<?, ?> data = (Map<?, ?>) one;
            int count = (Integer) data.get("folds");
            List<?> groups = (List<?>) data.get("groups");
            int[] labels = ((List<?>) data.get("labels"))
                    .stream().mapToInt(label -> (Integer) label).toArray();
            double size = 0;
            double balance = 0;
            for (int seed = 0; seed < 5; seed++) {
                Folds folds = Folds.grouped(groups, labels, count, seed);
                size += sizeDeviation(folds, labels) / 5;
                balance += classDeviation(folds, labels) / 5;
            }
            ourSize += size;
            ourClass += balance;
            theirSize += ((Number) data.get("size_deviation")).doubleValue();
            theirClass += ((Number) data.get("class_deviation")).doubleValue();
            asGood += size <= ((Number) data.get("size_deviation")).doubleValue() + 1e-9
                            && balance <= ((Number) data.get("class_deviation")).doubleValue() + 1e-9
                    ? 1
                    : 0;
        }
        System.out.printf(
                "grouped folds, %d data sets: largest deviation of a fold's size %.4f (scikit-learn %.4f), mean deviation"
                        + " of a class's share %.4f (scikit-learn %.4f); both at least as good in %d%n",
                cases.size(),
                ourSize / cases.size(),
                theirSize / cases.size(),
                ourClass / cases.size(),
                theirClass / cases.size(),
                asGood);
        assertThat(ourSize).isLessThanOrEqualTo(theirSize);
        assertThat(ourClass).isLessThanOrEqualTo(theirClass);
        assertThat(asGood).isGreaterThanOrEqualTo(cases.size() * 9 / 10);
    }

    private static double sizeDeviation(Folds folds, int[] labels) {
        double largest = 0;
        for (int fold = 0; fold < folds.count(); fold++) {
            largest = Math.max(
                    largest, Math.abs((double) folds.split(fold).held().length / labels.length - 1.0 / folds.count()));
        }
        return largest;
    }

    private static double classDeviation(Folds folds, int[] labels) {
        int classes = Arrays.stream(labels).max().orElseThrow() + 1;
        double[][] share = new double[folds.count()][classes];
        int[] sizes = new int[classes];
        for (int i = 0; i < labels.length; i++) {
            share[folds.foldOf()[i]][labels[i]]++;
            sizes[labels[i]]++;
        }
        double sum = 0;
        for (double[] ofFold : share) {
            for (int c = 0; c < classes; c++) {
                sum += Math.abs(ofFold[c] / sizes[c] - 1.0 / folds.count());
            }
        }
        return sum / classes / folds.count();
    }

    @Test
    void manyGroupsAreQuick() {
        int n = 100_000;
        List<Integer> groups =
                IntStream.range(0, n).mapToObj(i -> (i * 31) % 60_000).toList();
        int[] labels = IntStream.range(0, n).map(i -> i % 7 == 0 ? 1 : 0).toArray();
        Folds folds = Folds.grouped(groups, labels, 5, 0);
        assertThat(sizeDeviation(folds, labels)).isLessThan(1e-4);
        assertThat(classDeviation(folds, labels)).isLessThan(1e-4);
    }

    @Test
    void whatCannotBeEvenIsSaid() {
        int[] rare = IntStream.range(0, 40).map(i -> i < 2 ? 1 : 0).toArray();
        assertThat(Folds.stratified(rare, 5, 1).named(List.of("well", "ill")).notes())
                .containsExactly("class ill (2 examples) is held back in only 2 of 5 folds");
        assertThat(Folds.stratified(rare, 5, 1).withoutClasses().notes()).isEmpty();
        List<String> groups =
                IntStream.range(0, 40).mapToObj(i -> i < 30 ? "large" : "p" + i).toList();
        assertThat(Folds.grouped(groups, 2, 1).notes())
                .containsExactlyInAnyOrder(
                        "fold 1 holds 30 of 40 examples back, 75 % rather than 50 %",
                        "fold 2 holds 10 of 40 examples back, 25 % rather than 50 %");
    }

    @Test
    void impossibleRequestsAreRefused() {
        assertThatThrownBy(() -> Folds.stratified(new int[4], 5, 0))
                .hasMessage(
                        "folds: 4 examples cannot be in 5 folds, none of them empty. Hint: ask for at most 4 folds.");
        assertThatThrownBy(() -> Folds.grouped(List.of("a", "b", "b"), 3, 0))
                .hasMessage("folds: 2 groups cannot be in 3 folds, none of them empty. Hint: ask for at most 2 folds.");
        assertThatThrownBy(() -> Folds.stratified(new int[4], 1, 0))
                .hasMessage("folds: there must be at least 2, not 1");
        assertThatThrownBy(() -> Folds.grouped(List.of("a"), new int[2], 2, 0))
                .hasMessage("folds: 1 groups for 2 labels");
        assertThatThrownBy(() -> new Folds(new int[] {0, 0}, 2, List.of()))
                .hasMessage("folds: fold 1 of 2 holds no example back");
        assertThatThrownBy(() -> Folds.stratified(new int[4], 2, 0).split(2))
                .hasMessage("folds: fold 2 is not in [0, 2)");
    }
}
