package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.Module;
import dev.graft.nn.Observation;
import dev.graft.nn.layer.AvgPool2d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.SiLU;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.efficientnet.EfficientNetLite;
import dev.graft.vision.model.resnet.CifarResNet;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.squeezenet.SqueezeNet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every part of every network of the zoo may be replaced and observed, and the fused kernels notice. */
class ReplacedPartsTest {
    private static final int SIZE = 40;

    /** What a user might write: the same function, in a class that no kernel knows. */
    private static final class Same extends Module {
        private final Module inner;

        Same(Module inner) {
            this.inner = inner;
        }

        @Override
        protected Tensor compute(Tensor input) {
            return inner.forward(input);
        }
    }

    /** A part with an effect. */
    private static final class Changed extends Module {
        private final Module inner;

        Changed(Module inner) {
            this.inner = inner;
        }

        @Override
        protected Tensor compute(Tensor input) {
            return inner.forward(input).mul(1.5f).add(0.25f);
        }
    }

    static Stream<String> networks() {
        return Stream.of("resnet18", "resnet50", "resnet20", "squeezenet1_1", "efficientnet_lite0");
    }

    static Stream<String> moreNetworks() {
        return Stream.concat(networks(), Stream.of("resnet34", "resnext50_32x4d", "wide_resnet50_2"));
    }

    private static Backbone network(String name) {
        RandomGenerator random = new SplittableRandom(3);
        Backbone model =
                switch (name) {
                    case "resnet20" -> CifarResNet.resnet20(4, random);
                    case "squeezenet1_1" -> SqueezeNet.squeezenet1_1(4, random);
                    case "efficientnet_lite0" -> EfficientNetLite.lite0(4, random);
                    default -> new ResNet(name, 4, random);
                };
        // statistics and scales unlike those of a new network, so that every norm has an effect
        for (Module module : model.modules()) {
            if (module instanceof BatchNorm2d norm) {
                int n = norm.channels();
                Autograd.noGrad(() -> {
                    norm.weight().value().copyFrom(Tensor.uniform(random, 0.8f, 1.2f, n));
                    norm.bias().value().copyFrom(Tensor.uniform(random, -0.1f, 0.3f, n));
                    return norm.runningMean().value().copyFrom(Tensor.uniform(random, -0.1f, 0.1f, n));
                });
            }
        }
        model.eval();
        return model;
    }

    private static float[] logits(Module model, Tensor images) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            return model.forward(images).toFloatArray();
        }
    }

    private static double difference(float[] a, float[] b) {
        double largest = 1e-6;
        double apart = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(b[i]));
            apart = Math.max(apart, Math.abs((double) a[i] - b[i]));
        }
        return apart / largest;
    }

    private static List<String> parts(Module model) {
        return model.namedModules().keySet().stream()
                .filter(name -> !name.isEmpty())
                .toList();
    }

    /** One part of each kind: of the blocks of one class with the same children, only the first is looked into. */
    private static List<String> kinds(Module model) {
        Set<String> seen = new HashSet<>();
        return parts(model).stream()
                .filter(name -> {
                    Module parent = model.module(name.substring(0, Math.max(0, name.lastIndexOf('.'))));
                    return seen.add(parent.getClass() + " " + parent.children().keySet() + " "
                            + name.substring(name.lastIndexOf('.') + 1));
                })
                .toList();
    }

    private static void replacing(
            String name,
            Function<Module, List<String>> which,
            Function<Module, Module> by,
            double atLeast,
            double atMost) {
        try (Backbone model = network(name)) {
            Tensor images = Tensor.randn(new SplittableRandom(5), 2, 3, SIZE, SIZE);
            float[] expected = logits(model, images);
            for (String part : which.apply(model)) {
                Module old = model.module(part);
                model.replace(part, by.apply(old));
                assertThat(difference(logits(model, images), expected))
                        .as(name + " with another " + part)
                        .isBetween(atLeast, atMost);
                model.replace(part, old);
            }
            assertThat(difference(logits(model, images), expected)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void anEquivalentPartGivesTheSameOutput(String name) {
        replacing(name, ReplacedPartsTest::kinds, Same::new, 0, 1e-4);
    }

    @Tag("slow")
    @ParameterizedTest
    @MethodSource("moreNetworks")
    void anEquivalentPartGivesTheSameOutputWhereverItIs(String name) {
        replacing(name, ReplacedPartsTest::parts, Same::new, 0, 1e-4);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void anotherPartHasItsEffect(String name) {
        replacing(name, ReplacedPartsTest::kinds, Changed::new, 1e-4, Double.POSITIVE_INFINITY);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void allPartsReplacedAtOnceTrainAsBefore(String name) {
        try (Backbone model = network(name);
                Backbone other = network(name)) {
            for (String part : parts(other)) {
                if (model.module(part).children().isEmpty()) {
                    other.replace(part, new Same(other.module(part)));
                }
            }
            Tensor images = Tensor.randn(new SplittableRandom(5), 2, 3, SIZE, SIZE);
            for (Module each : List.of(model, other)) {
                each.train();
                each.modules().stream()
                        .filter(m -> m instanceof dev.graft.nn.layer.Dropout)
                        .forEach(Module::eval);
                each.forward(images).square().sum().backward();
            }
            List<String> missing = new ArrayList<>();
            var gradients = model.namedParameters();
            other.namedParameters().forEach((key, parameter) -> {
                float[] expected = gradients
                        .get(key.replace(".inner", ""))
                        .grad()
                        .orElseThrow()
                        .toFloatArray();
                float[] actual = parameter.grad().orElseThrow().toFloatArray();
                double norm = 0;
                double apart = 0;
                for (int i = 0; i < actual.length; i++) {
                    norm += (double) expected[i] * expected[i];
                    apart += (double) (actual[i] - expected[i]) * (actual[i] - expected[i]);
                }
                // behind a norm in training, the gradient of a convolution's bias is nothing but rounding
                if (Math.sqrt(apart) > 1e-3 * Math.sqrt(norm) + 1e-4) {
                    missing.add(key + " " + Math.sqrt(apart) + " of " + Math.sqrt(norm));
                }
            });
            assertThat(missing).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void everyPartCanBeObserved(String name) {
        try (Backbone model = network(name)) {
            Tensor images = Tensor.randn(new SplittableRandom(5), 2, 3, SIZE, SIZE);
            float[] expected = logits(model, images);
            List<String> notCalled = new ArrayList<>();
            for (String part : kinds(model)) {
                int[] calls = {0};
                try (Observation seen = model.observe(part, call -> {
                    calls[0]++;
                    assertThat(call.output().dim(0)).as(part).isEqualTo(2);
                })) {
                    assertThat(difference(logits(model, images), expected))
                            .as(part)
                            .isLessThan(1e-4);
                }
                if (calls[0] == 0) {
                    notCalled.add(part);
                }
            }
            assertThat(notCalled).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet18", "resnet50"})
    void torchvisionsNamesAreThere(String name) {
        try (Backbone model = network(name)) {
            model.replace("maxpool", new AvgPool2d(3, 2, 1));
            model.replace("relu", new SiLU());
            model.replace("layer3.0.relu", new SiLU());
            model.replace("avgpool", new dev.graft.nn.layer.AdaptiveMaxPool2d(1));
            assertThat(logits(model, Tensor.ones(1, 3, SIZE, SIZE))).hasSize(4);
        }
    }
}
