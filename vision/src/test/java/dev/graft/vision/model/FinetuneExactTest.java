package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Sampler;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.data.ImageNpz;
import dev.graft.vision.image.TestData;
import dev.graft.vision.model.efficientnet.EfficientNetLite0Weights;
import dev.graft.vision.model.resnet.CifarResNetWeights;
import dev.graft.vision.model.squeezenet.SqueezeNet11Weights;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.zoo.ModelZoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whole fine-tunings of real weights on real images, step by step as PyTorch runs them. {@code finetune_exact.py} wrote
 * the losses; its formulas give the new head's weights and the order of the images, so nothing is left to chance: from
 * JPEG decoding to the optimizer, every part has to agree for the losses to agree.
 */
class FinetuneExactTest {
    private static final double TOLERANCE = 1e-4;
    /**
     * Batch statistics carry rounding on: by the seventh step PyTorch's own single precision is 7e-5 from its double
     * precision.
     */
    private static final int STEPS_BEFORE_DRIFT = 6;
    /** Within the twenty steps recorded, PyTorch's single precision drifts 1.5e-3 from its double precision. */
    private static final double DRIFT = 5e-3;

    private static final int HEAD_WEIGHT = 6000;
    private static final int HEAD_BIAS = 6001;
    private static final int ORDER = 7000;
    private static final int EXTRACT_BATCH = 16;
    private static final int EVALUATE_BATCH = 64;

    /** The head alone, taking a frozen backbone's features. */
    private static final class Head extends Module {
        private final Backbone model;

        Head(Backbone model) {
            this.model = model;
        }

        @Override
        protected Tensor compute(Tensor features) {
            return model.classify(features);
        }
    }

