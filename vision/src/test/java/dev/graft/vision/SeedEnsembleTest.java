package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.model.ModelException;
import dev.graft.nn.uncertainty.Spread;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.image.Image;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of several seeds, and means of several answers. */
class SeedEnsembleTest {
    @TempDir
    private Path root;

    private Path data;
    private Path out;
    private Image image;

    @BeforeEach
    void images() throws Exception {
        data = TinyImages.folder(root.resolve("data"), 8, 1);
        out = root.resolve("ensemble");
        image = Image.read(TinyImages.write(root.resolve("x/left.png"), true, new SplittableRandom(3)));
    }

    private FineTuning tuning() {
        return FineTuning.of(data)
                .model("resnet20")
                .weights("none")
                .freeze(FineTuning.Freeze.NONE)
                .epochs(1)
                .seed(4)
                .log(line -> {})
                .out(out);
    }

    @Test
    void anEnsembleIsAModelWhoseProbabilitiesAreTheMean() throws Exception {
        SeedEnsemble.Result result = SeedEnsemble.of(tuning(), 3).run();
        assertThat(result.isFinished()).isTrue();
        assertThat((List<?>) result.metrics().get("seeds")).hasSize(3);
        assertThat(result.metrics().get("spread").toString())
                .contains("accuracy={mean=", "standard_deviation=", "min=");
        assertThat(((Map<?, ?>) result.metrics().get("ensemble")).get("metrics").toString())
                .contains("auroc");
        double[] mean = new double[2];
        for (int seed = 1; seed <= 3; seed++) {
            try (ImageClassifier member = ImageClassifier.load(out.resolve("seed-" + seed))) {
                float[] own = raw(out.resolve("seed-" + seed), image);
                assertThat(member.spread(image)).isEmpty();
                mean[0] += own[0] / 3.0;
                mean[1] += own[1] / 3.0;
            }
        }
        try (ImageClassifier ensemble = ImageClassifier.load(out)) {
            assertThat(ensemble.decision().facts().toString()).contains("temperature");
            float[] found = ensemble.predict(image).probabilities();
            float[] expected = ensemble.decision().calibrated(new float[] {(float) mean[0], (float) mean[1]}, false);
            assertThat(found).containsExactly(expected, within(1e-4f));
            Spread spread = ensemble.spread(image).orElseThrow();
            assertThat((double) spread.mean()[1]).isCloseTo(mean[1], within(1e-4));
            assertThat(spread.deviation()[0]).isPositive();
            for (ExplanationMethod method : ExplanationMethod.values()) {
                assertThat(ensemble.explain(image, method, 0).map()).hasDimensions(32, 32);
            }
            assertThat(ensemble.evaluate(TinyImages.folder(root.resolve("test"), 3, 9))
                            .images())
                    .hasSize(6);
        }
        // once more: nothing is trained again, and the numbers are the same
        Map<String, Object> again =
                SeedEnsemble.of(tuning().resume(true), 3).run().metrics();
        assertThat(again.get("spread")).isEqualTo(result.metrics().get("spread"));
        // the same by a resume that is told nothing but the folder
        assertThat(SeedEnsemble.of(FineTuning.unset().log(line -> {}).out(out).resume(true), 3)
                        .run()
                        .metrics()
                        .get("seeds"))
                .isEqualTo(result.metrics().get("seeds"));
    }

    /** The network's own probabilities, before its temperature. */
    private static float[] raw(Path model, Image image) {
        try (ImageClassifier classifier = ImageClassifier.load(model)) {
            float[] calibrated = classifier.predict(image).probabilities();
            double t = classifier.decision().temperature().value();
            double a = Math.pow(calibrated[0], t);
            double b = Math.pow(calibrated[1], t);
            return new float[] {(float) (a / (a + b)), (float) (b / (a + b))};
        }
    }

