package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.message.Message;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.ImageFindings.Seen;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.data.similar.Fingerprint;
import dev.graft.vision.data.similar.HammingIndex;
import dev.graft.vision.data.similar.SimilarImages;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.transform.Preprocessing;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Copies among real radiographs and brain scans; what it prints is the tables in docs/splits.md. */
@Tag("slow")
class RealCopiesTest {
    private static final double[] DISTANCES = {0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02};

    @TempDir
    private Path folder;

    private static List<Seen> look(Path root) {
        ImageDataset images = ImageFolder.open(root, Preprocessing.imageNet().eval());
        return new ImageCheck(OptionalInt.empty(), new StopSignal(), Progress.silent())
                .look(images, false, new TreeMap<>());
    }

    private static byte[] jpeg(Image image, float quality) {
        BufferedImage buffered = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        Image rgb = image.toRgb();
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                buffered.setRGB(x, y, rgb.pixel(x, y, 0) << 16 | rgb.pixel(x, y, 1) << 8 | rgb.pixel(x, y, 2));
            }
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (ByteArrayOutputStream out = new ByteArrayOutputStream();
                var stream = ImageIO.createImageOutputStream(out)) {
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(quality);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(buffered, null, null), how);
            stream.flush();
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            writer.dispose();
        }
    }

    private static Image cropped(Image image) {
        int x = Math.max(1, Math.round(image.width() * 0.01f));
        int y = Math.max(1, Math.round(image.height() * 0.01f));
        return ImageOps.crop(image, x, y, image.width() - 2 * x, image.height() - 2 * y);
    }

    private static Image compressed(Image image) {
        return Image.read(jpeg(image, 0.6f), "copy");
    }

    private static Map<String, UnaryOperator<Image>> alterations() {
        Map<String, UnaryOperator<Image>> all = new LinkedHashMap<>();
        all.put(
                "half the size",
                image -> ImageOps.resize(image, image.width() / 2, image.height() / 2, Interpolation.BILINEAR));
        all.put("JPEG quality 60", RealCopiesTest::compressed);
        all.put("2 % cropped", RealCopiesTest::cropped);
        all.put("15 % brighter", image -> ImageOps.adjustBrightness(image, 1.15));
        all.put("15 % darker", image -> ImageOps.adjustBrightness(image, 0.85));
        all.put("15 % more contrast", image -> ImageOps.adjustContrast(image, 1.15));
        all.put(
                "cropped, 200 x 200, 10 % brighter, JPEG",
                image -> compressed(ImageOps.adjustBrightness(
                        ImageOps.resize(cropped(image), 200, 200, Interpolation.BILINEAR), 1.1)));
        return all;
    }

    private static void printRecall(List<Seen> seen) {
        List<Seen> some = IntStream.range(0, 300)
                .mapToObj(i -> seen.get((int) ((long) i * seen.size() / 300)))
                .toList();
        alterations().forEach((name, alteration) -> {
            double[] distances = some.parallelStream()
                    .mapToDouble(image -> {
                        Fingerprint copy = Fingerprint.of(
                                "copy", alteration.apply(image.data().image(image.row())));
                        return image.print().hashDistance(copy).orElse(64) <= HammingIndex.RADIUS
                                ? image.print().distance(copy)
                                : 9;
                    })
                    .sorted()
                    .toArray();
            long copies = java.util.Arrays.stream(distances)
                    .filter(distance -> distance <= SimilarImages.COPY)
                    .count();
            long listed = java.util.Arrays.stream(distances)
                    .filter(distance -> distance <= SimilarImages.LISTED)
                    .count();
            System.out.printf(
                    Locale.ROOT,
                    "  %-40s median %.5f, 95th percentile %.5f; found as copy %.3f, listed %.3f%n",
                    name,
                    distances[distances.length / 2],
                    distances[distances.length * 95 / 100],
                    copies / 300.0,
                    listed / 300.0);
            if (!name.contains("ropped")) {
                assertThat(copies).as(name).isGreaterThanOrEqualTo(280);
            }
            assertThat(listed).as(name).isGreaterThanOrEqualTo(280);
        });
    }

    /** Pairs by distance, of files that are not byte-identical. */
    private static void printPairs(List<Seen> seen) {
        HammingIndex index = new HammingIndex(
                seen.stream().mapToLong(image -> image.print().hash()).toArray());
        AtomicIntegerArray pairs = new AtomicIntegerArray(DISTANCES.length);
        AtomicIntegerArray candidates = new AtomicIntegerArray(1);
        IntStream.range(0, seen.size()).parallel().forEach(i -> {
            Fingerprint one = seen.get(i).print();
            index.near(one.hash(), i + 1, (j, bits) -> {
                Fingerprint other = seen.get(j).print();
                if (!one.bytes().equals(other.bytes())) {
                    candidates.incrementAndGet(0);
                    double distance = one.distance(other);
                    for (int d = 0; d < DISTANCES.length; d++) {
                        if (distance <= DISTANCES[d]) {
                            pairs.incrementAndGet(d);
                        }
                    }
                }
                return true;
            });
        });
        System.out.println("  candidate pairs by hash " + candidates.get(0));
        for (int d = 0; d < DISTANCES.length; d++) {
            System.out.printf(Locale.ROOT, "  distance <= %.4f: %d pairs%n", DISTANCES[d], pairs.get(d));
        }
    }

    @Test
    void radiographsThatLookAlikeAreNoCopies() {
        List<Seen> seen = look(RealData.require("images/covid_xray_256"));
        System.out.println("covid_xray_256, " + seen.size() + " images");
        printPairs(seen);
        printRecall(seen);
        ImageFindings found = ImageFindings.among(seen);
        System.out.println("  " + found.counts());
        assertThat(found.counts())
                .as("one radiograph in two files of equal bytes, and one developed in two ways, which is too far")
                .containsEntry("bytes_within", 1)
                .containsEntry("near_within", 1);
        assertThat(found.findings().stream().filter(one -> one.twin().isCopy())).hasSize(1);
    }

    @Test
    void brainScansInTrainingAndTestingAreFoundBeforeTrainingAndLeftOutOfTheEvaluation() {
        Path root = RealData.require("images/brain_tumor_4class");
        List<String> lines = new ArrayList<>();
        Path out = folder.resolve("run");
        long begin = System.nanoTime();
        FineTuning.Result result = FineTuning.of(root)
                .model("resnet20")
                .weights("none")
                .imageSize(32)
                .epochs(1)
                .out(out)
                .log(line -> lines.add(line.toString()))
                .run();
        lines.forEach(System.out::println);
        System.out.printf("%.0f s%n", (System.nanoTime() - begin) / 1e9);
        assertThat(result.isFinished()).isTrue();
        assertThat(lines)
                .anyMatch(line -> line.startsWith(
                        "duplicates: 216 test images are byte-identical to training or validation images"));
        List<String> told = new ArrayList<>();
        try (ImageClassifier classifier = ImageClassifier.load(out)) {
            ImageEvaluation evaluation = classifier.evaluate(
                    root.resolve("Testing"),
                    ImageEvaluation.Options.defaults()
                            .log(line -> told.add(Message.of(line.toString()).toString())));
            told.forEach(System.out::println);
            System.out.println(evaluation.duplicates().entrySet().stream()
                    .filter(entry -> !entry.getKey().equals("list"))
                    .map(String::valueOf)
                    .collect(Collectors.joining(", ")));
            assertThat(evaluation.duplicates()).containsEntry("fitted", 216);
            assertThat(evaluation.images())
                    .hasSize(1311 - (Integer) evaluation.duplicates().get("left_out"));
        }
        assertThat(told)
                .anyMatch(
                        line -> line.startsWith("duplicates: 216 of these 1,311 images are identical to images that the"
                                + " model was fitted on"));
    }

    @Test
    void brainScansAreAlike() {
        List<Seen> seen = look(RealData.require("images/brain_tumor_4class").resolve("Training"));
        System.out.println("brain_tumor_4class/Training, " + seen.size() + " images");
        printPairs(seen);
        printRecall(seen);
    }
}
