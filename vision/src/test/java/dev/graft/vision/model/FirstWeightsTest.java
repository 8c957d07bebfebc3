package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Linear;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.efficientnet.EfficientNetLite;
import dev.graft.vision.model.resnet.CifarResNet;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.squeezenet.SqueezeNet;
import dev.graft.vision.model.zoo.ModelZoo;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The weights that training starts from: as the originals', for replaced heads too, and the same on every JDK. */
class FirstWeightsTest {

    private static double deviation(Tensor tensor) {
        float[] values = tensor.toFloatArray();
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares / values.length);
    }

    private static Parameter weight(Module head) {
        return head instanceof Linear linear ? linear.weight() : ((Conv2d) head).weight();
    }

    private static Parameter bias(Module head) {
        return (head instanceof Linear linear ? linear.bias() : ((Conv2d) head).bias()).orElseThrow();
    }

    /** Without first weights, which cost seconds for the largest. */
    private static Backbone withoutWeights(String name) {
        SplittableRandom random = new SplittableRandom(1);
        return switch (name) {
            case "squeezenet1_1" -> new SqueezeNet(2, random);
            case "efficientnet_lite0" -> new EfficientNetLite(2, random);
            case "resnet20", "resnet32", "resnet44", "resnet56" ->
                new CifarResNet(Integer.parseInt(name.substring(6)), 2, random);
            default -> new ResNet(name, 2, random);
        };
    }

    /**
     * Deviations of head weights and biases, and the largest weight: torchvision 0.20's resnet.py (PyTorch's default of
     * a linear layer, uniform within 1/sqrt(inputs)) and squeezenet.py (normal, 0.01, bias 0), akamaster's resnet.py
     * (kaiming_normal_ of 64 inputs).
     */
    @ParameterizedTest
    @CsvSource({
        "resnet18, 0.025516, 0.025516, 0.0442",
        "resnet34, 0.025516, 0.025516, 0.0442",
        "resnet50, 0.012758, 0.012758, 0.0221",
        "resnet101, 0.012758, 0.012758, 0.0221",
        "resnet152, 0.012758, 0.012758, 0.0221",
        "squeezenet1_1, 0.01, 0, 0.06",
        "efficientnet_lite0, 0.016137, 0.016137, 0.02796",
        "resnet20, 0.176777, 0.072169, 1",
        "resnet32, 0.176777, 0.072169, 1",
        "resnet44, 0.176777, 0.072169, 1",
        "resnet56, 0.176777, 0.072169, 1"
    })
    void aReplacedHeadStartsAsItsOriginalDoes(String name, double weights, double biases, double largest) {
        int classes = 200;
        Architecture architecture = ModelZoo.architecture(name);
        try (Backbone model = Init.skip(() -> withoutWeights(name))) {
            model.replaceHead(classes, new SplittableRandom(2));
            float[] values = weight(model.head()).value().toFloatArray();
            assertThat(deviation(weight(model.head()).value()))
                    .as("weights")
                    .isCloseTo(weights, within(4 * weights / Math.sqrt(2.0 * values.length)));
            assertThat(deviation(bias(model.head()).value()))
                    .as("biases")
                    .isCloseTo(biases, within(4 * biases / Math.sqrt(2.0 * classes)));
            for (float value : values) {
                assertThat(Math.abs(value)).isLessThanOrEqualTo((float) largest);
            }
        }
        if (name.equals("resnet20") || name.equals("squeezenet1_1") || name.equals("efficientnet_lite0")) {
            try (Backbone original = architecture.create(classes, new SplittableRandom(3))) {
                assertThat(deviation(weight(original.head()).value()))
                        .as("the original's")
                        .isCloseTo(weights, within(weights / 50));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "resnet18, 6ce06c415b6e8f0d",
        "squeezenet1_1, 39f603009213101e",
        "efficientnet_lite0, cab396ee016c9ba9",
        "resnet20, 17df845c1708f920"
    })
    void firstWeightsAreTheSameOnEveryJdk(String name, String expected) throws Exception {
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        try (Backbone model = ModelZoo.architecture(name).create(10, new SplittableRandom(3));
                StateDict state = model.stateDict()) {
            for (Map.Entry<String, Tensor> entry : state.entries()) {
                sha.update(entry.getKey().getBytes(StandardCharsets.UTF_8));
                sha.update(entry.getValue().toBytes());
            }
        }
        assertThat(HexFormat.of().formatHex(sha.digest()).substring(0, 16)).isEqualTo(expected);
    }
}
