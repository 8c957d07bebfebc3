package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.BinaryOp;
import dev.graft.backend.RecurrentCell;
import dev.graft.backend.Reduction;
import dev.graft.backend.UnaryOp;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Fails when an operator lacks a golden case, a gradient check or an error case. */
class OpCatalogueTest {
    /** Records that stand for several functions, each of which needs its own proof. */
    private static final Map<Class<?>, List<?>> FUNCTIONS = Map.ofEntries(
            Map.entry(PointwiseOp.Unary.class, List.of(UnaryOp.values())),
            Map.entry(
                    PointwiseOp.Compare.class,
                    Arrays.stream(BinaryOp.values()).filter(BinaryOp::isTruth).toList()),
            Map.entry(PointwiseOp.Extremum.class, List.of(BinaryOp.MAXIMUM, BinaryOp.MINIMUM)),
            Map.entry(PointwiseOp.Add.class, List.of(BinaryOp.ADD)),
            Map.entry(PointwiseOp.Sub.class, List.of(BinaryOp.SUB)),
            Map.entry(PointwiseOp.Mul.class, List.of(BinaryOp.MUL)),
            Map.entry(PointwiseOp.Div.class, List.of(BinaryOp.DIV)),
            Map.entry(PointwiseOp.FloorDivide.class, List.of(BinaryOp.FLOOR_DIVIDE)),
            Map.entry(PointwiseOp.Remainder.class, List.of(BinaryOp.REMAINDER)),
            Map.entry(PointwiseOp.PRelu.class, List.of(BinaryOp.PRELU)),
            Map.entry(RecurrentOp.Steps.class, List.of(RecurrentCell.values())),
            Map.entry(ReductionOp.Fold.class, List.of(Reduction.values())));

    /** Their results are not F32, or their arguments cannot ask for a gradient. */
    private static final Set<Object> WITHOUT_GRADIENT = Stream.concat(
                    Arrays.stream(BinaryOp.values()).filter(BinaryOp::isTruth), Stream.of(PointwiseOp.Convert.class))
            .collect(Collectors.toSet());

    static Set<Object> operators() {
        return records(Op.class)
                .flatMap(c -> FUNCTIONS.containsKey(c) ? FUNCTIONS.get(c).stream() : Stream.of(c))
                .collect(Collectors.toSet());
    }

    private static Stream<Class<?>> records(Class<?> type) {
        return type.isRecord()
                ? Stream.of(type)
                : Arrays.stream(type.getPermittedSubclasses()).flatMap(OpCatalogueTest::records);
    }

    private static Set<Object> operatorsWithout(Set<Object> proved) {
        Set<Object> missing = new HashSet<>(operators());
        missing.removeAll(proved);
        return missing;
    }

    @Test
    void findsTheOperators() {
        assertThat(operators())
                .contains(ProductOp.Conv2d.class, UnaryOp.RELU, BinaryOp.DIV, Reduction.MAX, NormOp.LayerNorm.class);
        assertThat(operators())
                .containsAll(List.of(UnaryOp.values()))
                .containsAll(List.of(BinaryOp.values()))
                .containsAll(List.of(Reduction.values()));
    }

    @Test
    void everyOperatorHasAGoldenCase() {
        assertThat(operatorsWithout(OpCases.all().stream().map(OpCase::proves).collect(Collectors.toSet())))
                .as("operators without a golden case. Hint: add one to OpCases and export_operators.py")
                .isEmpty();
    }

    @Test
    void everyOperatorHasAGradientCheck() {
        Set<Object> proved = OpCases.withGradient().stream()
                .filter(OpCase::smooth)
                .map(OpCase::proves)
                .collect(Collectors.toSet());
        assertThat(operatorsWithout(proved))
                .as("operators without a gradient check")
                .isEqualTo(WITHOUT_GRADIENT);
    }

    @Test
    void everyOperatorHasAnErrorCase() {
        assertThat(operatorsWithout(
                        OpCases.errors(On.CPU).stream().map(OpError::proves).collect(Collectors.toSet())))
                .as("operators without an error case")
                .isEmpty();
    }

    @Test
    void caseNamesAreUniqueAndThoseOfTheGoldenFile() {
        List<String> names = OpCases.all().stream().map(OpCase::name).toList();
        assertThat(names).doesNotHaveDuplicates();
        assertThat(new HashSet<>(names)).isEqualTo(Golden.operators().caseNames());
    }

    @Test
    void everyCaseRunsTheOperatorItStandsFor() {
        Set<Object> known = operators();
        for (OpCase c : OpCases.withGradient()) {
            if (known.contains(c.proves())) {
                assertThat(OpRun.of(c, Layout.CONTIGUOUS).proved()).as(c.name()).contains(c.proves());
            }
        }
    }
}
