package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.PaddingMode;
import dev.graft.backend.Pool2dParams;
import dev.graft.io.StateDict;
import dev.graft.nn.Freezing;
import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random small networks of library layers in random modes, frozen or not, recorded or not: the layers computed together
 * give the values, the gradients, the running statistics and the calls of the layers called one after the other, and an
 * observer of any layer sees what it would see there.
 */
class FusedLayersTest {
    private static final int CASES = 60;
    /** Of a value and of its tensor's root mean square: some 80 units in the last place. */
    private static final double TOLERANCE = 1e-5;
    /**
     * Times what a change of the input in its last two bits makes: behind a training batch norm, some gradients are
     * nothing but rounding.
     */
    private static final double CONDITION = 8;

    /** Everything that a case is made of comes from its seed, so that it can be made twice. */
    private static final class Case {
        private final SplittableRandom random;
        private final List<Module> layers = new ArrayList<>();
        private final int channels;
        /** Of one dimension. */
        private final boolean line;

        private int width;

        Case(long seed) {
            random = new SplittableRandom(seed);
            line = seed % 3 == 0;
            channels = 1 + random.nextInt(6);
            width = channels;
        }

        boolean flip() {
            return random.nextBoolean();
        }

        Module conv(int out, boolean strided) {
            int kernel = 1 + 2 * random.nextInt(2);
            boolean depthwise = width == out && random.nextInt(4) == 0;
            if (line) {
                return line(out, kernel, strided && flip() ? 2 : 1, depthwise ? width : 1);
            }
            Conv2d.Options options =
                    Conv2d.options().stride(strided && flip() ? 2 : 1).groups(depthwise ? width : 1);
            options = random.nextInt(4) == 0 ? options.paddingSame() : options.padding(kernel / 2);
            Conv2d conv = new Conv2d(width, out, kernel, flip() ? options : options.withoutBias(), random);
            width = out;
            return conv;
        }

        private Module line(int out, int kernel, int stride, int groups) {
            Conv1d.Options options = Conv1d.options().stride(stride).groups(groups);
            options = switch (random.nextInt(4)) {
                case 0 -> options.paddingSame();
                case 1 -> options.padding(kernel / 2).paddingMode(PaddingMode.REPLICATE);
                default -> options.padding(kernel / 2);
            };
            Conv1d conv = new Conv1d(width, out, kernel, flip() ? options : options.withoutBias(), random);
            width = out;
            return conv;
        }

        /** With a state unlike a new one's. */
        BatchNorm norm(int ofChannels) {
            BatchNorm.Options options = BatchNorm.options().momentum(random.nextInt(3) * 0.25f);
            BatchNorm norm = line ? new BatchNorm1d(ofChannels, options) : new BatchNorm2d(ofChannels, options);
            Autograd.noGrad(() -> {
                norm.weight().value().copyFrom(Tensor.uniform(random, -2, 2, ofChannels));
                norm.bias().value().copyFrom(Tensor.uniform(random, -1, 1, ofChannels));
                norm.runningMean().value().copyFrom(Tensor.uniform(random, -1, 1, ofChannels));
                return norm.runningVar().value().copyFrom(Tensor.uniform(random, 0.2f, 3, ofChannels));
            });
            return norm;
        }

        Module activation() {
            return switch (random.nextInt(6)) {
                case 0 -> new ReLU6();
                case 1 -> new GELU();
                case 2 -> new Observer();
                case 3 -> new Identity();
                default -> new ReLU();
            };
        }

        void chain() {
            for (int i = 0; i < 3; i++) {
                layers.add(conv(flip() ? width : 1 + random.nextInt(8), true));
                if (random.nextInt(4) > 0) {
                    layers.add(norm(width));
                }
                if (random.nextInt(4) > 0) {
                    layers.add(activation());
                }
                if (random.nextInt(4) == 0) {
                    layers.add(line ? new MaxPool1d(2, 1) : new MaxPool2d(2, 1, 0));
                }
            }
        }

        /** Any mode, anything frozen. */
        void setModes(Module net) {
            net.modules().forEach(layer -> {
                if (layer.children().isEmpty()) {
                    if (flip()) {
                        layer.eval();
                    }
                    layer.freeze(Freezing.values()[random.nextInt(5) % 3]);
                }
            });
        }

        Tensor images(boolean nudged) {
            int batch = 2 + random.nextInt(3);
            int height = 6 + random.nextInt(7);
            Tensor images = line
                    ? Tensor.randn(random, batch, channels, 12 + height)
                    : Tensor.randn(random, batch, channels, height, 6 + random.nextInt(7));
            Tensor nudge = Tensor.uniform(
                    random, 1 - 0x1p-22f, 1 + 0x1p-22f, images.shape().toArray());
            return nudged ? images.mul(nudge) : images;
        }
    }

    /** A user's layer. */
    private static final class Observer extends Module {
        private int calls;

        @Override
        protected Tensor compute(Tensor x) {
            calls++;
            return x.mul(1.5f);
        }
    }

