package dev.graft.vision.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.Init;
import dev.graft.nn.Parameter;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.Formula;
import dev.graft.vision.model.Golden;
import dev.graft.vision.model.zoo.ModelZoo;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Maps against PyTorch's ({@code export_explain_golden.py}), within 2e-4 of a map's largest value. */
class ExplainGoldenTest {
    private static final Map<String, Object> GOLDEN = Golden.json("explain.json");
    private static final double TOLERANCE = 2e-4;

    static List<String> networks() {
        return List.copyOf(Golden.map(GOLDEN.get("networks")).keySet());
    }

    private static Map<String, Object> entry(String network) {
        return Golden.map(Golden.map(GOLDEN.get("networks")).get(network));
    }

    private static Backbone network(String name) {
        Backbone model = Init.skip(() -> ModelZoo.architecture(name).create(5, new SplittableRandom(1)));
        try (StateDict weights = Formula.damped(model)) {
            model.load(weights);
        }
        return model;
    }

    private static float[][][] maps(Object golden) {
        return ((List<?>) golden)
                .stream()
                        .map(map -> ((List<?>) map)
                                .stream()
                                        .map(row -> {
                                            double[] values = Golden.doubles(row);
                                            float[] floats = new float[values.length];
                                            for (int i = 0; i < floats.length; i++) {
                                                floats[i] = (float) values[i];
                                            }
                                            return floats;
                                        })
                                        .toArray(float[][]::new))
                        .toArray(float[][][]::new);
    }

    private static void assertClose(String what, float[][][] actual, float[][][] expected, int every) {
        assertThat(actual).hasDimensions(expected.length, actual[0].length);
        for (int i = 0; i < expected.length; i++) {
            float peak = Heatmap.of(expected[i], expected[i].length, expected[i][0].length)
                    .peak();
            assertThat(peak).as(what + " is not empty").isGreaterThan(0);
            for (int y = 0; y < expected[i].length; y++) {
                for (int x = 0; x < expected[i][y].length; x++) {
                    assertThat((double) actual[i][y * every][x * every])
                            .as("%s, image %d, %d, %d", what, i, y, x)
                            .isCloseTo(expected[i][y][x], within(TOLERANCE * peak));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void mapsAreThoseOfPyTorch(String name) {
        Map<String, Object> golden = entry(name);
        try (Backbone model = network(name)) {
            Tensor images = Formula.unitTensor(1000, Golden.ints(golden.get("input")));
            Map<String, Object> layers = Golden.map(golden.get("layers"));
            assertThat(GradCam.of(model).layer(images))
                    .isEqualTo(List.copyOf(layers.keySet()).get(0));
            layers.forEach((layer, methods) -> {
                GradCam cam = GradCam.of(model, layer);
                int[] classes = Golden.ints(Golden.map(methods).get("classes"));
                assertClose(
                        layer,
                        cam.maps(images, classes),
                        maps(Golden.map(methods).get("grad-cam")),
                        1);
                assertClose(
                        layer + "++",
                        cam.plusPlus().maps(images, classes),
                        maps(Golden.map(methods).get("grad-cam++")),
                        1);
            });
            // the layer that is found is the one with a name, whatever the modes, and nobody's recording matters
            float[][][] expected = GradCam.of(model).maps(images, 1, 3);
            model.freeze();
            assertThat(Autograd.noGrad(() -> GradCam.of(model).maps(images, 1, 3)))
                    .isDeepEqualTo(expected);
            model.unfreeze();
            assertThat(model.isTraining()).isTrue();
            assertThat(model.parameters())
                    .extracting(Parameter::grad)
                    .allMatch(grad -> grad.equals(java.util.Optional.empty()));
        }
    }

    @Test
    void occlusionIsThatOfPyTorch() {
        String name = networks().get(0);
        Map<String, Object> golden = Golden.map(entry(name).get("occlusion"));
        try (Backbone model = network(name)) {
            Tensor images = Formula.unitTensor(1000, Golden.ints(entry(name).get("input")));
            Occlusion occlusion = new Occlusion(
                    ((Number) golden.get("window")).intValue(), ((Number) golden.get("stride")).intValue(), 7);
            int every = ((Number) golden.get("every")).intValue();
            int[] classes = Golden.ints(GOLDEN.get("classes"));
            assertClose("occlusion", occlusion.maps(model, images, false, classes), maps(golden.get("maps")), every);
            assertThat(model.isTraining()).isTrue();
        }
    }

    @Test
    void similarityIsThatOfScipyAndScikitImage() {
        for (Object each : (List<?>) GOLDEN.get("similarity")) {
            Map<String, Object> golden = Golden.map(each);
            float[][] x = maps(List.of(golden.get("x")))[0];
            float[][] y = maps(List.of(golden.get("y")))[0];
            assertThat(Similarity.rankCorrelation(x, y).orElseThrow())
                    .isCloseTo(((Number) golden.get("spearman")).doubleValue(), within(1e-6));
            assertThat(Similarity.ssim(x, y)).isCloseTo(((Number) golden.get("ssim")).doubleValue(), within(1e-5));
        }
        assertThat(Similarity.rankCorrelation(new float[2][2], new float[][] {{1, 2}, {3, 4}}))
                .isEmpty();
        assertThat(Similarity.ssim(new float[9][9], new float[9][9])).isEqualTo(1);
    }
}
