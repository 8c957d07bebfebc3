package dev.graft.nn.explain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.nn.Golden;
import dev.graft.nn.Module;
import dev.graft.nn.layer.Conv1d;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Linear;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/**
 * Integrated gradients of a table's network with embeddings, and of a sequence's convolution, against PyTorch's in
 * double precision, from {@code export_integrated_gradients_golden.py}: each rule with enough points and with few,
 * whose error is part of the definition.
 */
class IntegratedGradientsGoldenTest {
    private static final Golden GOLDEN = Golden.read("integrated-gradients.json");
    private static final SplittableRandom RANDOM = new SplittableRandom(1);
    private static final Offset<Float> NEAR = Offset.offset(3e-6f);

    private static final class Table extends Module {
        private final Embedding first = new Embedding(5, 3, RANDOM);
        private final Embedding second = new Embedding(4, 2, RANDOM);
        private final Linear hidden = new Linear(9, 6, RANDOM);
        private final Linear head = new Linear(6, 2, RANDOM);

        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            Tensor all = Tensor.concat(1, inputs.get(0), first.forward(inputs.get(1)), second.forward(inputs.get(2)));
            return List.of(head.forward(hidden.forward(all).tanh()));
        }
    }

    private static final class Sequence extends Module {
        private final Conv1d conv = new Conv1d(4, 5, 3, Conv1d.options().padding(1), RANDOM);
        private final Linear head = new Linear(5, 3, RANDOM);

        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            return List.of(head.forward(conv.forward(inputs.get(0)).tanh().mean(false, 2)));
        }
    }

    private static void load(Module module, Golden state) {
        try (StateDict dict = new StateDict()) {
            for (String name : state.keys()) {
                Golden value = state.child(name);
                dict.put(name, Tensor.of(value.floats("values"), value.ints("shape")));
            }
            module.load(dict);
        }
    }

    private static IntegratedGradients how(Module module, Golden one) {
        return IntegratedGradients.of(module)
                .rule(Quadrature.valueOf(one.text("rule")))
                .steps((int) one.number("steps"));
    }

    private static void assertGaps(Attribution why, Golden of, Golden one) {
        float[] difference = of.floats("difference");
        for (int row = 0; row < difference.length; row++) {
            assertThat(why.scores()[row] - why.baselineScores()[row]).isCloseTo(difference[row], NEAR);
        }
        assertThat(why.gap()).as("what completeness lacks").containsExactly(one.floats("gap"), NEAR);
    }

    @Test
    void tablesWithEmbeddingsAreExplainedAsByPyTorch() {
        Golden of = GOLDEN.child("table");
        try (Scope scope = Scope.open()) {
            Table table = new Table();
            load(table, of.child("state"));
            List<Tensor> inputs = List.of(
                    Tensor.of(of.floats("numbers"), 5, 4),
                    Tensor.of(of.longs("first"), 5),
                    Tensor.of(of.longs("second"), 5));
            List<Tensor> baselines = List.of(
                    Tensor.of(of.floats("means"), 1, 4),
                    Tensor.of(new long[] {(long) of.number("baseline_first")}, 1),
                    Tensor.of(new long[] {(long) of.number("baseline_second")}, 1));
            for (Golden one : of.children("cases")) {
                Attribution why =
                        how(table, one).layers("first", "second").attribute(inputs, baselines, of.ints("classes"));
                assertThat(why.input(0).toFloatArray()).containsExactly(one.floats("of_numbers"), NEAR);
                assertThat(why.layers().get("first").toFloatArray()).containsExactly(one.floats("of_first"), NEAR);
                assertThat(why.layers().get("second").toFloatArray()).containsExactly(one.floats("of_second"), NEAR);
                assertGaps(why, of, one);
            }
            table.close();
        }
    }

    @Test
    void sequencesAreExplainedAsByPyTorch() {
        Golden of = GOLDEN.child("sequence");
        try (Scope scope = Scope.open()) {
            Sequence sequence = new Sequence();
            load(sequence, of.child("state"));
            Tensor x = Tensor.of(of.floats("x"), 3, 4, 12);
            Tensor baseline = Tensor.of(of.floats("baseline"), 3, 4, 12);
            for (Golden one : of.children("cases")) {
                Attribution why = how(sequence, one).attribute(x, baseline, of.ints("classes"));
                assertThat(why.input(0).toFloatArray()).containsExactly(one.floats("of_x"), NEAR);
                assertGaps(why, of, one);
            }
            sequence.close();
        }
    }
}
