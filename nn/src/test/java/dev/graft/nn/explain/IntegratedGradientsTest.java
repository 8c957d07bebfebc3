package dev.graft.nn.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.layer.Tanh;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Integrated gradients by their axioms, and of functions whose integral is known. */
class IntegratedGradientsTest {
    private final SplittableRandom random = new SplittableRandom(4);

    /** Two inputs: numbers, and integers by an embedding whose mean is added. */
    private static final class Mixed extends Module {
        private final Embedding embedding;
        private final Linear numbers;
        private final Linear head;
        private final boolean twice;

        Mixed(boolean twice, SplittableRandom random) {
            this.twice = twice;
            embedding = new Embedding(10, 4, random);
            numbers = new Linear(3, 4, random);
            head = new Linear(4, 2, random);
        }

        @Override
        protected List<Tensor> compute(List<Tensor> inputs) {
            Tensor words = embedding.forward(inputs.get(1));
            words = twice ? words.add(embedding.forward(inputs.get(1))) : words;
            Tensor both = numbers.forward(inputs.get(0)).add(words.tanh().mean(false, 1));
            return List.of(head.forward(both.tanh()));
        }
    }

    private static double sum(float[] values, int row, int rows) {
        double sum = 0;
        int width = values.length / rows;
        for (int i = row * width; i < (row + 1) * width; i++) {
            sum += values[i];
        }
        return sum;
    }

    private static void assertComplete(Attribution why, float[]... parts) {
        float[] scores = why.scores();
        for (int row = 0; row < scores.length; row++) {
            double total = 0;
            for (float[] part : parts) {
                total += sum(part, row, scores.length);
            }
            assertThat(total).isCloseTo(scores[row] - why.baselineScores()[row], within(1e-4));
            assertThat(why.gap()[row]).isCloseTo(0, within(1e-4f));
        }
    }

    /** Of f = x0 x1^2 from 0, the integral is known: x0 x1^2 / 3 and 2 x0 x1^2 / 3. */
    @ParameterizedTest
    @EnumSource(Quadrature.class)
    void ofAProductIsKnown(Quadrature rule) {
        Module product = new Module() {
            @Override
            protected Tensor compute(Tensor x) {
                Tensor second = x.select(1, 1);
                return x.select(1, 0).mul(second).mul(second);
            }
        };
        Tensor x = Tensor.of(new float[] {2, 3, -1, 0.5f}, 2, 2);
        int steps = rule == Quadrature.TRAPEZOID ? 400 : 2;
        Attribution why =
                IntegratedGradients.of(product).rule(rule).steps(steps).attribute(x, Tensor.zeros(1, 2));
        float[] found = why.input(0).toFloatArray();
        assertThat(found[0]).isCloseTo(6, within(1e-3f));
        assertThat(found[1]).isCloseTo(12, within(1e-3f));
        assertThat(found[2]).isCloseTo(-0.25f / 3, within(1e-4f));
        assertThat(found[3]).isCloseTo(-0.5f / 3, within(1e-4f));
        assertThat(why.scores()).containsExactly(18, -0.25f);
        assertThat(why.baselineScores()).containsExactly(0, 0);
    }