    /** Image numbers by ascending {@code unit(7000 + epoch, number)}. */
    private record FormulaOrder(int size) implements Sampler {
        @Override
        public int[] order(long seed, int epoch) {
            return IntStream.range(0, size)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> Formula.unit(ORDER + epoch, i)))
                    .mapToInt(Integer::intValue)
                    .toArray();
        }
    }

    private record Run(List<Double> losses, List<Evaluation> epochs) {}

    @Test
    void squeezeNetsNewHeadFollowsPyTorch() {
        frozen(
                "squeezenet1_1",
                TestData.require("weights/squeezenet1_1/squeezenet1_1.safetensors"),
                SqueezeNet11Weights.IMAGENET1K_V1,
                0.01f);
    }

    @Test
    @Tag("slow")
    void efficientNetsNewHeadFollowsPyTorch() {
        frozen(
                "efficientnet_lite0",
                TestData.require("weights/efficientnet_lite0/efficientnet-lite0-57934424.pth"),
                EfficientNetLite0Weights.IMAGENET1K_V1,
                (float) Math.pow(1280, -0.5));
    }

    @Test
    @Tag("slow")
    void everyParameterOfResNet20FollowsPyTorch() {
        Path weights = TestData.require("weights/resnet_cifar10/resnet20-12fca82f.th");
        Path data = TestData.require("images/pneumoniamnist/pneumoniamnist_reconstructed.npz");
        Map<String, Object> golden = golden("resnet20-pneumoniamnist");
        try (Backbone model = withFormulaHead("resnet20", weights, 0.125f);
                Scope scope = Scope.open()) {
            assertThat(model.trainableParameters()).hasSameSizeAs(model.parameters());
            Run run = train(model, images(data, ImageNpz.Part.TRAIN), images(data, ImageNpz.Part.TEST), golden);
            report("resnet20-pneumoniamnist", run, golden);
            assertLosses(run, golden, STEPS_BEFORE_DRIFT, TOLERANCE);
            assertLosses(run, golden, steps(golden), DRIFT);
            Map<String, Object> expected = epoch(golden, 0);
            assertThat(run.epochs.get(0).accuracy()).isCloseTo(number(expected, "val_accuracy"), within(0.02));
            assertThat(run.epochs.get(0).auroc()).isCloseTo(number(expected, "val_auroc"), within(0.01));
        }
    }

    private static void frozen(String architecture, Path file, Weights weights, float scale) {
        Path folder = TestData.require("images/hymenoptera/hymenoptera_data");
        String name = architecture + "-hymenoptera";
        Map<String, Object> golden = golden(name);
        try (Backbone model = withFormulaHead(architecture, file, scale);
                Scope scope = Scope.open()) {
            model.freezeBackbone();
            assertThat(model.trainableParameters()).hasSize(2);
            TensorDataset train = features(model, ImageFolder.open(folder.resolve("train"), weights.transform()));
            TensorDataset val = features(model, ImageFolder.open(folder.resolve("val"), weights.transform()));
            model.eval(); // the reference has no dropout
            Run run = train(new Head(model), train, val, golden);
            report(name, run, golden);
            assertLosses(run, golden, steps(golden), TOLERANCE);
            for (int e = 0; e < run.epochs.size(); e++) {
                Map<String, Object> expected = epoch(golden, e);
                assertThat(run.epochs.get(e).accuracy())
                        .as("accuracy of epoch %d", e + 1)
                        .isCloseTo(number(expected, "val_accuracy"), within(1.01 / val.size()));
                assertThat(run.epochs.get(e).auroc())
                        .as("AUROC of epoch %d", e + 1)
                        .isCloseTo(number(expected, "val_auroc"), within(1e-3));
                assertThat(run.epochs.get(e).loss())
                        .as("validation loss of epoch %d", e + 1)
                        .isCloseTo(number(expected, "val_loss"), within(1e-3));
            }
        }
    }

    private static Backbone withFormulaHead(String architecture, Path weights, float scale) {
        SplittableRandom random = new SplittableRandom(0);
        try (StateDict state = WeightFiles.load(weights)) {
            Backbone model = ModelZoo.architecture(architecture).create(state, random);
            model.replaceHead(2, random);
            Map<String, Parameter> parameters = model.namedParameters();
            Tensor weight = parameters.get(model.headPath() + ".weight").value();
            weight.detach().copyFrom(Formula.scaled(scale, 0f, HEAD_WEIGHT, weight.shape()));
            if (model.head() instanceof Linear) {
                Tensor bias = parameters.get(model.headPath() + ".bias").value();
                bias.detach().copyFrom(Formula.scaled(scale, 0f, HEAD_BIAS, bias.shape()));
            }
            return model;
        }
    }

    /**
     * Computed once, with the network in training mode: a frozen backbone must use its running statistics all the same.
     */
    private static TensorDataset features(Backbone model, ImageFolder folder) {
        List<Tensor> parts = new ArrayList<>();
        try (DataLoader loader = DataLoader.of(folder, EXTRACT_BATCH)) {
            for (Batch batch : loader) {
                parts.add(model.features(batch.inputs()).keep());
            }
        }
        TensorDataset features = new TensorDataset(Tensor.concat(0, parts), labels(folder.labels()));
        parts.forEach(Tensor::close);
        return features;
    }

    /** One part of a MedMNIST file, sorted by class, rows in order within one: as an image folder lists them. */
    private static TensorDataset images(Path npz, ImageNpz.Part part) {
        ImageNpz data = ImageNpz.open(npz, part, CifarResNetWeights.RESNET20_CIFAR10.transform());
        int[] labels = data.labels();
        int[] rows = IntStream.range(0, labels.length)
                .boxed()
                .sorted(Comparator.comparingInt(row -> labels[row]))
                .mapToInt(Integer::intValue)
                .toArray();
        SplittableRandom random = new SplittableRandom(0);
        try (Scope scope = Scope.open()) {
            List<Tensor> inputs = Arrays.stream(rows)
                    .mapToObj(row -> data.get(row, random).input())
                    .toList();
            return new TensorDataset(
                    Tensor.stack(0, inputs),
                    labels(Arrays.stream(rows).map(row -> labels[row]).toArray()));
        }
    }

    private static Tensor labels(int[] classes) {
        return Tensor.of(Arrays.stream(classes).asLongStream().toArray(), classes.length);
    }

    private static Run train(Module model, TensorDataset train, TensorDataset val, Map<String, Object> golden) {
        Map<String, Object> recipe = Golden.map(golden.get("recipe"));
        assertThat(List.of(train.size(), val.size()))
                .as("images")
                .containsExactlyElementsOf(Golden.map(golden.get("images")).values().stream()
                        .map(Integer.class::cast)
                        .toList());
        CrossEntropyLoss criterion = new CrossEntropyLoss();
        Sgd sgd = new Sgd(
                model.trainableParameters(),
                Sgd.lr((float) number(recipe, "lr"))
                        .momentum((float) number(recipe, "momentum"))
                        .weightDecay((float) number(recipe, "weight_decay")));
        Run run = new Run(new ArrayList<>(), new ArrayList<>());
        try (DataLoader loader =
                        DataLoader.of(train, (int) number(recipe, "batch")).sampler(new FormulaOrder(train.size()));
                DataLoader judge = DataLoader.of(val, EVALUATE_BATCH)) {
            for (int epoch = 1; epoch <= number(recipe, "epochs"); epoch++) {
                for (Batch batch : loader) {
                    if (run.losses.isEmpty()) {
                        assertThat(batch.indices()).containsExactly(Golden.ints(golden.get("first_batch")));
                    }
                    sgd.zeroGrad();
                    Tensor loss = criterion.forward(model.forward(batch.inputs()), batch.labels());
                    loss.backward();
                    sgd.step();
                    run.losses.add((double) loss.item());
                }
                run.epochs.add(Evaluator.evaluate(model, judge, criterion));
            }
        }
        return run;
    }

    private static int steps(Map<String, Object> golden) {
        return Golden.doubles(golden.get("step_losses")).length;
    }

    private static void assertLosses(Run run, Map<String, Object> golden, int steps, double tolerance) {
        double[] expected = Golden.doubles(golden.get("step_losses"));
        for (int i = 0; i < steps; i++) {
            assertThat(run.losses.get(i))
                    .as("loss of step %d", i + 1)
                    .isCloseTo(expected[i], within(tolerance * expected[i]));
        }
    }

    private static void report(String name, Run run, Map<String, Object> golden) {
        double[] expected = Golden.doubles(golden.get("step_losses"));
        double[] errors = IntStream.range(0, expected.length)
                .mapToDouble(i -> Math.abs(run.losses.get(i) / expected[i] - 1))
                .toArray();
        Map<String, Object> last = epoch(golden, run.epochs.size() - 1);
        Evaluation scores = run.epochs.get(run.epochs.size() - 1);
        System.out.printf(
                Locale.ROOT,
                "%s: relative error of the loss at most %.1e in %d steps, %.1e in %d; last epoch: "
                        + "loss %.6f (PyTorch %.6f), accuracy %.6f (%.6f), AUROC %.6f (%.6f)%n",
                name,
                worst(errors, STEPS_BEFORE_DRIFT),
                STEPS_BEFORE_DRIFT,
                worst(errors, errors.length),
                errors.length,
                scores.loss(),
                number(last, "val_loss"),
                scores.accuracy(),
                number(last, "val_accuracy"),
                scores.auroc(),
                number(last, "val_auroc"));
    }

    private static double worst(double[] errors, int steps) {
        return Arrays.stream(errors, 0, steps).max().orElseThrow();
    }

    private static Map<String, Object> golden(String recipe) {
        return Golden.map(
                Golden.map(Golden.json("finetune_exact.json").get("recipes")).get(recipe));
    }

    private static Map<String, Object> epoch(Map<String, Object> golden, int index) {
        return Golden.map(((List<?>) golden.get("epochs")).get(index));
    }

    private static double number(Map<String, Object> map, String key) {
        return ((Number) map.get(key)).doubleValue();
    }
}
