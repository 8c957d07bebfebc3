package dev.graft.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.data.NestedSubsets;
import dev.graft.vision.image.transform.Preprocessing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings on parts of the images. */
class LearningCurveTest {
    @TempDir
    private Path root;

    private Path data;

    @BeforeEach
    void images() throws Exception {
        data = TinyImages.folder(root.resolve("data"), 15, 1);
    }

    private FineTuning tuning() {
        return FineTuning.of(data)
                .model("resnet20")
                .weights("none")
                .freeze(FineTuning.Freeze.NONE)
                .epochs(1)
                .log(line -> {})
                .out(root.resolve("curve"));
    }

    @Test
    void eachPartIsWithinTheNextAndAllAreJudgedOnTheSame() throws Exception {
        LearningCurve.Result result =
                LearningCurve.of(tuning(), List.of(12, 4), 2, true).run();
        assertThat(result.points()).extracting(LearningCurve.Point::images).containsExactly(4, 4, 12, 12);
        assertThat(result.points())
                .extracting(LearningCurve.Point::start)
                .containsExactly("transfer", "scratch", "transfer", "scratch");
        assertThat(result.points().get(0).scores().get("accuracy").keySet())
                .containsExactly("mean", "standard_deviation", "min", "max", "low", "high");
        // both start from random weights here, with one recipe
        assertThat(result.points().get(0).scores())
                .isEqualTo(result.points().get(1).scores());
        Path out = root.resolve("curve");
        Set<String> small = lines(out.resolve("training-4-seed-1.csv"));
        Set<String> large = lines(out.resolve("training-12-seed-1.csv"));
        assertThat(lines(out.resolve("training-4-seed-2.csv")))
                .as("each seed draws for itself")
                .hasSize(4)
                .isNotEqualTo(small);
        Set<String> held = lines(out.resolve("validation.csv"));
        assertThat(large).containsAll(small).doesNotContainAnyElementsOf(held);
        assertThat(small).hasSize(4).filteredOn(line -> line.endsWith(",left")).hasSize(2);
        assertThat(held).hasSize(6);
        assertThat(Files.readAllLines(out.resolve("learning-curve.csv"))).hasSize(5);
        String flattered = "Of each training: The validation images also chose the best epoch, so these numbers are"
                + " somewhat too good.";
        assertThat(Files.readString(out.resolve("learning-curve.json"))).contains(flattered);
        assertThat(Files.readString(out.resolve("learning-curve.html"))).contains(flattered);
        // again: nothing is trained, and the numbers are the same
        assertThat(LearningCurve.of(tuning().resume(true), List.of(4, 12), 2, true)
                        .run()
                        .points())
                .isEqualTo(result.points());
    }

    /** A copy of an image that only the larger set holds would leave other images to judge the smaller by. */
    @Test
    void allPointsAreJudgedOnTheSameImagesWhateverCopiesThereAre() throws Exception {
        try (var left = Files.list(data.resolve("left"))) {
            for (Path file : left.toList()) {
                Files.copy(file, data.resolve("left").resolve("copy-" + file.getFileName()));
            }
        }
        LearningCurve.of(tuning(), List.of(4, 16), 2, false).run();
        Path out = root.resolve("curve");
        Set<Object> judged = new java.util.HashSet<>();
        for (String run : List.of("4/seed-1", "4/seed-2", "16/seed-1", "16/seed-2")) {
            var metrics = dev.graft.nn.json.Json.readObject(out.resolve("transfer/" + run + "/metrics.json"));
            judged.add(((java.util.Map<?, ?>) metrics.get("validation")).get("cases"));
        }
        int held = lines(out.resolve("validation.csv")).size();
        assertThat(judged).containsExactly(held);
        assertThat(held).as("copies of what may be trained on are left out").isLessThan(9);
    }

    /** A folder whose lists are of other images than its models' is worse than a refusal. */
    @Test
    void otherImagesAreRefusedBeforeAnyListIsReplaced() throws Exception {
        LearningCurve.of(tuning(), List.of(4), 2, false).run();
        Path out = root.resolve("curve");
        java.util.Map<Path, String> before = new java.util.TreeMap<>();
        for (String name : List.of("validation.csv", "training-4-seed-1.csv", "training-4-seed-2.csv")) {
            before.put(out.resolve(name), Files.readString(out.resolve(name)));
        }
        TinyImages.folder(data, 25, 5);
        for (FineTuning other : List.of(tuning().resume(true), tuning(), tuning().seed(7))) {
            assertThatThrownBy(
                            () -> LearningCurve.of(other, List.of(4), 2, false).run())
                    .isInstanceOf(dev.graft.nn.run.RunException.class)
                    .hasMessageContaining("holds another split")
                    .hasMessageContaining("Hint: ")
                    .hasMessageContaining("overwrite");
            for (var list : before.entrySet()) {
                assertThat(list.getKey()).hasContent(list.getValue());
            }
        }
        LearningCurve.of(tuning().overwrite(true), List.of(4), 2, false).run();
        assertThat(lines(out.resolve("validation.csv"))).hasSize(10);
    }

    /** Lists are passed on with the folder, and tell no patient's name. */
    @Test
    void listsHoldHashesOfPatients() throws Exception {
        LearningCurve.of(tuning().group("image(\\d+)"), List.of(4), 1, false).run();
        List<String> lines = Files.readAllLines(root.resolve("curve/training-4-seed-1.csv"));
        assertThat(lines.get(0)).isEqualTo("file,label,patient");
        assertThat(lines.subList(1, lines.size())).allMatch(line -> line.matches(".*,sha256:[0-9a-f]{64}"));
    }

    private static Set<String> lines(Path csv) throws Exception {
        List<String> all = Files.readAllLines(csv);
        return new TreeSet<>(all.subList(1, all.size()));
    }

    @Test
    void patientsAreInOrOutAsAWhole() {
        ImageDataset images =
                ImageFolder.open(data, Preprocessing.imageNet().eval()).groupedBy(Pattern.compile("image(\\d)"));
        int[] all = new int[images.size()];
        Arrays.setAll(all, i -> i);
        for (long seed = 0; seed < 50; seed++) {
            NestedSubsets subsets = NestedSubsets.of(images, all, seed);
            Set<Integer> before = Set.of();
            for (int size = 2; size <= images.size(); size += 3) {
                int[] rows = subsets.rows(size);
                Set<Integer> now = new TreeSet<>();
                Set<String> patients = new TreeSet<>();
                for (int row : rows) {
                    now.add(row);
                    patients.add(images.groups().orElseThrow().get(row));
                }
                assertThat(rows.length).as("seed %d", seed).isGreaterThanOrEqualTo(size);
                assertThat(now).as("seed %d", seed).containsAll(before);
                for (int row = 0; row < all.length; row++) {
                    assertThat(now.contains(row))
                            .as("seed %d, row %d", seed, row)
                            .isEqualTo(patients.contains(
                                    images.groups().orElseThrow().get(row)));
                }
                before = now;
            }
        }
    }

    @Test
    void sizesThatCannotBeAreRefused() {
        assertThatThrownBy(() -> LearningCurve.of(tuning(), List.of(), 1, false))
                .hasMessageContaining("trainSizes must be numbers of images from 2, were []");
        assertThatThrownBy(() -> LearningCurve.of(tuning(), List.of(4), 0, false))
                .hasMessageContaining("seeds");
        assertThatThrownBy(() ->
                        LearningCurve.of(tuning(), List.of(4, 25), 1, false).run())
                .hasMessageContaining("asks for 25 images, and there are 24 to train on");
    }
}
