package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.ModuleList;
import dev.graft.nn.layer.sequence.GRU;
import dev.graft.nn.layer.sequence.LSTM;
import dev.graft.nn.layer.sequence.MultiheadAttention;
import dev.graft.nn.layer.sequence.RecurrentOptions;
import dev.graft.nn.layer.sequence.TransformerEncoder;
import dev.graft.nn.layer.sequence.TransformerEncoderLayer;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.GradientClip;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every layer is trained on core's reference devices, which share nothing with the CPU's kernels or memory: what a
 * layer makes by itself (masks, statistics, constants) must lie where its input does.
 */
class LayersOnAnotherDeviceTest {
    private static final long SEED = 20261130;
    private static final int CLASSES = 4;
    private static final int STEPS = 3;
    private static final List<Supplier<Module>> PICTURES =
            List.of(LayersOnAnotherDeviceTest::images, LayersOnAnotherDeviceTest::spatial);
    private static final List<Supplier<Module>> MODELS =
            List.of(PICTURES.get(0), PICTURES.get(1), LayersOnAnotherDeviceTest::sequences, Texts::new);

    private static Module images() {
        SplittableRandom random = new SplittableRandom(SEED);
        return new Sequential(
                new Conv2d(3, 6, 3, Conv2d.options().padding(1).withoutBias(), random),
                new BatchNorm2d(6),
                new ReLU(),
                new MaxPool2d(2),
                new Conv2d(6, 6, 3, Conv2d.options().padding(1).groups(6), random),
                new ReLU6(),
                new AvgPool2d(2),
                new Identity(),
                new Sigmoid(),
                new AdaptiveMaxPool2d(2),
                new AdaptiveAvgPool2d(2),
                new Flatten(),
                new Dropout(0.25f, random),
                new Linear(6 * 2 * 2, CLASSES, random));
    }

    private static Module sequences() {
        SplittableRandom random = new SplittableRandom(SEED);
        return new Sequential(
                new Embedding(9, 16, random),
                new Conv1d(12, 6, 3, Conv1d.options().padding(1).withoutBias(), random),
                new BatchNorm1d(6),
                new GELU(),
                new MaxPool1d(2),
                new LayerNorm(8),
                new LeakyReLU(),
                new PReLU(6),
                new SiLU(),
                new ELU(0.5f),
                new Hardswish(),
                new Hardsigmoid(),
                new AvgPool1d(2),
                new Tanh(),
                new AdaptiveMaxPool1d(3),
                new AdaptiveAvgPool1d(2),
                new Flatten(),
                new Softmax(1),
                new Linear(12, CLASSES, random));
    }

    private static Module spatial() {
        SplittableRandom random = new SplittableRandom(SEED);
        return new Sequential(
                Pad2d.reflection(1),
                new Conv2d(3, 8, 3, Conv2d.options().stride(2).padding(1).paddingMode(PaddingMode.REPLICATE), random),
                new GroupNorm(2, 8),
                new PixelShuffle(2),
                new InstanceNorm2d(2, InstanceNorm.options().affine(true).tracking(true)),
                new Upsample(InterpolateParams.bilinear().size(4, 5)),
                new ConvTranspose2d(2, 3, 3, ConvTranspose2d.options().stride(2).padding(1), random),
                new RMSNorm(9),
                new Flatten(2),
                Pad1d.replication(1, 2),
                new ConvTranspose1d(3, 2, 4, ConvTranspose1d.options().stride(2).withoutBias(), random),
                new InstanceNorm1d(2),
                new Flatten(),
                new Linear(2 * 134, CLASSES, random));
    }

    /** A bag of letters beside what attention and recurrent layers make of them. */
    private static final class Texts extends Module {
        private final EmbeddingBag bag;
        private final Sequential layers;
        private final Linear head;

        Texts() {
            SplittableRandom random = new SplittableRandom(SEED);
            TransformerEncoderLayer.Options options =
                    TransformerEncoderLayer.options().hidden(9).dropout(0.25f).normFirst(true);
            bag = new EmbeddingBag(9, 3, EmbeddingBag.Mode.MEAN, OptionalInt.of(1), random);
            layers = new Sequential(
                    new Embedding(9, 8, OptionalInt.of(0), random),
                    TransformerEncoder.of(1, 8, 2, options, random),
                    new MultiheadAttention(8, 2, random),
                    new LSTM(8, 4, RecurrentOptions.of().batchFirst(true).bidirectional(true), random),
                    new GRU(8, 3, RecurrentOptions.of().batchFirst(true), random),
                    new Flatten());
            head = new Linear(3 + 12 * 3, CLASSES, random);
        }

