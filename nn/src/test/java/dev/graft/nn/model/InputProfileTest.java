package dev.graft.nn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is usual, and what is flagged. */
class InputProfileTest {
    @TempDir
    private Path folder;

    private static float[][] gaussian(int rows, int features, double shift, long seed) {
        Random random = new Random(seed);
        float[][] x = new float[rows][features];
        for (float[] row : x) {
            double common = random.nextGaussian();
            for (int j = 0; j < features; j++) {
                row[j] = (float) (3 * common * (j % 2) + random.nextGaussian() * (j + 1) / features + shift);
            }
        }
        return x;
    }

    @Test
    void whatIsOutsideTheRangeIsFlaggedWithValueAndRange() {
        List<Map<String, Double>> measured = new ArrayList<>();
        for (int i = 0; i <= 100; i++) {
            measured.add(Map.of("width", 256.0, "mean", 100.0 + i));
        }
        InputProfile profile = InputProfile.of(measured, Map.of("width", 0.5));
        assertThat(profile.flags(Map.of("width", 256.0, "mean", 150.0), OptionalDouble.empty()))
                .isEmpty();
        assertThat(profile.flags(Map.of("width", 257.0), OptionalDouble.empty()))
                .containsExactly(new InputFlag("width", 257, 255.5, 256.5));
        InputFlag bright =
                profile.flags(Map.of("mean", 250.0), OptionalDouble.empty()).get(0);
        assertThat(bright.high()).isCloseTo(200 + 0.15 * 90, within(0.2));
        assertThat(profile.flags(Map.of("mean", Double.NaN), OptionalDouble.empty()))
                .hasSize(1);
        assertThat(profile.flags(Map.of("unknown", 1.0), OptionalDouble.of(9))).isEmpty();
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        FeatureSpace space = FeatureSpace.of(gaussian(200, 12, 0, 1));
        List<Map<String, Double>> measured = new ArrayList<>();
        for (int i = 0; i < InputProfile.FEWEST; i++) {
            measured.add(Map.of("a", 1.0 + i));
        }
        InputProfile profile = InputProfile.of(measured, Map.of()).with(space, new double[] {1, 2, 3});
        assertThat(profile.ranges()).hasSize(1);
        InputProfile read = InputProfile.of(Json.parseObject(Json.write(profile.toMap()), Path.of("model.json")));
        assertThat(Json.same(read.toMap(), profile.toMap())).isTrue();
        assertThat(read.featureSpaceHash()).contains(space.sha256());
        assertThat(read.flags(Map.of(), OptionalDouble.of(3.31))).hasSize(1);
        assertThat(read.flags(Map.of(), OptionalDouble.of(3.29))).isEmpty();
        assertThat(read.flags(Map.of(), OptionalDouble.of(Double.NaN))).hasSize(1);
    }

    /** Of 15 values, every eighth new one would be outside their range by chance alone, for each quantity. */
    @Test
    void fewExamplesHaveNoRangeAndItIsSaid() {
        List<Map<String, Double>> measured = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Map<String, Double> one = new HashMap<>(Map.of("mean", 100.0 + i));
            if (i < 19) {
                one.put("seldom", 1.0 + i);
            }
            measured.add(one);
        }
        InputProfile few = InputProfile.of(measured.subList(0, 19), Map.of());
        assertThat(few.flags(Map.of("mean", 1e6), OptionalDouble.empty())).isEmpty();
        assertThat(few.note())
                .hasValueSatisfying(text -> assertThat(text).startsWith("19 training examples are too few"));
        assertThat(few.toMap()).containsKey("note");
        InputProfile enough = InputProfile.of(measured, Map.of());
        assertThat(enough.flags(Map.of("mean", 1e6, "seldom", 1e6), OptionalDouble.empty()))
                .extracting(InputFlag::quantity)
                .containsExactly("mean");
        assertThat(enough.note()).isEmpty();
        InputProfile read = InputProfile.of(Json.parseObject(Json.write(few.toMap()), Path.of("model.json")));
        assertThat(read.note()).isEqualTo(few.note());
    }

    /** New examples like the others are seldom flagged, shifted ones mostly. */
    @Test
    void distancesTellWhatIsFar() {
        FeatureSpace space = FeatureSpace.of(gaussian(500, 40, 0, 1));
        double[] validation = distances(space, gaussian(400, 40, 0, 2));
        double limit = InputProfile.NONE.with(space, validation).featureLimit().orElseThrow();
        assertThat(share(distances(space, gaussian(2000, 40, 0, 3)), limit)).isLessThan(0.03);
        assertThat(share(distances(space, gaussian(2000, 40, 1.5, 4)), limit)).isGreaterThan(0.99);
        assertThat(space.distance(new float[40])).isLessThan(1.5);
        float[] broken = new float[40];
        broken[3] = Float.NaN;
        assertThat(space.distance(broken)).isInfinite();
        assertThatThrownBy(() -> space.distance(new float[7])).hasMessageContaining("40 features");
    }

    private static double[] distances(FeatureSpace space, float[][] rows) {
        return Arrays.stream(rows).mapToDouble(space::distance).toArray();
    }

    private static double share(double[] distances, double limit) {
        return Arrays.stream(distances).filter(d -> d > limit).count() / (double) distances.length;
    }

    @Test
    void constantFeaturesAndFewExamplesAreHandled() {
        float[][] constant = new float[30][8];
        FeatureSpace space = FeatureSpace.of(constant);
        assertThat(space.distance(new float[8])).isZero();
        assertThat(space.distance(new float[] {1, 0, 0, 0, 0, 0, 0, 0})).isGreaterThan(1e3);
        assertThatThrownBy(() -> FeatureSpace.of(new float[5][8])).hasMessageContaining("fewer than 20");
    }

    @Test
    void theFileIsThatOfTheCard() throws Exception {
        FeatureSpace space = FeatureSpace.of(gaussian(100, 10, 0, 1));
        Path file = folder.resolve(FeatureSpace.FILE_NAME);
        space.save(file);
        float[] some = gaussian(1, 10, 0, 9)[0];
        assertThat(FeatureSpace.load(file, space.sha256()).distance(some)).isEqualTo(space.distance(some));
        assertThatThrownBy(() -> FeatureSpace.load(file, "0".repeat(64)))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("another SHA-256");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 2] ^= 64;
        Files.write(file, bytes);
        assertThatThrownBy(() -> FeatureSpace.load(file, space.sha256())).isInstanceOf(ModelException.class);
    }
}
