package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.file.FileException;
import dev.graft.io.file.Sha256;
import dev.graft.message.SettingException;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.train.Progress;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.Window;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images in, probabilities out. */
class ImageClassifierTest {
    private static final int THREADS = 16;

    @TempDir
    private Path folder;

    private Path run;
    private List<Path> files;
    private ImageClassifier classifier;

    @BeforeEach
    void load() throws IOException {
        run = OldRun.folder(folder);
        files = OldRun.listed(OldRun.images(folder));
        classifier = ImageClassifier.load(run);
    }

    @AfterEach
    void close() {
        classifier.close();
    }

    @Test
    void everyKindOfImageGivesTheSame() throws IOException {
        Path file = files.get(3);
        byte[] bytes = Files.readAllBytes(file);
        Prediction expected = classifier.predict(file);
        assertThat(classifier.predict(bytes)).isEqualTo(expected);
        assertThat(classifier.predict(new ByteArrayInputStream(bytes))).isEqualTo(expected);
        assertThat(classifier.predict(ImageIO.read(file.toFile()))).isEqualTo(expected);
        assertThat(classifier.predict(Image.read(file))).isEqualTo(expected);
        List<Prediction> together = classifier.predict(
                List.of(file, bytes, new ByteArrayInputStream(bytes), ImageIO.read(file.toFile()), Image.read(file)));
        assertThat(together).isEqualTo(Collections.nCopies(5, together.get(0)));
        // A product of another number of rows may round otherwise (docs/determinism.md).
        assertThat(together.get(0).label()).isEqualTo(expected.label());
        assertThat(together.get(0).probability()).isCloseTo(expected.probability(), within(1e-6f));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> classifier.predict(List.of(file.toString())))
                .withMessageContaining("image 0 of the list is a java.lang.String");
    }

    @Test
    void aPredictionHasAllProbabilitiesAndTheBest() {
        Prediction prediction = classifier.predict(files.get(0));
        assertThat(prediction.classes()).containsExactly("left", "right");
        float[] probabilities = prediction.probabilities();
        assertThat(probabilities[0] + probabilities[1]).isBetween(0.999f, 1.001f);
        assertThat(prediction.probability()).isEqualTo(probabilities[prediction.index()]);
        assertThat(prediction.top(1).get(0).label()).isEqualTo(prediction.label());
        assertThat(prediction.top(5)).hasSize(2);
        probabilities[0] = 7;
        assertThat(prediction.probabilities()[0]).as("a record's own array").isLessThan(7);
    }

    @Test
    void aListIsAnsweredInOrderWhateverTheBatches() {
        List<Prediction> alone = files.stream().map(classifier::predict).toList();
        for (int maxBatch : new int[] {1, 3, 16, 100}) {
            try (ImageClassifier sized =
                    ImageClassifier.load(run, ImageClassifierOptions.defaults().maxBatch(maxBatch))) {
                List<Prediction> together = sized.predict(files);
                assertThat(together).hasSameSizeAs(alone);
                for (int i = 0; i < alone.size(); i++) {
                    // sums of many images at once may be taken in another order
                    assertThat(together.get(i).probabilities())
                            .as("image " + i + ", at most " + maxBatch)
                            .containsExactly(alone.get(i).probabilities(), within(1e-6f));
                }
                assertThat(sized.predict(files)).as("again").isEqualTo(together);
            }
        }
        assertThat(classifier.predict(List.of())).isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageClassifierOptions.defaults().maxBatch(0));
    }

    @Test
    void manyThreadsGetTheBitsThatOneGets() throws Exception {
        List<Prediction> alone = files.stream().map(classifier::predict).toList();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<List<Prediction>>> answers = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int shift = t;
                answers.add(pool.submit(() -> {
                    List<Prediction> own = new ArrayList<>(Collections.nCopies(files.size(), null));
                    for (int i = 0; i < files.size(); i++) {
                        int at = (i + shift) % files.size();
                        own.set(at, classifier.predict(files.get(at)));
                    }
                    return own;
                }));
            }
            for (Future<List<Prediction>> answer : answers) {
                assertThat(answer.get(1, TimeUnit.MINUTES)).isEqualTo(alone);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void oneUnreadableImageIsNamedAndTheOthersAreAnswered() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.png"), "no image");
        Path missing = folder.resolve("missing.png");
        List<Object> mixed = List.of(files.get(0), broken, missing, new byte[] {1, 2}, files.get(1));
        assertThatThrownBy(() -> classifier.predict(mixed))
                .isInstanceOf(ImageFormatException.class)
                .hasMessageContaining(broken.toString());
        List<PredictionOutcome> outcomes = classifier.outcomes(mixed);
        assertThat(outcomes.get(0).orElseThrow()).isEqualTo(classifier.predict(files.get(0)));
        assertThat(outcomes.get(1).failure().orElseThrow()).hasMessageContaining(broken.toString());
        assertThat(outcomes.get(2).failure().orElseThrow()).isInstanceOf(UncheckedIOException.class);
        assertThat(outcomes.get(3).failure().orElseThrow()).hasMessageContaining("image 3 of the list");
        assertThat(outcomes.get(4).orElseThrow()).isEqualTo(classifier.predict(files.get(1)));
    }

    @Test
    void closingWaitsForWhatHasBegunAndRefusesWhatComesLater() throws Exception {
        List<Prediction> alone = files.stream().map(classifier::predict).toList();
        CountDownLatch begun = new CountDownLatch(THREADS);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<Integer>> counts = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                counts.add(pool.submit(() -> {
                    int answered = 0;
                    try {
                        while (true) {
                            int at = answered % files.size();
                            assertThat(classifier.predict(files.get(at))).isEqualTo(alone.get(at));
                            if (answered++ == 0) {
                                begun.countDown();
                            }
                        }
                    } catch (IllegalStateException e) {
                        assertThat(e).hasMessageContaining("was closed");
                        return answered;
                    }
                }));
            }
            assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();
            classifier.close();
            for (Future<Integer> count : counts) {
                assertThat(count.get(1, TimeUnit.MINUTES)).isPositive();
            }
        } finally {
            pool.shutdownNow();
        }
        classifier.close();
    }

    /** The close comes while the first of many batches is read. */
    @Test
    void aListThatHasBegunIsAnsweredToItsEnd() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        InputStream first = new ByteArrayInputStream(Files.readAllBytes(files.get(0))) {
            @Override
            public synchronized int read(byte[] into, int from, int count) {
                begun.countDown();
                return super.read(into, from, count);
            }
        };
        List<Object> images = new ArrayList<>(List.of(first));
        images.addAll(Collections.nCopies(100, files.get(1)));
        try (ImageClassifier one =
                ImageClassifier.load(run, ImageClassifierOptions.defaults().maxBatch(1))) {
            ExecutorService pool = Executors.newFixedThreadPool(1);
            try {
                Future<List<Prediction>> all = pool.submit(() -> one.predict(images));
                assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();
                one.close();
                assertThat(all.get(1, TimeUnit.MINUTES)).hasSize(101);
            } finally {
                pool.shutdownNow();
            }
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void closingWithinAnEvaluationIsRefusedAndDoesNotWaitForItself() {
        Progress closing = new Progress() {
            @Override
            public void passAdvanced(int examples) {
                classifier.close();
            }
        };
        assertThatThrownBy(() -> classifier.evaluate(
                        run.resolveSibling("images"),
                        ImageEvaluation.Options.defaults().progress(closing)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("close: this thread is within");
        assertThat(classifier.predict(files)).hasSize(files.size());
    }

    @Test
    void aStreamThatIsInTheListTwiceIsRefused() throws IOException {
        InputStream stream = new ByteArrayInputStream(Files.readAllBytes(files.get(0)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> classifier.outcomes(List.of(stream, files.get(1), stream)))
                .withMessageContaining("image 2 of the list is the stream of image 0");
        assertThat(classifier.predict(stream)).isEqualTo(classifier.predict(files.get(0)));
    }

    @Test
    void aCardThatHoldsNullIsRefusedAsDamaged() throws IOException {
        Path card = run.resolve("model.json");
        String text = Files.readString(card);
        for (String damaged : new String[] {"null", text.replace("\"left\"", "null")}) {
            Files.writeString(card, damaged);
            assertThatThrownBy(() -> ImageClassifier.load(run))
                    .isInstanceOfAny(ModelException.class, FileException.class)
                    .hasMessageContaining("model.json");
        }
    }

    /** As a later version may write it. */
    @Test
    void aNetworkThatThisVersionDoesNotKnowIsNamed() throws IOException {
        Path weights = run.resolve("model.safetensors");
        String before = Sha256.of(weights);
        String bytes = new String(Files.readAllBytes(weights), StandardCharsets.ISO_8859_1);
        Files.write(weights, bytes.replace("resnet20", "resnet99").getBytes(StandardCharsets.ISO_8859_1));
        Path card = run.resolve("model.json");
        Files.writeString(
                card,
                Files.readString(card).replace("\"resnet20\"", "\"resnet99\"").replace(before, Sha256.of(weights)));
        assertThatThrownBy(() -> ImageClassifier.load(run))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("is of the network resnet99, which this version of Graft does not know");
    }

    @Test
    void weightsOfAnotherRunAreRefused() throws IOException {
        byte[] weights = Files.readAllBytes(run.resolve("model.safetensors"));
        weights[weights.length - 2] ^= 1;
        Files.write(run.resolve("model.safetensors"), weights);
        assertThatThrownBy(() -> ImageClassifier.load(run))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("another SHA-256");
        assertThatThrownBy(() -> ImageClassifier.load(folder))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("holds no model.json");
    }

    @Test
    void aNetworkByNameTakesItsLabelsFromAFile() throws IOException {
        Path labels = Files.writeString(folder.resolve("names.txt"), "links\nrechts\n");
        Path weights = Files.copy(run.resolve("model.safetensors"), folder.resolve("copy.safetensors"));
        try (ImageClassifier named = ImageClassifier.of(
                "resnet20",
                weights.toString(),
                ImageClassifierOptions.defaults().labels(labels))) {
            assertThat(named.classes()).containsExactly("links", "rechts");
            assertThat(named.predict(files.get(0)).probabilities())
                    .containsExactly(classifier.predict(files.get(0)).probabilities());
        }
        assertThatThrownBy(() -> ImageClassifier.load(
                        run, ImageClassifierOptions.defaults().labels(labels)))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("are for a network's name");
        assertThatThrownBy(() -> ImageClassifier.load(
                        run, ImageClassifierOptions.defaults().window(Window.percentile())))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("window percentile is not the model's");
    }

    @Test
    void evaluatesOnLabelledImages() {
        ImageEvaluation evaluation = classifier.evaluate(folder.resolve("images"));
        List<Prediction> predictions = classifier.predict(files);
        long right = 0;
        for (int i = 0; i < files.size(); i++) {
            right += files.get(i).getParent().endsWith(predictions.get(i).label()) ? 1 : 0;
        }
        assertThat(evaluation.scores().accuracy()).isEqualTo((double) right / files.size());
        assertThat(evaluation.images()).hasSize(16).first().asString().contains("image0.png");
        assertThat(evaluation.toMap()).containsKeys("accuracy", "confusion_matrix", "images_per_second");
    }
}