        @Override
        protected Tensor compute(Tensor letters) {
            return head.forward(Tensor.concat(1, bag.forward(letters), layers.forward(letters)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "reference:1", "reference:2"})
    void trainsAsOnTheCpu(String device) {
        SplittableRandom random = new SplittableRandom(SEED);
        Tensor pictures = Tensor.randn(random, 5, 3, 9, 10);
        Tensor letters = Tensor.of(random.longs(5 * 12, 0, 9).toArray(), 5, 12);
        for (Supplier<Module> model : MODELS) {
            Tensor input = PICTURES.contains(model) ? pictures : letters;
            Map<String, float[]> expected = train(model.get(), input, Device.cpu());
            Map<String, float[]> found = train(model.get(), input, Device.of(device));
            // The bias of keys has no influence: its gradient is rounding noise, whose sign AdamW follows.
            expected.keySet().removeIf(name -> name.endsWith("in_proj_bias"));
            found.keySet().removeIf(name -> name.endsWith("in_proj_bias"));
            assertThat(found.keySet()).isEqualTo(expected.keySet());
            expected.forEach((name, values) -> {
                for (int i = 0; i < values.length; i++) {
                    assertThat(found.get(name)[i]).as("%s[%d]", name, i).isCloseTo(values[i], within(2e-4f));
                }
            });
        }
    }

    private static Map<String, float[]> train(Module model, Tensor input, Device device) {
        Map<String, float[]> found = new LinkedHashMap<>();
        try (Scope scope = Scope.open();
                model) {
            model.to(device);
            Tensor x = input.to(device);
            Tensor labels = Tensor.of(new long[] {0, 3, 1, 2, 0}, 5).to(device);
            CrossEntropyLoss loss = new CrossEntropyLoss().labelSmoothing(0.1f);
            try (AdamW optimizer = new AdamW(model.parameters(), AdamW.lr(0.01))) {
                for (int step = 0; step < STEPS; step++) {
                    optimizer.zeroGrad();
                    Tensor value = loss.forward(model.forward(x), labels);
                    value.backward();
                    found.put("norm " + step, new float[] {(float) GradientClip.norm(model.parameters(), 0.5)});
                    optimizer.step();
                    found.put("loss " + step, value.toFloatArray());
                }
            }
            assertThat(found.get("loss 2")[0]).isLessThan(found.get("loss 0")[0]);
            model.eval();
            try (Autograd.Guard guard = Autograd.noGrad()) {
                found.put("logits", model.forward(x).toFloatArray());
            }
            try (StateDict state = model.stateDict()) {
                state.entries().stream()
                        .filter(entry -> !entry.getKey().endsWith("num_batches_tracked"))
                        .forEach(entry ->
                                found.put(entry.getKey(), entry.getValue().toFloatArray()));
            }
        }
        return found;
    }

    @Test
    void noLayerIsLeftOut() throws IOException, ReflectiveOperationException {
        Set<String> used = new TreeSet<>();
        for (Supplier<Module> model : MODELS) {
            model.get().modules().stream()
                    .map(Module::getClass)
                    .filter(type -> Modifier.isPublic(type.getModifiers()) && type != ModuleList.class)
                    .forEach(type -> used.add(type.getSimpleName()));
        }
        Set<String> layers = new TreeSet<>();
        Path classes = Path.of("target/classes");
        try (Stream<Path> files = Files.walk(classes.resolve("dev/graft/nn/layer"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                if (file.endsWith("package-info.class")) {
                    continue;
                }
                String name = classes.relativize(file).toString().replace(".class", "");
                Class<?> type = Class.forName(name.replace(file.getFileSystem().getSeparator(), "."));
                if (Module.class.isAssignableFrom(type)
                        && Modifier.isPublic(type.getModifiers())
                        && !Modifier.isAbstract(type.getModifiers())) {
                    layers.add(type.getSimpleName());
                }
            }
        }
        assertThat(layers).hasSizeGreaterThan(20).isEqualTo(used);
    }
}
