package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.report.checklist.Study;
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
                .study(Study.of(Map.of("funding", "a <grant>")))
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
                .contains("somewhat too good")
                .contains("model.safetensors with SHA-256 ");
        assertThat(html.length()).isLessThan(1_000_000);
        // the card lists it, so that a change is found
        assertThat(Files.readString(out.resolve("model.json"))).contains("report.html");
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
                    .contains("intervals count patients");
        }
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
                .contains("These numbers are of 12");
        assertThat(out.resolve("fold-1/report.html")).exists();
    }

    /** Hours of training must not be lost because a page cannot be made: nothing of the model depends on it. */
    @Test
    void aReportThatCannotBeMadeIsSaidAndTakesNothingWithIt() throws Exception {
        for (Throwable failure : List.of(
                new IllegalStateException("no <display>"),
                new NoClassDefFoundError("java.awt"),
                new OutOfMemoryError())) {
            List<String> said = new ArrayList<>();
            String html = RunReport.orReason(
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
