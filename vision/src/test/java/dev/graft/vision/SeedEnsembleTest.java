package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.json.Json;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.uncertainty.Spread;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.image.Image;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
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

    /** A file that is changed during hours of training is not the one that was read. */
    @Test
    void inputFilesAreThoseOfTheStart() throws Exception {
        Path list = root.resolve("subgroups.csv");
        String text = "file,part\nleft/image0.png,a\nright/image1.png,b\nleft/image2.png,a\nright/image3.png,b\n"
                + "left/image4.png,a\nright/image5.png,b\nleft/image6.png,a\nright/image7.png,b\n"
                + "right/image0.png,a\nleft/image1.png,b\nright/image2.png,a\nleft/image3.png,b\n"
                + "right/image4.png,a\nleft/image5.png,b\nright/image6.png,a\nleft/image7.png,b\n";
        Files.writeString(list, text);
        String hash = dev.graft.io.file.Sha256.of(list);
        SeedEnsemble.of(
                        tuning().subgroups(list).log(line -> {
                            if (line.toString().startsWith("seed 5")) {
                                write(list, text.replace("part", "other"));
                            }
                        }),
                        2)
                .run();
        assertThat(dev.graft.io.file.Sha256.of(list)).isNotEqualTo(hash);
        assertThat(Json.readObject(out.resolve("metrics.json")).get("ensemble").toString())
                .contains("column=part")
                .doesNotContain("other");
        assertThat(((Map<?, ?>) Json.readObject(out.resolve("ensemble.json")).get(ModelCard.INPUT_FILES))
                        .get("subgroups"))
                .isEqualTo(hash);
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
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
        Files.writeString(list, hashed(good.replace("seed-2", "../other")));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("not in its folder");
        Files.writeString(list, hashed(good.replace("seed-2", "seed-7")));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("seed-7");
        Files.writeString(list, good.replace("\"format_version\" : 1", "\"format_version\" : 9"));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("has the format 9");
        Files.writeString(list, hashed("{\"format_version\": 1, \"members\": []}"));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("is damaged: it lists no members");
    }

    /** With the hash that the file would have had. */
    private static String hashed(String list) {
        Map<String, Object> map = new LinkedHashMap<>(Json.parseObject(list, Path.of("test")));
        map.put(ModelCard.CARD_HASH, ModelCard.contentHash(map));
        return Json.write(map);
    }

    private static byte[] bytes(Path file) throws Exception {
        return Files.readAllBytes(file);
    }

    @Test
    void aChangedListOrMembersCardIsRefused() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        Path list = out.resolve("ensemble.json");
        String good = Files.readString(list);
        Map<String, Object> map = new LinkedHashMap<>(Json.parseObject(good, list));
        Map<String, Object> decision = new LinkedHashMap<>();
        ((Map<?, ?>) map.get("decision")).forEach((name, value) -> decision.put((String) name, value));
        map.put("decision", Map.of());
        Files.writeString(list, Json.write(map));
        assertThatThrownBy(() -> ImageClassifier.load(out))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("ensemble.json was changed after it was written");
        map.put("decision", decision);
        Files.writeString(list, Json.write(map)); // what says the same is the same
        ImageClassifier.load(out).close();
        map.remove("decision");
        Files.writeString(list, Json.write(map));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("was changed");
        Files.writeString(list, hashed(Json.write(map)));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("is damaged: it lacks \"decision\"");
        Files.writeString(list, good.replaceFirst("\"card_sha256\" : \"[0-9a-f]{64}\"\\s*}\\s*$", "\"x\" : 0}"));
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("was changed");
        Files.writeString(list, good);
        // a card that is whole, and belongs to the same weights, but is not the one that was there
        Path card = out.resolve("seed-2/model.json");
        Map<String, Object> other = new LinkedHashMap<>(Json.readObject(card));
        other.put("seed", 1234);
        Files.writeString(card, hashed(Json.write(other)));
        ImageClassifier.load(out.resolve("seed-2")).close();
        assertThatThrownBy(() -> ImageClassifier.load(out)).hasMessageContaining("its model.json is another");
    }

    @Test
    void aFolderIsOneModel() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        assertThatThrownBy(() -> tuning().run())
                .isInstanceOf(RunException.class)
                .hasMessageContaining("holds an ensemble of several models")
                .hasMessageContaining("overwrite");
        byte[] list = bytes(out.resolve("ensemble.json"));
        assertThatThrownBy(() -> tuning().overwrite(true).model("resnet19").run());
        assertThat(bytes(out.resolve("ensemble.json"))).isEqualTo(list);
        tuning().overwrite(true).run();
        assertThat(out.resolve("ensemble.json")).doesNotExist();
        try (ImageClassifier single = ImageClassifier.load(out)) {
            assertThat(single.spread(image)).isEmpty();
        }
        Files.write(out.resolve("ensemble.json"), list);
        assertThatThrownBy(() -> ImageClassifier.load(out))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("is two models")
                .hasMessageContaining("delete ensemble.json")
                .hasMessageContaining("or model.json to use the ensemble");
        Files.delete(out.resolve("model.json"));
        try (ImageClassifier ensemble = ImageClassifier.load(out)) {
            assertThat(ensemble.spread(image)).isPresent();
        }
    }

    @Test
    void whatIsRefusedLeavesTheEnsembleAsItIs() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        List<Path> files = List.of(
                out.resolve("ensemble.json"),
                out.resolve("metrics.json"),
                out.resolve("training.csv"),
                out.resolve("validation.csv"));
        List<byte[]> before = new ArrayList<>();
        for (Path file : files) {
            before.add(bytes(file));
        }
        Map<FineTuning, String> refused = new LinkedHashMap<>();
        refused.put(tuning().model("resnet19"), "resnet19");
        refused.put(tuning().model("resnet19").overwrite(true), "resnet19");
        refused.put(tuning().weights("no/such.pth"), "does not exist");
        refused.put(tuning().seed(5), "holds another split");
        refused.put(tuning().seed(5).resume(true), "holds another split");
        refused.put(tuning().epochs(2), "holds another finished run");
        for (Map.Entry<FineTuning, String> each : refused.entrySet()) {
            assertThatThrownBy(() -> SeedEnsemble.of(each.getKey(), 2).run()).hasMessageContaining(each.getValue());
            for (int i = 0; i < files.size(); i++) {
                assertThat(bytes(files.get(i))).as("%s", files.get(i)).isEqualTo(before.get(i));
            }
        }
        ImageClassifier.load(out).close();
        SeedEnsemble.of(tuning().seed(5).overwrite(true), 2).run();
        assertThat(bytes(files.get(0))).isNotEqualTo(before.get(0));
        ImageClassifier.load(out).close();
    }

    @Test
    void aStopBeforeAMemberIsReplacedLeavesTheEnsemble() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        byte[] list = bytes(out.resolve("ensemble.json"));
        StopSignal stop = new StopSignal();
        stop.request();
        assertThat(SeedEnsemble.of(tuning().overwrite(true).stop(stop), 2).run().isFinished())
                .isFalse();
        assertThat(bytes(out.resolve("ensemble.json"))).isEqualTo(list);
        ImageClassifier.load(out).close();
    }

    @Test
    void aSingleRunsFolderIsRefused() throws Exception {
        tuning().run();
        assertThatThrownBy(() -> SeedEnsemble.of(tuning(), 2).run())
                .isInstanceOf(RunException.class)
                .hasMessageContaining("holds a single run")
                .hasMessageContaining("Hint: choose another folder");
        assertThat(out.resolve("training.csv")).doesNotExist();
        assertThat(out.resolve("seed-1")).doesNotExist();
        ImageClassifier.load(out).close();
        assertThatThrownBy(() ->
                        SeedEnsemble.of(tuning().out(data.resolve("in")), 2).run())
                .hasMessageContaining("is inside the images' folder");
        assertThat(data.resolve("in")).doesNotExist();
    }

    @Test
    void theEnsembleIsJudgedOnTheImagesOfItsMembers() throws Exception {
        Path validation = TinyImages.folder(root.resolve("validation"), 4, 2);
        for (String side : List.of("left", "right")) {
            try (Stream<Path> images = Files.list(data.resolve(side))) {
                Files.copy(images.sorted().findFirst().orElseThrow(), validation.resolve(side + "/copy.png"));
            }
        }
        Map<String, Object> metrics =
                SeedEnsemble.of(tuning().val(validation), 2).run().metrics();
        Map<?, ?> own = (Map<?, ?>) metrics.get("ensemble");
        Map<String, Object> member = Json.readObject(out.resolve("seed-1/metrics.json"));
        assertThat(((Map<?, ?>) Json.readObject(out.resolve("seed-1/model.json"))
                                .get("data"))
                        .get("val_images"))
                .isEqualTo(8);
        assertThat(images(own.get("metrics"))).isEqualTo(8).isEqualTo(images(member.get("validation")));
        // all are judged where that is wanted
        Map<String, Object> all = SeedEnsemble.of(
                        tuning().val(validation).keepDuplicates(true).out(root.resolve("kept")), 2)
                .run()
                .metrics();
        assertThat(images(((Map<?, ?>) all.get("ensemble")).get("metrics"))).isEqualTo(10);
    }

    private static int images(Object summary) {
        return ((Number) ((Map<?, ?>) summary).get("cases")).intValue();
    }

    @Test
    void theFolderMayBeTheOneThatTheProgramRunsIn() {
        for (Path folder : List.of(Path.of("."), Path.of(""), Path.of("ens/.."), Path.of("ens"), out)) {
            assertThat(EnsembleFolder.isDirectlyIn(folder, "seed-1"))
                    .as("%s", folder)
                    .isTrue();
            for (String other : List.of("..", ".", "../seed-1", "a/seed-1", "/seed-1")) {
                assertThat(EnsembleFolder.isDirectlyIn(folder, other))
                        .as("%s in %s", other, folder)
                        .isFalse();
            }
        }
    }

    @Test
    void theNotesOfItsMembersAreItsOwn() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        try (ImageClassifier whole = ImageClassifier.load(out)) {
            assertThat(whole.notes()).isEmpty();
        }
        // a card as older versions wrote it
        Path card = out.resolve("seed-2/model.json");
        Map<String, Object> old = new LinkedHashMap<>(Json.readObject(card));
        old.keySet().removeAll(List.of("format_version", ModelCard.HASH, ModelCard.CARD_HASH));
        Files.writeString(card, Json.write(old));
        EnsembleFolder.ofRuns(out, List.of("seed-1", "seed-2")).write(Decision.NONE, Map.of());
        try (ImageClassifier noted = ImageClassifier.load(out)) {
            assertThat(noted.notes()).hasSize(1);
            assertThat(noted.notes().toString()).contains("seed-2").contains("has no SHA-256 of its weights");
        }
    }

    @Test
    void aDamagedDecisionIsRefused() throws Exception {
        SeedEnsemble.of(tuning(), 2).run();
        Path list = out.resolve("ensemble.json");
        String text = Files.readString(list);
        String damaged = text.replaceFirst("\"temperature\" : \\{", "\"temperature\" : 7, \"x\" : {");
        assertThat(damaged).isNotEqualTo(text);
        Files.writeString(list, hashed(damaged));
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
            assertThat(classifier.notes()).isEmpty();
            try (ImageClassifier tta =
                    ImageClassifier.load(out, options.averaging(Averaging.none().tta(Averaging.Views.HFLIP)))) {
                assertThat(tta.decision()).isNotEqualTo(Decision.NONE);
                assertThat(tta.notes()).singleElement().asString().contains("were fitted to single answers", "Hint: ");
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
