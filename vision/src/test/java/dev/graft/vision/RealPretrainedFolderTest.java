package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.json.Json;
import dev.graft.nn.run.RunException;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.image.Image;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A real ImageNet network in a folder as timm ships one, written by {@code convert.py} beside its ONNX file. */
class RealPretrainedFolderTest {
    private static final String SOURCE = "weights/resnet18_onnx";

    @TempDir
    private Path folder;

    private Path converted(String... options) throws IOException, InterruptedException {
        Path script = RealData.require(SOURCE).resolve("convert.py");
        Path result = folder.resolve("converted");
        List<String> command = new ArrayList<>(List.of("python3", script.toString()));
        command.addAll(List.of(options));
        command.add(result.toString());
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("convert.log").toFile())
                    .start();
        } catch (IOException e) {
            String reason = "skipped: no python3 for " + script;
            System.out.println(reason);
            Assumptions.abort(reason);
            throw e;
        }
        assertThat(process.waitFor())
                .as(Files.readString(folder.resolve("convert.log")))
                .isZero();
        return result;
    }

    private static float[] npy(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int header = ByteBuffer.wrap(bytes, 8, 2).order(ByteOrder.LITTLE_ENDIAN).getShort();
        assertThat(new String(bytes, 10, header, java.nio.charset.StandardCharsets.US_ASCII))
                .contains("'<f4'");
        float[] values = new float[(bytes.length - 10 - header) / Float.BYTES];
        ByteBuffer.wrap(bytes, 10 + header, bytes.length - 10 - header)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        return values;
    }

    @Test
    @SuppressWarnings("try")
    void itsFeaturesAreThoseOfOnnxRuntime() throws Exception {
        PretrainedFolder pretrained = PretrainedFolder.open(converted());
        assertThat(pretrained.architecture().name()).isEqualTo("resnet18,layers=2-2-2-3");
        assertThat(pretrained.preprocessing().resizeSize()).isEqualTo(256);
        assertThat(pretrained.classes()).isEmpty();
        Path reference = RealData.require(SOURCE).resolve("reference");
        try (Backbone model = pretrained.network(2, new SplittableRandom(1))) {
            model.eval();
            for (String photo : List.of("alligator", "dog", "orange")) {
                float[] expected = npy(reference.resolve(photo + "_features_channel_mean.npy"));
                Image image = Image.read(reference.resolve(photo + ".png")).toRgb();
                try (Scope scope = Scope.open();
                        Autograd.Guard guard = Autograd.noGrad()) {
                    float[] pixels = pretrained.preprocessing().normalize().toFloats(image);
                    Tensor input = Tensor.of(pixels, 1, 224, 224, 3).permute(0, 3, 1, 2);
                    float[] features = model.features(input).toFloatArray();
                    assertThat(features).hasSameSizeAs(expected);
                    double largest = 0;
                    double apart = 0;
                    for (int i = 0; i < expected.length; i++) {
                        largest = Math.max(largest, Math.abs(expected[i]));
                        apart = Math.max(apart, Math.abs(expected[i] - features[i]));
                    }
                    System.out.printf("%s: apart by %.1e of the largest%n", photo, apart / largest);
                    assertThat(apart / largest).as(photo).isLessThanOrEqualTo(1e-4);
                }
            }
        }
    }

    /** At its defaults, on real photographs; a run's folder says what it began with. */
    @ParameterizedTest
    @Tag("slow")
    @CsvSource({"false, 0.93", "true, 0.90"})
    void frozenItTellsAntsFromBees(boolean resnet18, double least) throws Exception {
        Path data = RealData.require("images/hymenoptera/hymenoptera_data");
        Path pretrained = resnet18 ? converted("--resnet18") : converted();
        Path out = folder.resolve("run");
        FineTuning.Result result = FineTuning.of(data)
                .weights(pretrained.toString())
                .skipBad(true)
                .out(out)
                .run();
        System.out.println("hymenoptera, resnet18 " + resnet18 + ": " + result.accuracy());
        assertThat(result.accuracy().orElseThrow()).isGreaterThanOrEqualTo(least);
        assertThat(Json.readObject(out.resolve("model.json")).get("architecture"))
                .isEqualTo(resnet18 ? "resnet18" : "resnet18,layers=2-2-2-3");
        try (ImageClassifier classifier = ImageClassifier.load(out)) {
            assertThat(classifier.evaluate(data.resolve("val")).scores().accuracy())
                    .isEqualTo(result.accuracy().orElseThrow());
        }
        assertThatThrownBy(() -> ImageClassifier.load(pretrained))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("holds a backbone without a classifier");
    }
}
