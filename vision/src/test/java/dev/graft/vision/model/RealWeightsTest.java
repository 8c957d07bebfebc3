package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.TestData;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.model.efficientnet.EfficientNetLite0Weights;
import dev.graft.vision.model.resnet.CifarResNetWeights;
import dev.graft.vision.model.squeezenet.SqueezeNet11Weights;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.zoo.ModelZoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real weights on real images: what PyTorch computes and predicts. */
class RealWeightsTest {
    private static final float TOLERANCE = 1e-3f;
    private static final int BATCH = 10;
    private static final String LITE_FILE = "weights/efficientnet_lite0/efficientnet-lite0-57934424.pth";

    @ParameterizedTest
    @ValueSource(strings = {"squeezenet1_1.pth", "squeezenet1_1-legacy.pth", "squeezenet1_1.safetensors"})
    void squeezeNetGivesItsReferenceLogits(String file) {
        Path folder = TestData.require("weights/squeezenet1_1");
        try (Backbone model = load("squeezenet1_1", folder.resolve(file))) {
            for (int i = 0; i < 2; i++) {
                Path reference = folder.resolve("reference/" + i);
                check(model, Npy.read(reference.resolve("input_0.npy")), reference.resolve("output_0.npy"));
            }
        }
    }

    @Test
    void efficientNetGivesItsReferenceLogits() {
        Path file = TestData.require(LITE_FILE);
        Path reference = file.resolveSibling("reference");
        float[] sine = new float[3 * 224 * 224];
        for (int i = 0; i < sine.length; i++) {
            sine[i] = (float) Math.sin(0.05 * i);
        }
        try (Backbone model = load("efficientnet_lite0", file)) {
            check(model, Npy.read(reference.resolve("dog-input.npy")), reference.resolve("dog-logits.npy"));
            check(model, Tensor.of(sine, 1, 3, 224, 224), reference.resolve("sine-logits.npy"));
        }
    }

    @Test
    void squeezeNetSeesInPhotosWhatPyTorchSees() {
        photos(
                "squeezenet1_1",
                TestData.require("weights/squeezenet1_1/squeezenet1_1.pth"),
                SqueezeNet11Weights.IMAGENET1K_V1);
    }

    @Test
    void efficientNetSeesInPhotosWhatPyTorchSees() {
        photos("efficientnet_lite0", TestData.require(LITE_FILE), EfficientNetLite0Weights.IMAGENET1K_V1);
    }

    @Test
    void resNet20ScoresOnCifarWhatPyTorchScores() throws IOException {
        Path weights = TestData.require("weights/resnet_cifar10/resnet20-12fca82f.th");
        Path archive = TestData.require("images/cifar10/cifar10_jpg_test.zip");
        Map<String, Object> golden = Golden.json("zoo/cifar10_resnet20.json");
        ImagePipeline pipeline = CifarResNetWeights.RESNET20_CIFAR10.transform();
        int correct = 0;
        int asPyTorch = 0;
        try (Backbone model = load("resnet20", weights);
                ZipFile zip = new ZipFile(archive.toFile())) {
            List<String> classes = CifarResNetWeights.RESNET20_CIFAR10.classes();
            assertThat(golden.get("classes")).isEqualTo(classes);
            for (String name : classes) {
                int[] expected =
                        Golden.ints(Golden.map(golden.get("predictions")).get(name));
                List<Image> images = new ArrayList<>();
                for (int i = 0; i < expected.length; i++) {
                    ZipEntry entry = zip.getEntry(String.format("test/%s/%04d.jpg", name, i));
                    images.add(Image.read(zip.getInputStream(entry).readAllBytes(), entry.getName()));
                }
                int[] predictions = predict(model, pipeline, images);
                for (int i = 0; i < expected.length; i++) {
                    correct += predictions[i] == classes.indexOf(name) ? 1 : 0;
                    asPyTorch += predictions[i] == expected[i] ? 1 : 0;
                }
            }
        }
        System.out.println("resnet20: " + correct + " of 500 right (PyTorch " + golden.get("correct") + "), "
                + asPyTorch + " as PyTorch");
        assertThat(correct).isCloseTo((Integer) golden.get("correct"), within(2));
        assertThat(asPyTorch).isGreaterThanOrEqualTo(498);
    }

    private static void photos(String name, Path file, Weights weights) {
        Path folder = TestData.require("images/imagenet_samples");
        Map<String, Object> golden = Golden.json("zoo/imagenet_samples.json");
        List<?> files = (List<?>) golden.get("files");
        int[] expected = Golden.ints(Golden.map(golden.get(name)).get("top1"));
        int same = 0;
        int right = 0;
        try (Backbone model = load(name, file)) {
            for (int from = 0; from < files.size(); from += BATCH) {
                List<Image> images = files.subList(from, from + BATCH).stream()
                        .map(f -> Image.read(folder.resolve((String) f)))
                        .toList();
                int[] predictions = predict(model, weights.transform(), images);
                for (int i = 0; i < BATCH; i++) {
                    same += predictions[i] == expected[from + i] ? 1 : 0;
                    right += predictions[i] == 10 * (from + i) ? 1 : 0;
                }
            }
        }
        System.out.println(name + ": " + same + " of 100 photos as PyTorch, " + right + " right (PyTorch "
                + Golden.map(golden.get(name)).get("correct_top1") + ")");
        assertThat(same).isGreaterThanOrEqualTo(99);
    }

    @SuppressWarnings("try")
    private static int[] predict(Backbone model, ImagePipeline pipeline, List<Image> images) {
        SplittableRandom random = new SplittableRandom(0);
        int size = ModelZoo.architecture(model.architecture()).imageSize();
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            List<Tensor> inputs = images.stream()
                    .map(image -> Tensor.of(pipeline.toFloats(image, random), size, size, 3)
                            .permute(2, 0, 1))
                    .toList();
            return Arrays.stream(
                            model.forward(Tensor.stack(0, inputs)).argmax(1).toLongArray())
                    .mapToInt(Math::toIntExact)
                    .toArray();
        }
    }

    private static Backbone load(String name, Path file) {
        try (StateDict state = WeightFiles.load(file)) {
            Backbone model = ModelZoo.architecture(name).create(state, new SplittableRandom(0));
            model.eval();
            return model;
        }
    }

    @SuppressWarnings("try")
    private static void check(Backbone model, Tensor images, Path expected) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad();
                Tensor input = images) {
            float[] logits = model.forward(input).toFloatArray();
            assertThat(logits).containsExactly(Npy.read(expected).toFloatArray(), within(TOLERANCE));
        }
    }
}
