package dev.graft.vision.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Gallery;
import dev.graft.nn.report.page.Picture;
import dev.graft.nn.report.page.Section;
import dev.graft.vision.image.Image;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The images that a person should look at, and what is said of them. */
class CaseGalleryTest {
    private static final Image IMAGE = Image.of(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB));

    private final Map<Integer, Integer> explained = new TreeMap<>();

    private List<Section> sections(Cases cases, String... classes) {
        List<Block> blocks = new CaseGallery(
                        cases,
                        List.of(classes),
                        i -> "case " + i,
                        i -> Optional.of(IMAGE),
                        (image, i, explainedClass, side) -> {
                            explained.put(i, explainedClass);
                            return new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
                        })
                .blocks();
        return blocks.stream()
                .filter(Section.class::isInstance)
                .map(Section.class::cast)
                .toList();
    }

    private static List<String> lines(List<Section> sections, String title) {
        return sections.stream()
                .filter(section -> section.title().equals(title))
                .flatMap(section -> section.blocks().stream())
                .filter(Gallery.class::isInstance)
                .flatMap(block -> ((Gallery) block).pictures().stream())
                .map(Picture::caption)
                .map(lines -> String.join("; ", lines))
                .toList();
    }

    @Test
    void aCaseIsWrongWhereItsDecisionIs() {
        float[][] probabilities = {{0.8f, 0.2f}, {0.85f, 0.15f}, {0.95f, 0.05f}};
        int[] labels = {1, 0, 0};
        List<Section> usual = sections(Cases.of(probabilities, labels), "healthy", "ill");
        assertThat(lines(usual, "Most wrong"))
                .singleElement()
                .asString()
                .startsWith("\u2717 true: ill; predicted healthy (")
                .endsWith("case 0");
        assertThat(explained).containsEntry(0, 0);
        explained.clear();

        List<Section> sensitive = sections(Cases.of(probabilities, labels).thresholds(0.12), "healthy", "ill");
        assertThat(lines(sensitive, "Most wrong")).hasSize(1);
        assertThat(lines(sensitive, "Most wrong").get(0))
                .startsWith("\u2717 true: healthy; predicted ill (")
                .endsWith("case 1");
        assertThat(lines(sensitive, "Most right")).hasSize(2);
        assertThat(lines(sensitive, "Most right").get(1)).startsWith("\u2713 true: ill; predicted ill (");
        assertThat(explained).as("the class that was chosen").isEqualTo(Map.of(0, 1, 1, 1, 2, 0));
    }

    @Test
    void labelsHaveThresholdsOfTheirOwn() {
        float[][] probabilities = {{0.2f, 0.6f}, {0.05f, 0.5f}};
        boolean[][] truths = {{true, false}, {false, false}};
        Cases cases = Cases.multiLabel(probabilities, truths);
        assertThat(lines(sections(cases, "a", "b"), "Most wrong")).hasSize(2);
        List<Section> decided = sections(cases.thresholds(0.1, 0.7), "a", "b");
        assertThat(lines(decided, "Most wrong")).isEmpty();
        assertThat(explained).containsEntry(0, 0);
        assertThat(lines(decided, "Most right").toString())
                .contains("\u2713 true: a; predicted a (")
                .contains("\u2713 true: none; predicted none; most probable is b (");
    }
}
