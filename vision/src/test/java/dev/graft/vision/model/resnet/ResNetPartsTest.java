package dev.graft.vision.model.resnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.io.file.Sha256;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.Formula;
import dev.graft.vision.model.Golden;
import dev.graft.vision.model.zoo.ModelZoo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Residual networks by their parts, against PyTorch ({@code export_resnet_parts_golden.py}) and as text. */
class ResNetPartsTest {
    private static final Map<String, Object> GOLDEN = Golden.json("zoo/resnet_parts.json");
    private static final int INPUT = 1000;
    private static final double TOLERANCE = 1e-4;
    /** A ReLU's input that rounding takes to the other side moves single gradients, see {@code ResNet18GoldenTest}. */
    private static final double FLIPPED_RELU = 1e-2;

    static List<String> networks() {
        return List.copyOf(Golden.map(GOLDEN.get("networks")).keySet());
    }

    static List<String> named() {
        return List.copyOf(Golden.map(GOLDEN.get("named")).keySet());
    }

    private static String stateSha256(Module model) {
        try (StateDict state = model.stateDict()) {
            return Sha256.of(state.names().stream()
                    .map(name -> (name + state.get(name).shape()).replace(" ", ""))
                    .collect(Collectors.joining("\n")));
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void outputsAndGradientsAreThoseOfPyTorch(String text) {
        Map<String, Object> golden =
                Golden.map(Golden.map(GOLDEN.get("networks")).get(text));
        double[] expected = Golden.doubles(golden.get("logits"));
        try (Backbone model = Init.skip(
                        () -> ModelZoo.architecture(text).create(expected.length / 2, new SplittableRandom(1)));
                StateDict weights = Formula.damped(model);
                Scope scope = Scope.open()) {
            assertThat(stateSha256(model)).isEqualTo(golden.get("state_sha256"));
            assertThat(model.parameterCount()).isEqualTo(((Number) golden.get("parameters")).longValue());
            model.load(weights);
            model.eval();
            Tensor images = Formula.unitTensor(INPUT, Golden.ints(golden.get("input")));
            Tensor logits = model.forward(images);
            float[] values = logits.toFloatArray();
            double norm = 0;
            for (double value : expected) {
                norm += value * value;
            }
            double scale = Math.sqrt(norm / expected.length);
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) values[i]).as("logit %d", i).isCloseTo(expected[i], within(TOLERANCE * scale));
            }
            float[] unrecorded = Autograd.noGrad(() -> model.forward(images)).toFloatArray();
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) unrecorded[i]).as("logit %d", i).isCloseTo(expected[i], within(TOLERANCE * scale));
            }
            logits.mul(Formula.unitTensor(INPUT + 1, logits.shape().toArray()))
                    .sum()
                    .backward();
            checkGradients(model, Golden.map(golden.get("gradients")));
        }
    }

    private static void checkGradients(Backbone model, Map<String, Object> golden) {
        Map<String, Parameter> parameters = model.namedParameters();
        assertThat(parameters.keySet()).containsExactlyElementsOf(golden.keySet());
        List<Double> errors = new ArrayList<>();
        List<String> names;
        try (StateDict state = model.stateDict()) {
            names = List.copyOf(state.names());
        }
        parameters.forEach((name, parameter) -> {
            float[] gradient = parameter.grad().orElseThrow().toFloatArray();
            float[] noise = Formula.unitTensor(5000 + names.indexOf(name) + 1, gradient.length)
                    .toFloatArray();
            double squares = 0;
            double dot = 0;
            for (int i = 0; i < gradient.length; i++) {
                squares += (double) gradient[i] * gradient[i];
                dot += (double) gradient[i] * noise[i];
            }
            double[] expected = Golden.doubles(golden.get(name));
            double error =
                    Math.max(Math.abs(Math.sqrt(squares) - expected[0]), Math.abs(dot - expected[1])) / expected[0];
            assertThat(error).as(name).isLessThan(FLIPPED_RELU);
            errors.add(error);
        });
        errors.sort(null);
        assertThat(errors.get(errors.size() / 2)).as("median").isLessThan(TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("named")
    void namedNetworksHaveTorchvisionsParametersAndKeys(String name) {
        Map<String, Object> golden = Golden.map(Golden.map(GOLDEN.get("named")).get(name));
        try (ResNet model = Init.skip(() -> new ResNet(name, 1000, new SplittableRandom(1)))) {
            assertThat(model.architecture()).isEqualTo(name);
            assertThat(model.parameterCount()).isEqualTo(((Number) golden.get("parameters")).longValue());
            assertThat(stateSha256(model)).isEqualTo(golden.get("state_sha256"));
        }
    }

    @Test
    void partsAreWrittenAndReadAlike() {
        List<ResNetParts> all = new ArrayList<>();
        networks().forEach(text -> all.add(ResNetParts.parse(text)));
        ResNetParts.names().forEach(name -> all.add(ResNetParts.parse(name)));
        all.add(ResNetParts.basic(2, 2, 2, 2).zeroInitResidual(true));
        all.add(ResNetParts.bottleneck(3, 4, 23, 3)
                .groups(2)
                .widthPerGroup(80)
                .replaceStrideWithDilation(false, false, true)
                .stem(ResNetParts.Stem.DEEP_TIERED, 40)
                .channels(4));
        for (ResNetParts parts : all) {
            assertThat(ResNetParts.parse(parts.toString())).as(parts.toString()).isEqualTo(parts);
        }
        assertThat(networks())
                .allMatch(text -> ResNetParts.parse(text).toString().equals(text));
        assertThat(ResNetParts.names())
                .allMatch(name -> ResNetParts.parse(name).toString().equals(name));
    }

    @Test
    void oneNetworkHasOneName() {
        assertThat(ModelZoo.architecture("resnet18,layers=3-4-6-3").name()).isEqualTo("resnet34");
        assertThat(ModelZoo.architecture("resnet34,block=bottleneck,groups=32,width_per_group=4")
                        .name())
                .isEqualTo("resnext50_32x4d");
        assertThat(ModelZoo.architecture("resnet18,layers=3-4-6-3").weights()).isNotEmpty();
        assertThat(ModelZoo.architecture("resnet34,layers=2-2-2-3").name()).isEqualTo("resnet18,layers=2-2-2-3");
        Architecture own = ModelZoo.architecture("resnet18,layers=2-2-2-3");
        assertThat(own.weights()).isEmpty();
        assertThat(own.preprocessing().resizeSize()).isEqualTo(256);
        assertThatThrownBy(() -> own.weights("imagenet"))
                .hasMessage("resnet18,layers=2-2-2-3: no published weights 'imagenet'. Hint: give a weight file.");
        assertThat(ModelZoo.architecture("resnet18,stem=small,channels=1")
                        .preprocessing()
                        .normalize()
                        .channels())
                .isEqualTo(1);
        assertThat(ModelZoo.architecture("resnet18,stem=small").preprocessing().cropSize())
                .isEqualTo(32);
    }

    @Test
    void zeroInitStartsBlocksAsTheIdentity() {
        ResNetParts parts = ResNetParts.bottleneck(1, 2, 1, 1).zeroInitResidual(true);
        try (ResNet model = ResNet.of(parts, 3, new SplittableRandom(1));
                StateDict state = model.stateDict()) {
            assertThat(state.get("layer2.1.bn3.weight").toFloatArray()).containsOnly(0f);
            assertThat(state.get("layer2.1.bn2.weight").toFloatArray()).containsOnly(1f);
            assertThat(state.get("layer1.0.downsample.1.weight").toFloatArray()).containsOnly(1f);
            assertThat(model.architecture()).isEqualTo("resnet50,layers=1-2-1-1,zero_init_residual=true");
        }
        try (ResNet model =
                        ResNet.of(ResNetParts.basic(1, 1, 1, 1).zeroInitResidual(true), 3, new SplittableRandom(1));
                StateDict state = model.stateDict()) {
            assertThat(state.get("layer2.0.bn2.weight").toFloatArray()).containsOnly(0f);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "resnet18,layers=2-2-2 | resnet: layers must be four numbers from 1 to 1024, were [2, 2, 2]. Hint: give 2, 2, 2, 2.",
                "resnet18,layers=2-2-2-0 | resnet: layers must be four numbers from 1 to 1024, were [2, 2, 2, 0]. Hint: give 2, 2, 2, 2.",
                "resnet18,layers=2-2-2-x | resnet: layers takes whole numbers, not 'x'. Hint: layers are written as 2-2-2-3.",
                "resnet18,groups=2 | resnet: basic blocks have 1 group of width 64 and no dilation, not groups 2, width 64, dilation [false, false, false]. Hint: use bottlenecks.",
                "resnet18,depth=3 | resnet: there is no part 'depth'. Hint: one of block, layers, groups, width_per_group, replace_stride_with_dilation, zero_init_residual, stem, stem_width, avg_down, channels.",
                "resnet18,stem=wide | resnet: stem is not 'wide'. Hint: one of plain, deep, deep_tiered, small.",
                "resnet18,avg_down=yes | resnet: avg_down is true or false, not 'yes'. Hint: give one of them.",
                "resnet18,stem_width=64 | resnet: stemWidth 64 is of deep stems, not of a plain one. Hint: leave it at 32.",
                "resnet50,groups=0 | resnet: groups must be from 1 to 1024, was 0. Hint: give another number.",
                "resnet50,width_per_group=9999999 | resnet: widthPerGroup must be from 1 to 1024, was 9999999. Hint: give another number.",
                "resnet50,groups=2,groups=3 | resnet: groups is given twice. Hint: give parts once, as in resnet50,layers=2-2-2-2.",
                "resnet50,deep | resnet: 'deep' is no part. Hint: give parts once, as in resnet50,layers=2-2-2-2.",
                "resnet50,avg_down=true,replace_stride_with_dilation=false-false-true | resnet: avgDown and a dilation instead of strides exclude each other. Hint: leave one of them out.",
                "resnet50,replace_stride_with_dilation=false | resnet: replaceStrideWithDilation must be three values, were [false]. Hint: one for each of the last three layers."
            })
    void partsThatMakeNoNetworkAreRefused(String text, String message) {
        assertThatThrownBy(() -> ModelZoo.architecture(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet19,layers=2-2-2-2", "squeezenet1_1,layers=2-2-2-2", ""})
    void onlyResidualNetworksHaveParts(String text) {
        assertThatThrownBy(() -> ModelZoo.architecture(text))
                .hasMessageStartingWith("model: no network '" + text + "'");
    }
}