    @Test
    void aMemberThatIsAnotherModelOrMissingIsRefused() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        Path other = root.resolve("other");
        tuning().seed(99).out(other).run();
        Path list = out.resolve("ensemble.json");
        String good = Files.readString(list);
        for (String file : List.of("model.json", "model.safetensors")) {
            Files.copy(
                    other.resolve(file),
                    out.resolve("seed-2").resolve(file),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        assertThatThrownBy(() -> ImageClassifier.load(out))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("seed-2 is not the model that")
                .hasMessageContaining("Hint: put the member back");
        Files.writeString(list, good.replace("seed-2", "../other"));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("not in its folder");
        Files.writeString(list, good.replace("seed-2", "seed-7"));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("seed-7");
        Files.writeString(list, good.replace("\"format_version\" : 1", "\"format_version\" : 9"));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("has the format 9");
        Files.writeString(list, "{\"format_version\": 1, \"members\": []}");
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("is damaged");
    }

    @Test
    void aDamagedDecisionIsRefused() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        Path list = out.resolve("ensemble.json");
        String text = Files.readString(list);
        String damaged = text.replaceFirst("\"temperature\" : \\{", "\"temperature\" : 7, \"x\" : {");
        assertThat(damaged).isNotEqualTo(text);
        Files.writeString(list, damaged);
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("its decision is none");
    }

    @Test
    void membersOfOtherClassesAreRefused() throws Exception {
        tuning().out(out.resolve("seed-1")).run();
        Files.move(data.resolve("left"), data.resolve("up"));
        tuning().out(out.resolve("seed-2")).run();
        assertThatThrownBy(() -> EnsembleFolder.ofRuns(out, List.of("seed-1", "seed-2")))
                .hasMessageContaining("are not for one task: their classes are [left, right] and [right, up]");
    }

    @Test
    void viewsAndDropoutAreAveraged() throws Exception {
        tuning().run();
        ImageClassifierOptions options = ImageClassifierOptions.defaults();
        float[] plain;
        try (ImageClassifier classifier = ImageClassifier.load(out)) {
            plain = raw(out, image);
            float[] mirrored = raw(out, dev.graft.vision.image.ImageOps.flipHorizontal(image));
            assertThat(classifier.spread(image)).isEmpty();
            try (ImageClassifier tta =
                    ImageClassifier.load(out, options.averaging(Averaging.none().tta(Averaging.Views.HFLIP)))) {
                float[] mean = {(plain[0] + mirrored[0]) / 2, (plain[1] + mirrored[1]) / 2};
                assertThat(tta.predict(image).probabilities())
                        .containsExactly(tta.decision().calibrated(mean, false), within(1e-4f));
                assertThat(tta.spread(image).orElseThrow().mean()).containsExactly(mean, within(1e-4f));
            }
        }
        assertThatThrownBy(() -> ImageClassifier.load(
                        out, options.averaging(Averaging.none().mcDropout(5))))
                .hasMessageContaining("mcDropout(5) cannot be: ")
                .hasMessageContaining("the network has no dropout")
                .hasMessageContaining("Hint: ");
        Path squeeze = root.resolve("squeeze");
        tuning().model("squeezenet1_1").imageSize(32).out(squeeze).run();
        try (ImageClassifier mc = ImageClassifier.load(
                        squeeze, options.averaging(Averaging.none().mcDropout(40)));
                ImageClassifier once = ImageClassifier.load(squeeze)) {
            float[] mean = mc.predict(image).probabilities();
            assertThat(mc.predict(List.of(image, image, image)).get(2).probabilities())
                    .containsExactly(mean, within(1e-5f));
            assertThat(mc.spread(image).orElseThrow().deviation()[0]).isPositive();
            assertThat(mean[0]).isCloseTo(once.predict(image).probabilities()[0], within(0.2f));
        }
    }

    @Test
    void oneSeedIsNoEnsemble() {
        assertThatThrownBy(() -> SeedEnsemble.of(tuning(), 1)).hasMessageContaining("seeds must be at least 2, was 1");
        assertThatThrownBy(() -> SeedEnsemble.of(tuning().fold(1, 3), 2)).hasMessageContaining("leave one out");
    }
}
