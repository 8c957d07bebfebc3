package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.decision.Temperature;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.run.CardReport;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** The reports of trainings and evaluations of images. */
class ImageReportTest {
    @TempDir
    Path root;

    private static FineTuning tuning(Path data, Path out) {
        return FineTuning.of(data)
                .model("resnet20")
                .weights("none")
                .freeze(FineTuning.Freeze.NONE)
                .epochs(2)
                .out(out);
    }

    private static Document parse(String html) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(html)));
    }

    @Test
    void everyTrainingWritesOneThatHoldsItsImagesAndItsStudy() throws Exception {
        Path out = root.resolve("run");
        FineTuning.Result result = tuning(TinyImages.folder(root.resolve("data"), 8, 1), out)
                .study(Study.of(Map.of("funding", "a <grant>", "ethics", "Approved by X", "limitations", "Few of Y")))
                .run();
        assertThat(result.isFinished()).isTrue();
        String html = Files.readString(out.resolve("report.html"));
        Document page = parse(html);
        String text = page.getDocumentElement().getTextContent();
        assertThat(page.getElementsByTagName("img").getLength()).isGreaterThan(0);
        assertThat(text)
                .contains("resnet20")
                .contains("Grad-CAM")
                .contains("sanity check of grad-cam")
                .contains("a <grant>")
                .contains("Validation images, judged here")
                .contains("validation loss")
                .contains("The validation images also chose the best epoch, so these numbers are somewhat too good.")
                .contains("model.safetensors with SHA-256 ");
        assertThat(html.length()).isLessThan(1_000_000);
        assertThat(Files.readString(out.resolve("model-card.md")))
                .contains("* **Ethical considerations:** Approved by X")
                .contains("* **Caveats:** Few of Y")
                .contains("* **Licence:** NOT PROVIDED");
        // the card lists it, so that a change is found
        assertThat(Files.readString(out.resolve("model.json"))).contains("report.html");
    }

    /** Words, no maps of Java; and two sets that were given are not called divided by a seed. */
    @Test
    void itSaysInWordsHowTheThresholdWasChosenAndWhereTheSidesComeFrom() throws Exception {
        TinyImages.folder(root.resolve("parts/train"), 8, 1);
        TinyImages.folder(root.resolve("parts/val"), 6, 2);
        List<String> lines = new ArrayList<>();
        Path out = root.resolve("run");
        tuning(root.resolve("parts"), out)
                .threshold(DecisionRule.Threshold.parse("youden"))
                .log(line -> lines.add(line.toString()))
                .run();
        String text = parse(Files.readString(out.resolve("report.html")))
                .getElementsByTagName("main")
                .item(0)
                .getTextContent();
        assertThat(text)
                .contains("chosen on validation images; rule youden; right from ")
                .contains("The validation images also chose the best epoch and the threshold, so these numbers are")
                .contains(" on: sensitivity ")
                .contains("16 training and 12 validation images, given as separate sets")
                .contains("compared with all others; bytes across 0, bytes within 0")
                .doesNotContain("divided by the seed")
                .doesNotContain("{")
                .doesNotContain("=");
        assertThat(lines).anySatisfy(line -> assertThat(line).contains("16 training examples are too few"));
    }

    @Test
    void theReportOfAnEvaluationIsOfItsImages() throws Exception {
        Path model = root.resolve("run");
        tuning(TinyImages.folder(root.resolve("data"), 8, 1), model).run();
        Path other = TinyImages.folder(root.resolve("other"), 5, 99);
        Files.writeString(other.resolve("left/damaged.png"), "no image");
        try (ImageClassifier classifier = ImageClassifier.load(model)) {
            ImageEvaluation evaluation = classifier.evaluate(
                    other, ImageEvaluation.Options.defaults().skipBad(true).group("([a-z0-9]+)\\.png"));
            String html = EvaluationReport.of(model, other, evaluation)
                    .study(Study.of(Map.of("ethics", "Approved.")))
                    .toHtml(classifier);
            String text = parse(html).getDocumentElement().getTextContent();
            assertThat(text)
                    .contains("Evaluation of a resnet20")
                    .contains("Approved.")
                    .contains("1 images could not be read and were left out")
                    .contains("Images judged")
                    .contains("on images that are none of those that it was fitted on")
                    .contains("of which patients the model was fitted on images is not known")
                    .doesNotContain("patients of whom the model was fitted on images: 0")
                    .contains("intervals count patients");
        }
    }

    private static String text(Path model, Path data, ImageEvaluation.Options how) throws Exception {
        try (ImageClassifier classifier = ImageClassifier.load(model)) {
            return parse(EvaluationReport.of(model, data, classifier.evaluate(data, how))
                            .toHtml(classifier))
                    .getDocumentElement()
                    .getTextContent();
        }
    }

    /** Of the mean of several answers it is another than the card's own. */
    @Test
    void itStatesTheDecisionByWhichTheCasesWereDecided() throws Exception {
        Path model = root.resolve("run");
        tuning(TinyImages.folder(root.resolve("data"), 8, 1), model)
                .threshold(DecisionRule.Threshold.parse("0.3"))
                .log(line -> {})
                .run();
        assertThat(Files.readString(model.resolve("report.html")))
                .contains("given; right from 0.3")
                .doesNotContain("chosen on validation images; ");
        Path other = TinyImages.folder(root.resolve("other"), 5, 99);
        try (ImageClassifier classifier = ImageClassifier.load(model)) {
            ImageEvaluation own = classifier.evaluate(other);
            Decision averaged = new Decision(
                    Temperature.of(1.75),
                    List.of(0.625),
                    Optional.empty(),
                    Optional.empty(),
                    Map.of("threshold", Map.of("rule", "youden")));
            ImageEvaluation evaluation = new ImageEvaluation(
                    own.scores(),
                    averaged,
                    own.flags(),
                    own.images(),
                    own.classes(),
                    own.patients(),
                    own.summary(),
                    own.unreadable(),
                    own.duplicates(),
                    own.seconds());
            assertThat(EvaluationReport.of(model, other, evaluation).toHtml(classifier))
                    .contains("temperature 1.75, fitted")
                    .contains("chosen on validation images; rule youden", "0.625")
                    .doesNotContain("right from 0.3");
        }
    }

    /** Nobody knows whether the other model has seen the images: the section of the comparison says so. */
    @Test
    void whatIsNotKnownOfTheOtherModelStandsBesideItsScores() throws Exception {
        Path model = root.resolve("run");
        Path data = TinyImages.folder(root.resolve("data"), 8, 1);
        tuning(data, model).log(line -> {}).run();
        Path second = root.resolve("second");
        tuning(data, second).log(line -> {}).run();
        Files.delete(second.resolve("fingerprints.csv"));
        Path images = TinyImages.folder(root.resolve("other"), 5, 99);
        ImageEvaluation.Options how =
                ImageEvaluation.Options.defaults().group("([a-z0-9]+)\\.png").log(line -> {});
        try (ImageClassifier classifier = ImageClassifier.load(model);
                ImageClassifier other = ImageClassifier.load(second)) {
            ImageEvaluation evaluation = classifier.evaluate(images, how);
            ImageEvaluation judged = other.evaluate(images, how);
            String html = EvaluationReport.of(model, images, evaluation)
                    .comparison(second, judged, evaluation.compare(judged))
                    .toHtml(classifier);
            assertThat(html)
                    .contains("It is not known which images the other model was fitted on")
                    .contains("It is not known of which patients the other model was fitted on images")
                    .doesNotContain("It is not known which images the model was fitted on");
        }
    }

    @Test
    void itSaysWhatOfTheJudgedImagesTheModelWasFittedOn() throws Exception {
        Path model = root.resolve("run");
        Path data = TinyImages.folder(root.resolve("data"), 8, 1);
        tuning(data, model).log(line -> {}).run();
        ImageEvaluation.Options how = ImageEvaluation.Options.defaults().log(line -> {});
        String disjoint = "images that are none of those that it was fitted on";
        assertThat(text(model, data, how))
                .contains("The model was fitted on 16 of these 16 images")
                .contains("this is no evaluation of how good it is")
                .contains("judged all the same: 16")
                .contains("images of the training are among these")
                .doesNotContain(disjoint);
        Path mixed = TinyImages.folder(root.resolve("mixed"), 8, 7);
        Files.copy(data.resolve("left/image0.png"), mixed.resolve("left/again.png"));
        assertThat(text(model, mixed, how))
                .contains(disjoint)
                .contains("found among these: 1, judged all the same: 0")
                .doesNotContain("The model was fitted on 1 of");
        assertThat(text(model, mixed, how.keepDuplicates(true)))
                .contains("The model was fitted on 1 of these 17 images")
                .contains("of which 1 of 17 are among those")
                .doesNotContain(disjoint);
        Files.delete(model.resolve("fingerprints.csv"));
        assertThat(text(model, data, how))
                .contains("whether it was fitted on some of these images is not known")
                .contains("it is not known which images the model was fitted on")
                .doesNotContain("found among these")
                .doesNotContain("look like training images")
                .doesNotContain(disjoint);
    }

    @Test
    void ensemblesAndFoldersOfOthersHaveOneToo() throws Exception {
        Path out = root.resolve("ensemble");
        SeedEnsemble.of(
                        tuning(TinyImages.folder(root.resolve("data"), 8, 1), out)
                                .epochs(1)
                                .log(line -> {}),
                        2)
                .run();
        Path other = TinyImages.folder(root.resolve("other"), 5, 99);
        ImageEvaluation.Options how = ImageEvaluation.Options.defaults().log(line -> {});
        assertThat(text(out, other, how))
                .contains("Evaluation of a resnet20 ensemble")
                .contains("the mean of the probabilities of 2 networks")
                .contains("trained on 12 images")
                .doesNotContain("none: one network");
        Path timm = Files.createDirectories(root.resolve("timm"));
        Files.copy(out.resolve("seed-1/model.safetensors"), timm.resolve("model.safetensors"));
        Files.writeString(timm.resolve("config.json"), """
                {"architecture": "resnet20", "num_classes": 2, "label_names": ["left", "right"], "pretrained_cfg":
                {"input_size": [3, 32, 32], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation":
                "bilinear", "crop_pct": 1.0, "num_classes": 2}}
                """);
        assertThat(text(timm, other, how))
                .contains("Evaluation of a resnet20")
                .contains("on which it was trained is not known")
                .contains("none: one network");
    }

    /** What is the same in both sets, nobody has looked for. */
    @Test
    void twoGivenSetsAreNotSaidToBeAlike() throws Exception {
        Path data = TinyImages.folder(root.resolve("data"), 6, 1);
        Path held = TinyImages.folder(root.resolve("held"), 3, 5);
        tuning(data, root.resolve("split")).epochs(1).log(line -> {}).run();
        tuning(data, root.resolve("given")).val(held).epochs(1).log(line -> {}).run();
        String alike = "none: training and validation images are";
        assertThat(Files.readString(root.resolve("split/report.html"))).contains(alike);
        assertThat(Files.readString(root.resolve("given/report.html"))).doesNotContain(alike);
    }

    @Test
    void aCrossValidationHasOneOfAllItsFolds() throws Exception {
        Path out = root.resolve("folds");
        CrossValidation.of(
                        tuning(TinyImages.folder(root.resolve("data"), 6, 1), out)
                                .epochs(1),
                        2)
                .run();
        String text = parse(Files.readString(out.resolve("report.html")))
                .getDocumentElement()
                .getTextContent();
        assertThat(text)
                .contains("Cross-validation of a resnet20")
                .contains("fold 2")
                .contains("These numbers are of 12")
                .contains("Patients are not known");
        assertThat(out.resolve("fold-1/report.html")).exists();
    }

    @Test
    void aCrossValidationCountsPatients() throws Exception {
        Path out = root.resolve("folds");
        CrossValidation.of(
                        tuning(TinyImages.folder(root.resolve("data"), 6, 1), out)
                                .group("image(\\d+)")
                                .epochs(1)
                                .log(line -> {}),
                        2)
                .run();
        assertThat(Files.readString(out.resolve("report.html")))
                .contains("12 cases of 6 patients; intervals count patients")
                .doesNotContain("Patients are not known");
        List<String> lines = Files.readAllLines(out.resolve("fold-1/predictions.csv"));
        assertThat(lines.get(0)).endsWith(",answer_right,patient");
        assertThat(lines.get(1)).as("hashed").matches(".*,[0-9a-f]{64}");
    }

    /** Hours of training must not be lost because a page cannot be made: nothing of the model depends on it. */
    @Test
    void aReportThatCannotBeMadeIsSaidAndTakesNothingWithIt() throws Exception {
        for (Throwable failure : List.of(
                new IllegalStateException("no <display>"),
                new NoClassDefFoundError("java.awt"),
                new OutOfMemoryError())) {
            List<String> said = new ArrayList<>();
            String html = CardReport.orReason(
                    () -> {
                        if (failure instanceof Error error) {
                            throw error;
                        }
                        throw (RuntimeException) failure;
                    },
                    said::add);
            assertThat(said).hasSize(1);
            assertThat(said.get(0)).contains(failure.getClass().getSimpleName());
            assertThat(parse(html).getDocumentElement().getTextContent())
                    .contains("could not be made (" + said.get(0) + ")");
        }
    }

    @Test
    void imagesThatAreGoneBeforeTheReportAreSaidToBeMissing() throws Exception {
        Path data = TinyImages.folder(root.resolve("data"), 8, 1);
        Path out = root.resolve("run");
        FineTuning.Result result = tuning(data, out)
                .progress(new Progress() {
                    @Override
                    public void epochDone(EpochResult epoch) {
                        if (epoch.epoch() == 2) {
                            delete(data);
                        }
                    }
                })
                .freeze(FineTuning.Freeze.BACKBONE) // so the last pass over the validation needs no image
                .run();
        assertThat(result.isFinished()).isTrue();
        assertThat(Files.readString(out.resolve("report.html"))).contains("could not be read again");
        ImageClassifier.load(out).close();
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
