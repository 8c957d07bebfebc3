package dev.graft.vision.model.part;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.Golden;
import dev.graft.vision.model.resnet.ResNet18Weights;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;
import dev.graft.vision.model.zoo.ModelZoo;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The zoo's table of weights against torchvision's own source: a table checked against itself would keep its typing
 * errors.
 */
class TorchvisionFactsTest {
    private static final Map<String, Object> GOLDEN = Golden.json("torchvision_weights.json");

    private static Stream<Weights> published() {
        return ModelZoo.architectures().stream()
                .filter(a -> a.name().matches("resnet(18|34|50|101|152)|resnext.*|wide_.*|squeezenet1_1"))
                .flatMap(a -> a.weights().stream());
    }

    @Test
    void addressesSizesAndAccuraciesAreTorchvisions() {
        Map<String, Object> theirs = Golden.map(GOLDEN.get("weights"));
        List<String> ours = new ArrayList<>();
        published().forEach(weights -> {
            String name = weights.architecture() + " " + weights.name();
            ours.add(name);
            Map<String, Object> want = Golden.map(theirs.get(name));
            WeightsFacts facts = weights.facts();
            assertThat(facts.url().orElseThrow()).as(name).hasToString((String) want.get("url"));
            assertThat(weights.preprocessing().cropSize()).as(name).isEqualTo(want.get("crop"));
            assertThat(weights.preprocessing().resizeSize()).as(name).isEqualTo(want.get("resize"));
            assertThat(facts.accuracy().orElseThrow().top1())
                    .as(name)
                    .isEqualTo(((Number) want.get("top1")).doubleValue());
            assertThat(facts.accuracy().orElseThrow().top5().orElseThrow())
                    .as(name)
                    .isEqualTo(((Number) want.get("top5")).doubleValue());
        });
        assertThat(ours).containsExactlyInAnyOrderElementsOf(theirs.keySet());
    }

    @Test
    void networksHaveAsManyParameters() {
        for (String name : new String[] {"resnet18", "squeezenet1_1"}) {
            try (Backbone model = ModelZoo.architecture(name).create(1000, new SplittableRandom(1))) {
                assertThat(model.parameterCount())
                        .as(name)
                        .isEqualTo(((Number) Golden.map(Golden.map(GOLDEN.get("weights"))
                                                .get(name + " IMAGENET1K_V1"))
                                        .get("parameters"))
                                .longValue());
            }
        }
    }

    @Test
    void classNamesAreTorchvisionsInTheirOrder() throws Exception {
        List<String> names = ResNet18Weights.IMAGENET1K_V1.classes();
        assertThat(names).hasSize((Integer) GOLDEN.get("classes"));
        byte[] digest = MessageDigest.getInstance("SHA-256")
                .digest(String.join("\n", names).getBytes(StandardCharsets.UTF_8));
        assertThat(HexFormat.of().formatHex(digest)).isEqualTo(GOLDEN.get("classes_sha256"));
    }
}
