package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A layer's output is its caller's to close: never the input, and nothing that the layer keeps. */
class LayerOutputTest {
    private static final SplittableRandom RANDOM = new SplittableRandom(1);

    /** Returns what it was given, as a user's module may. */
    private static final class PassOn extends Module {
        @Override
        protected Tensor compute(Tensor input) {
            return input;
        }
    }

    /** Keeps its last output. */
    private static final class Remembering extends Module {
        private Tensor last;

        @Override
        protected Tensor compute(Tensor input) {
            last = input.mul(1).keep();
            return last;
        }
    }

    /** Gives its own weights away. */
    private static final class Table extends Module {
        private final Parameter weight = new Parameter(Tensor.of(new float[] {1, 2}, 2));

        @Override
        protected Tensor compute(Tensor input) {
            return weight.value();
        }
    }

    private static Map<String, Module> layersThatMayDoNothing() {
        Map<String, Module> layers = new LinkedHashMap<>();
        layers.put("dropout", new Dropout(0.5f, RANDOM));
        layers.put("dropout of nothing", new Dropout(0, RANDOM));
        layers.put("identity", new Identity());
        layers.put("no layers", new Sequential());
        layers.put(
                "nothing in nothing",
                new Sequential(new Sequential(), new Sequential(new Identity(), new Dropout(0.1f, RANDOM))));
        layers.put("user's module", new PassOn());
        layers.put("flatten of what is flat", new Flatten(3));
        layers.put("pool of 1", new MaxPool2d(Pool2dParams.of(1, 1)));
        layers.put("relu", new ReLU());
        layers.put("relu of a module that passes on", new Sequential(new PassOn(), new ReLU(), new PassOn()));
        return layers;
    }

    @TestFactory
    Stream<DynamicTest> closingTheOutputLeavesTheInput() {
        return layersThatMayDoNothing().entrySet().stream()
                .flatMap(entry -> Stream.of(false, true)
                        .map(training -> DynamicTest.dynamicTest(
                                entry.getKey() + (training ? " in training" : " in evaluation"), () -> {
                                    Module layer = entry.getValue();
                                    if (training) {
                                        layer.train();
                                    } else {
                                        layer.eval();
                                    }
                                    float[] values = {1, 2, 3, 4};
                                    Tensor x = Tensor.of(values, 1, 1, 2, 2).requireGrad(true);
                                    try (Tensor y = layer.forward(x)) {
                                        assertThat(y).isNotSameAs(x);
                                        y.sum().backward();
                                    }
                                    assertThat(x.toFloatArray()).containsExactly(values);
                                    assertThat(x.grad()).isPresent();
                                    Tensor y = layer.forward(x);
                                    float[] before = y.toFloatArray();
                                    x.close();
                                    assertThat(y.toFloatArray()).containsExactly(before);
                                })));
    }

    @Test
    void closingTheOutputLeavesWhatTheLayerKeeps() {
        Remembering layer = new Remembering();
        layer.forward(Tensor.of(new float[] {1, 2}, 2)).close();
        assertThat(layer.last.toFloatArray()).containsExactly(1, 2);

        Table table = new Table();
        Tensor out = table.forward(Tensor.scalar(0));
        out.sum().backward();
        out.close();
        assertThat(table.weight.value().toFloatArray()).containsExactly(1, 2);
        assertThat(table.weight.grad().orElseThrow().toFloatArray()).containsExactly(1, 1);
        assertThat(new Sequential(List.of(table, new Identity()))
                        .forward(Tensor.scalar(0))
                        .toFloatArray())
                .containsExactly(1, 2);
    }
}