    private static long seed(int number) {
        return 0x5eedL + 7919L * number;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSequentialGivesWhatItsLayersGive(boolean recorded) {
        for (int number = 0; number < CASES; number++) {
            long seed = seed(number);
            Forward oneByOne = (net, x) -> {
                Tensor y = x;
                for (Module layer : net.children().values()) {
                    y = layer.forward(y);
                }
                return y;
            };
            Run fused = run(seed, recorded, false, (net, x) -> net.forward(x));
            fused.assertEqual(
                    run(seed, recorded, false, oneByOne), run(seed, recorded, true, oneByOne), what(seed, recorded));
        }
    }

    private interface Forward {
        Tensor of(Sequential net, Tensor x);
    }

    private static String what(long seed, boolean recorded) {
        return "seed " + seed + (recorded ? " recorded" : "");
    }

    private static Run run(long seed, boolean recorded, boolean nudged, Forward forward) {
        Case c = new Case(seed);
        c.chain();
        Sequential net = new Sequential(c.layers);
        c.setModes(net);
        return run(net, c.images(nudged), recorded, c::flip, x -> forward.of(net, x));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void fusedBlocksGiveWhatTheirLayersGive(boolean recorded) {
        for (int number = 0; number < CASES; number++) {
            long seed = seed(1000 + number);
            Run fused = block(seed, recorded, false, true);
            fused.assertEqual(
                    block(seed, recorded, false, false), block(seed, recorded, true, false), what(seed, recorded));
        }
    }

    /** {@code convNormPool}, then {@code convNormAdd}, around layers that are sometimes a user's. */
    private static Run block(long seed, boolean recorded, boolean nudged, boolean fused) {
        Case c = new Case(seed);
        Module first = c.conv(4, true);
        BatchNorm firstNorm = c.norm(4);
        Module pool = c.line ? new MaxPool1d(3, 2) : new MaxPool2d(Pool2dParams.of(3, 2, 1));
        Module second = c.random.nextInt(4) == 0 ? new Sequential(c.conv(4, false), new Observer()) : c.conv(4, false);
        Module secondNorm = c.random.nextInt(4) == 0 ? new Observer() : c.norm(4);
        Module activation = c.activation();
        boolean pooled = c.flip();
        Sequential net = new Sequential(first, firstNorm, pool, second, secondNorm, activation);
        c.setModes(net);
        return run(net, c.images(nudged), recorded, c::flip, x -> {
            Tensor y = fused
                    ? pooled
                            ? Fused.convNormPool(first, firstNorm, activation, pool, x)
                            : Fused.convNorm(first, firstNorm, activation, x)
                    : activation.forward(firstNorm.forward(first.forward(x)));
            y = !fused && pooled ? pool.forward(y) : y;
            return fused
                    ? Fused.convNormAdd(second, secondNorm, activation, y, y)
                    : activation.forward(secondNorm.forward(second.forward(y)).add(y));
        });
    }

    private static Run run(
            Sequential net,
            Tensor images,
            boolean recorded,
            BooleanSupplier flip,
            java.util.function.UnaryOperator<Tensor> forward) {
        Tensor x = images.requireGrad(recorded && flip.getAsBoolean());
        Run run = new Run();
        net.namedModules().forEach((name, layer) -> {
            if (!name.isEmpty() && flip.getAsBoolean() && flip.getAsBoolean()) {
                net.observe(name, call -> run.add(name + "'s observed output", call.output()));
            }
        });
        try (Scope scope = Scope.open()) {
            for (int call = 0; call < 2; call++) {
                Tensor y = recorded ? forward.apply(x) : Autograd.noGrad(() -> forward.apply(x));
                run.add("output " + call, y);
                if (y.requiresGrad()) {
                    y.mul(Tensor.randn(new SplittableRandom(3), y.shape().toArray()))
                            .sum()
                            .backward();
                }
            }
        }
        x.grad().ifPresent(gradient -> run.add("input's gradient", gradient));
        net.namedParameters().forEach((name, parameter) -> {
            Optional<Tensor> gradient = parameter.grad();
            assertThat(gradient.isPresent() && parameter.isFrozen())
                    .as("gradient of the frozen " + name)
                    .isFalse();
            gradient.ifPresent(g -> run.add(name + "'s gradient", g));
        });
        try (StateDict state = net.stateDict()) {
            state.names().forEach(name -> run.add(name, state.get(name)));
        }
        net.modules().forEach(module -> run.calls.add(module instanceof Observer observer ? observer.calls : 0));
        return run;
    }

    /** What a network did. */
    private static final class Run {
        private final List<String> names = new ArrayList<>();
        private final List<float[]> values = new ArrayList<>();
        private final List<Integer> calls = new ArrayList<>();

        void add(String name, Tensor tensor) {
            names.add(name + " " + tensor.shape());
            values.add(tensor.toFloatArray());
        }

        void assertEqual(Run expected, Run nudged, String what) {
            assertThat(names).as(what).isEqualTo(expected.names);
            assertThat(calls).as(what).isEqualTo(expected.calls);
            for (int i = 0; i < values.size(); i++) {
                double condition = CONDITION * largestDifference(expected.values.get(i), nudged.values.get(i));
                assertClose(values.get(i), expected.values.get(i), condition, what + ": " + names.get(i));
            }
        }

        private static double largestDifference(float[] a, float[] b) {
            double largest = 0;
            for (int i = 0; i < a.length; i++) {
                largest = Math.max(largest, Math.abs((double) a[i] - b[i]));
            }
            return largest;
        }

        private static void assertClose(float[] actual, float[] expected, double condition, String what) {
            double squares = 0;
            for (float e : expected) {
                squares += (double) e * e;
            }
            double tolerance = condition + TOLERANCE * Math.sqrt(squares / Math.max(1, expected.length));
            for (int i = 0; i < expected.length; i++) {
                double error = Math.abs((double) actual[i] - expected[i]);
                if (!(error <= tolerance + TOLERANCE * Math.abs(expected[i]))) {
                    throw new AssertionError(what + ": element " + i + " is " + actual[i] + ", should be " + expected[i]
                            + ", tolerance " + tolerance);
                }
            }
        }
    }
}
