package dev.graft.vision.model.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.Formula;
import dev.graft.vision.model.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every network against PyTorch: state-dict names, order and shapes; logits with weights from a formula. */
class ZooGoldenTest {
    private static final int INPUT = 1000;

    static List<String> names() {
        return ModelZoo.names().stream()
                .filter(name -> !name.matches("resnext.*|wide.*")) // see ResNetPartsTest
                .toList();
    }

    private static String golden(String name) {
        return ModelZoo.architecture(name).imageSize() == 32 ? "cifar_" + name : name;
    }

    @ParameterizedTest
    @MethodSource("names")
    void stateDictHasPyTorchsNamesOrderAndShapes(String name) {
        List<String> expected = new ArrayList<>();
        for (Object entry : (List<?>)
                Golden.map(Golden.json("zoo/state_dicts.json").get("networks")).get(golden(name))) {
            List<?> pair = (List<?>) entry;
            expected.add(pair.get(0) + " " + pair.get(1));
        }
        Architecture architecture = ModelZoo.architecture(name);
        int classes = architecture.imageSize() == 32 ? 10 : 1000;
        try (Backbone model = architecture.create(classes, new SplittableRandom(1));
                StateDict state = model.stateDict()) {
            assertThat(state.names().stream()
                            .map(key -> key + " " + state.get(key).shape()))
                    .containsExactlyElementsOf(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    @SuppressWarnings("try")
    void logitsAreThoseOfPyTorch(String name) {
        Map<String, Object> golden = Golden.map(
                Golden.map(Golden.json("zoo/logits.json").get("networks")).get(golden(name)));
        double[] expected = Golden.doubles(golden.get("logits"));
        double norm = ((Number) golden.get("norm")).doubleValue();
        int classes = ((Number) golden.get("classes")).intValue();
        try (Backbone model = ModelZoo.architecture(name).create(classes, new SplittableRandom(1));
                StateDict weights = Formula.damped(model);
                Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            model.load(weights);
            model.eval();
            Tensor images = Formula.unitTensor(INPUT, Golden.ints(golden.get("input")));
            float[] logits = model.forward(images).toFloatArray();
            double squares = 0;
            for (float logit : logits) {
                squares += (double) logit * logit;
            }
            assertThat(Math.sqrt(squares)).isCloseTo(norm, Percentage.withPercentage(1e-3));
            double scale = norm / Math.sqrt(classes);
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) logits[i]).as("logit %d", i).isCloseTo(expected[i], Offset.offset(1e-4 * scale));
            }
            Tensor features = model.features(images);
            assertThat(model.classify(features).toFloatArray())
                    .as("features, then head")
                    .containsExactly(logits);
        }
    }
}
