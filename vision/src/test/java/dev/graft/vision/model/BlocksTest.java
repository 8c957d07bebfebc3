package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.nn.Freezing;
import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.efficientnet.EfficientNetBlocks;
import dev.graft.vision.model.resnet.ResNetBlocks;
import dev.graft.vision.model.squeezenet.SqueezeNetBlocks;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The zoo's blocks, whose layers are computed together, against their formulas with each layer called by itself, in
 * random modes.
 */
class BlocksTest {
    private static final int CASES = 12;
    private static final double TOLERANCE = 1e-5;
    /** See {@code FusedLayersTest}: times what a change of the input in its last two bits makes. */
    private static final double CONDITION = 8;

    static Stream<Arguments> blocks() {
        return Stream.of(
                block("basic", r -> ResNetBlocks.basic(4, 4, 1, r), BlocksTest::basic),
                block("basic, strided", r -> ResNetBlocks.basic(4, 6, 2, r), BlocksTest::basic),
                block("bottleneck", r -> ResNetBlocks.bottleneck(8, 2, 1, r), BlocksTest::bottleneck),
                block("bottleneck, strided", r -> ResNetBlocks.bottleneck(4, 2, 2, r), BlocksTest::bottleneck),
                block("cifar", r -> ResNetBlocks.cifar(4, 4, 1, r), (m, x) -> cifar(m, x, x)),
                block(
                        "cifar, strided",
                        r -> ResNetBlocks.cifar(4, 8, 2, r),
                        (m, x) -> cifar(m, x, ResNetBlocks.subsampled(x, 8))),
                block(
                        "inverted",
                        r -> EfficientNetBlocks.inverted(4, 4, 3, 1, 6, BatchNorm.options(), r),
                        (m, x) -> inverted(m, x).add(x)),
                block(
                        "inverted, strided",
                        r -> EfficientNetBlocks.inverted(4, 6, 5, 2, 1, BatchNorm.options(), r),
                        BlocksTest::inverted),
                block("fire", r -> SqueezeNetBlocks.fire(4, 2, 3, r), BlocksTest::fire));
    }

    private static Arguments block(
            String name, Function<SplittableRandom, Module> block, BiFunction<Module, Tensor, Tensor> formula) {
        return Arguments.of(name, block, formula);
    }

    private static Tensor call(Module block, String layer, Tensor x) {
        return block.module(layer).forward(x);
    }

    private static Tensor shortcut(Module block, Tensor x) {
        return block.children().containsKey("downsample")
                ? call(block, "downsample.1", call(block, "downsample.0", x))
                : x;
    }

    private static Tensor basic(Module block, Tensor x) {
        return cifar(block, x, shortcut(block, x));
    }

    private static Tensor cifar(Module block, Tensor x, Tensor shortcut) {
        Tensor y = call(block, "bn1", call(block, "conv1", x)).relu();
        return call(block, "bn2", call(block, "conv2", y)).add(shortcut).relu();
    }

    private static Tensor bottleneck(Module block, Tensor x) {
        Tensor y = call(block, "bn1", call(block, "conv1", x)).relu();
        y = call(block, "bn2", call(block, "conv2", y)).relu();
        return call(block, "bn3", call(block, "conv3", y))
                .add(shortcut(block, x))
                .relu();
    }

    private static Tensor inverted(Module block, Tensor x) {
        Tensor y = block.children().containsKey("_expand_conv")
                ? call(block, "_bn0", call(block, "_expand_conv", x)).relu6()
                : x;
        y = call(block, "_bn1", call(block, "_depthwise_conv", y)).relu6();
        return call(block, "_bn2", call(block, "_project_conv", y));
    }

