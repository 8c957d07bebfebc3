package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Thousands of random expressions, forwards and backwards, against a reference in double precision ({@link GraphTape}):
 * every operator, views, broadcasts, shared results, several losses and passes. {@code check_graphs.py} runs the same
 * graphs in PyTorch.
 *
 * <p>Another seed: {@code -Dgraft.graphs.seed=N}; more graphs: {@code -Dgraft.graphs=N}.
 */
class RandomGraphTest {
    static final int GRAPHS = Integer.getInteger("graft.graphs", 3000);
    static final long SEED = Long.getLong("graft.graphs.seed", 20261129);

    static List<ToIntFunction<GraphBuilder>> makers() {
        List<ToIntFunction<GraphBuilder>> makers = new ArrayList<>(GraphPointwise.makers());
        makers.addAll(GraphBinary.makers());
        makers.addAll(GraphShapes.makers());
        makers.addAll(GraphIndex.makers());
        makers.addAll(GraphReductions.makers());
        makers.addAll(GraphLayers.makers());
        makers.addAll(GraphSpatial.makers());
        makers.addAll(GraphSequences.makers());
        return makers;
    }

    @Test
    void valuesAndGradientsAreThoseOfTheReference() {
        check(SEED, GRAPHS);
    }

    @Test
    @Tag("slow")
    void manyMoreAreThoseOfTheReference() {
        check(SEED + 1_000_000, 100_000);
    }

    private static void check(long firstSeed, int graphs) {
        Set<Object> recorded = new HashSet<>();
        Map<String, Integer> built = new TreeMap<>();
        long elements = 0;
        long loose = 0;
        for (int i = 0; i < graphs; i++) {
            long seed = firstSeed + i;
            Graph graph = GraphBuilder.random(seed, makers());
            GraphJudge judge = GraphJudge.of(graph, recorded);
            if (judge.fault() != null) {
                Graph small = GraphJudge.smallest(graph);
                throw new AssertionError("random graph " + i + " of " + graphs + ", seed " + seed + ": " + judge.fault()
                        + "\nThe smallest graph that fails: "
                        + GraphJudge.of(small, new HashSet<>()).fault() + "\n" + small);
            }
            elements += judge.elements();
            loose += judge.loose();
            graph.vertices().forEach(v -> {
                if (v instanceof Graph.Step s) {
                    s.keys()
                            .forEach(k -> built.merge(
                                    k instanceof Class<?> c ? c.getSimpleName() : k.toString(), 1, Integer::sum));
                }
            });
        }
        System.out.println("RandomGraphTest: " + graphs + " graphs from seed " + firstSeed + ", " + elements
                + " numbers, " + loose + " of them too ill-conditioned to tell; " + built);
        assertThat(loose).as("numbers that floats cannot tell").isLessThan(elements / 50);
        Set<Object> missing = new HashSet<>(OpCatalogueTest.operators());
        missing.removeAll(recorded);
        Set<String> comparisons =
                Set.of("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "AND", "OR", "XOR");
        missing.removeIf(key -> comparisons.contains(key.toString()) && built.getOrDefault(key.toString(), 0) >= 20);
        assertThat(missing)
                .as("operators of the catalogue that no graph recorded")
                .isEmpty();
        built.forEach(
                (key, count) -> assertThat(count).as("graphs with %s", key).isGreaterThanOrEqualTo(20));
    }
}