    @Test
    void contributionsAddUpAndTheNetworkStaysAsItWas() {
        Sequential net = new Sequential(
                new Linear(5, 8, random),
                new BatchNorm1d(8),
                new Tanh(),
                new Dropout(0.5f, random),
                new Linear(8, 3, random));
        Tensor x = Tensor.randn(random, 7, 5);
        net.forward(x).sum().backward();
        List<float[]> before = net.parameters().stream()
                .map(parameter -> parameter.grad().orElseThrow().toFloatArray())
                .toList();
        IntegratedGradients ig = IntegratedGradients.of(net).steps(20);
        int[] columns = {0, 1, 2, 0, 1, 2, 0};
        Attribution why = ig.attribute(x, Tensor.zeros(7, 5), columns);
        assertComplete(why, why.input(0).toFloatArray());
        assertThat(net.modules()).allMatch(Module::isTraining);
        for (int i = 0; i < before.size(); i++) {
            assertThat(net.parameters().get(i).grad().orElseThrow().toFloatArray())
                    .containsExactly(before.get(i));
        }
        // the same whatever the batch, the caller's recording, what is frozen, and other threads
        float[] found = why.input(0).toFloatArray();
        float[] small = ig.maxBatch(3)
                .attribute(x, Tensor.zeros(1, 5), columns)
                .input(0)
                .toFloatArray();
        for (int i = 0; i < found.length; i++) {
            assertThat(small[i]).isCloseTo(found[i], within(1e-5f));
        }
        net.freeze();
        assertThat(Autograd.noGrad(() -> ig.attribute(x, Tensor.zeros(7, 5), columns))
                        .input(0)
                        .toFloatArray())
                .containsExactly(found);
        net.unfreeze();
        IntStream.range(0, 8)
                .parallel()
                .forEach(i -> assertThat(ig.attribute(x, Tensor.zeros(7, 5), columns)
                                .input(0)
                                .toFloatArray())
                        .containsExactly(found));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 64})
    void embeddingsAndNumbersGoTogether(int batch) {
        Mixed net = new Mixed(false, random);
        Tensor numbers = Tensor.randn(random, 4, 3);
        Tensor words = Tensor.of(new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1}, 4, 3);
        Tensor padding = Tensor.zeros(DType.I64, dev.graft.type.Shape.of(1, 3));
        Attribution why = IntegratedGradients.of(net)
                .layers("embedding")
                .maxBatch(batch)
                .attribute(List.of(numbers, words), List.of(Tensor.zeros(1, 3), padding), 1);
        assertThat(why.layers().get("embedding").shape()).hasToString("[4, 3, 4]");
        assertThat(why.vectors("embedding").shape()).hasToString("[4, 3]");
        assertThat(why.inputs().keySet()).containsExactly(0);
        assertComplete(
                why, why.input(0).toFloatArray(), why.vectors("embedding").toFloatArray());
        // the score at the ends is the network's own
        float[] own = net.evaluating(
                        () -> net.forward(List.of(numbers, words)).get(0).select(1, 1))
                .toFloatArray();
        assertThat(why.scores()).containsExactly(own, within(1e-6f));
        // a token that is the baseline's contributes nothing
        Attribution none = IntegratedGradients.of(net)
                .layers("embedding")
                .attribute(List.of(numbers, words), List.of(Tensor.zeros(1, 3), words), 1);
        assertThat(none.vectors("embedding").toFloatArray()).containsOnly(0f);
        assertThatThrownBy(() -> none.input(1)).hasMessageContaining("input 1 was not attributed");
        assertThatThrownBy(() -> none.vectors("head")).hasMessageContaining("no layer 'head' was named");
    }

    @Test
    void aScoreOfOnesOwnAndScopes() {
        Linear net = new Linear(3, 2, random);
        Tensor x = Tensor.randn(random, 2, 3);
        try (Scope scope = Scope.open()) {
            Attribution why = IntegratedGradients.of(net)
                    .score(outputs ->
                            outputs.get(0).select(1, 0).sub(outputs.get(0).select(1, 1)))
                    .attribute(x, Tensor.zeros(1, 3));
            assertComplete(why, why.input(0).toFloatArray());
        }
    }

    @Test
    void whatDoesNotFitIsRefusedAndLeavesNothingBehind() {
        Mixed net = new Mixed(true, random);
        Tensor numbers = Tensor.randn(random, 2, 3);
        Tensor words = Tensor.of(new long[] {1, 2, 3, 4}, 2, 2);
        IntegratedGradients ig = IntegratedGradients.of(net);
        assertThatThrownBy(() -> ig.layers("embedding").attribute(List.of(numbers, words), List.of(numbers, words), 1))
                .hasMessageContaining("'embedding' is called more than once");
        assertThatThrownBy(() -> ig.layers("nowhere")).hasMessageContaining("no module 'nowhere'");
        assertThatThrownBy(() -> ig.attribute(List.of(numbers), List.of(numbers, words), 1))
                .hasMessageContaining("1 inputs and 2 baselines");
        assertThatThrownBy(() -> ig.attribute(List.of(numbers, words), List.of(numbers, Tensor.ones(2, 2)), 1))
                .hasMessageContaining("its baseline F32 [2, 2]");
        assertThatThrownBy(() -> ig.attribute(List.of(numbers, words), List.of(numbers, words), 5))
                .hasMessageContaining("there is no column 5");
        assertThatThrownBy(() -> ig.attribute(List.of(numbers, words), List.of(numbers, words)))
                .hasMessageContaining("a column must be chosen");
        assertThatThrownBy(() -> ig.attribute(List.of(numbers, words), List.of(numbers, words), 0, 1, 0))
                .hasMessageContaining("3 columns for 2 rows");
        Embedding alone = new Embedding(5, 2, random);
        assertThatThrownBy(() -> IntegratedGradients.of(alone).attribute(words, words, 0))
                .hasMessageContaining("no input is F32")
                .hasMessageContaining("layers(path)");
        assertThatThrownBy(() -> ig.steps(0)).hasMessageContaining("steps must be at least 1");
        assertThatThrownBy(() -> ig.rule(Quadrature.TRAPEZOID)
                        .steps(1)
                        .attribute(List.of(numbers, words), List.of(numbers, words), 1))
                .hasMessageContaining("at least 2 steps");
        assertThat(net.modules()).noneMatch(Module::isObserved).allMatch(Module::isTraining);
        assertThat(net.parameters()).extracting(Parameter::grad).allMatch(grad -> grad.isEmpty());
        assertThat(net.forward(List.of(numbers, words)).get(0).requiresGrad()).isTrue();
        assertThat(Autograd.isEnabled()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 50, 200})
    void quadratureIntegratesPolynomials(int n) {
        double[][] rule = Quadrature.GAUSS_LEGENDRE.of(n);
        for (int degree = 0; degree < 2 * n && degree < 30; degree++) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += rule[1][i] * Math.pow(rule[0][i], degree);
            }
            assertThat(sum).as("degree %d", degree).isCloseTo(1.0 / (degree + 1), within(1e-12));
        }
    }
}