    private static Tensor fire(Module block, Tensor x) {
        Tensor s = call(block, "squeeze", x).relu();
        return Tensor.concat(
                1,
                call(block, "expand1x1", s).relu(),
                call(block, "expand3x3", s).relu());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void aBlockGivesWhatItsFormulaGives(
            String name, Function<SplittableRandom, Module> block, BiFunction<Module, Tensor, Tensor> formula) {
        for (int number = 0; number < CASES; number++) {
            for (boolean recorded : new boolean[] {true, false}) {
                long seed = 77 + 131L * number;
                String what = name + ", seed " + seed + (recorded ? ", recorded" : "");
                Map<String, float[]> fused = run(seed, recorded, false, block, Module::forward);
                Map<String, float[]> plain = run(seed, recorded, false, block, formula);
                Map<String, float[]> nudged = run(seed, recorded, true, block, formula);
                assertThat(fused.keySet()).as(what).isEqualTo(plain.keySet());
                plain.forEach(
                        (key, expected) -> assertClose(fused.get(key), expected, nudged.get(key), what + ": " + key));
            }
        }
    }

    private static Map<String, float[]> run(
            long seed,
            boolean recorded,
            boolean nudged,
            Function<SplittableRandom, Module> make,
            BiFunction<Module, Tensor, Tensor> forward) {
        SplittableRandom random = new SplittableRandom(seed);
        Module block = make.apply(random);
        block.modules().forEach(layer -> setState(layer, random));
        Tensor images = Tensor.randn(random, 3, firstChannels(block), 5 + random.nextInt(4), 5 + random.nextInt(4));
        Tensor nudge = Tensor.uniform(
                random, 1 - 0x1p-22f, 1 + 0x1p-22f, images.shape().toArray());
        Tensor x = (nudged ? images.mul(nudge) : images).requireGrad(recorded && random.nextBoolean());
        Map<String, float[]> results = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            Tensor y = recorded ? forward.apply(block, x) : Autograd.noGrad(() -> forward.apply(block, x));
            results.put("output " + y.shape(), y.toFloatArray());
            if (y.requiresGrad()) {
                y.mul(Tensor.randn(new SplittableRandom(3), y.shape().toArray()))
                        .sum()
                        .backward();
            }
        }
        x.grad().ifPresent(gradient -> results.put("input's gradient", gradient.toFloatArray()));
        block.namedParameters()
                .forEach((key, parameter) ->
                        parameter.grad().ifPresent(g -> results.put(key + "'s gradient", g.toFloatArray())));
        try (StateDict state = block.stateDict()) {
            state.names().forEach(key -> results.put(key, state.get(key).toFloatArray()));
        }
        return results;
    }

    private static int firstChannels(Module block) {
        return block.parameters()
                .get(0)
                .shape()
                .dim(
                        block.children().containsKey("_depthwise_conv")
                                        && !block.children().containsKey("_expand_conv")
                                ? 0
                                : 1);
    }

    private static void setState(Module layer, SplittableRandom random) {
        if (layer instanceof BatchNorm2d norm) {
            int channels = norm.channels();
            Autograd.noGrad(() -> {
                norm.weight().value().copyFrom(Tensor.uniform(random, -2, 2, channels));
                norm.bias().value().copyFrom(Tensor.uniform(random, -1, 1, channels));
                norm.runningMean().value().copyFrom(Tensor.uniform(random, -1, 1, channels));
                return norm.runningVar().value().copyFrom(Tensor.uniform(random, 0.2f, 3, channels));
            });
        }
        if (layer.children().isEmpty()) {
            if (random.nextBoolean()) {
                layer.eval();
            }
            layer.freeze(Freezing.values()[random.nextInt(5) % 3]);
        }
    }

    private static void assertClose(float[] actual, float[] expected, float[] nudged, String what) {
        double squares = 0;
        double condition = 0;
        for (int i = 0; i < expected.length; i++) {
            squares += (double) expected[i] * expected[i];
            condition = Math.max(condition, Math.abs((double) expected[i] - nudged[i]));
        }
        double tolerance = CONDITION * condition + TOLERANCE * Math.sqrt(squares / Math.max(1, expected.length));
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs((double) actual[i] - expected[i]) <= tolerance + TOLERANCE * Math.abs(expected[i]))) {
                throw new AssertionError(what + ": element " + i + " is " + actual[i] + ", should be " + expected[i]
                        + ", tolerance " + tolerance);
            }
        }
    }
}
