package dev.graft.nn.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CardTextTest {
    private static final ModelCard CARD = new ModelCard(
            "any-task",
            "tiny",
            List.of("<script>alert(1)</script>", "a|b\n# [x](http://evil)"),
            Map.of("mean", List.of(0.5)),
            Map.of("seed", 7, ModelCard.DECISION, Map.of("temperature", Map.of("value", 1.5, "note", "why"))));

    @Test
    void whatNobodySaidIsNotProvided() {
        String text = CardText.of(CARD, Map.of(), Map.of());
        assertThat(text)
                .contains("* **Intended use:** NOT PROVIDED")
                .contains("* **Ethical considerations:** NOT PROVIDED")
                .contains("* **Seed:** 7", "* **Temperature:** 1.5", "* **Note:** why")
                .contains("nothing is known of how good the model is");
        for (String section : List.of(
                "Model details",
                "Intended use",
                "Factors",
                "Metrics and decision",
                "Training and evaluation data",
                "Quantitative analyses",
                "Ethical considerations",
                "Caveats and recommendations")) {
            assertThat(text).contains("\n## " + section + "\n");
        }
    }

    @Test
    void whatPeopleSayStandsThere() {
        assertThat(CardText.of(CARD, Map.of(), Map.of("intended_use", "triage", "name", "lung")))
                .contains("# Model card: lung", "* **Intended use:** triage")
                .contains("* **Intended users:** NOT PROVIDED");
    }

    @Test
    void namesCannotBecomeMarkup() {
        String text = CardText.of(CARD, Map.of(), Map.of());
        assertThat(text).doesNotContain("<script", "](http", "\n# [").contains("&lt;script&gt;");
        assertThat(text.lines().filter(line -> line.startsWith("#")).count()).isEqualTo(11);
    }

    @Test
    void valuesComeWithTheirIntervals() {
        String text = CardText.of(
                CARD,
                Map.of(
                        "validation",
                        Map.of(
                                "overall",
                                Map.of("auroc", Map.of("value", 0.91, "low", 0.8, "high", 0.96)),
                                "classes",
                                List.of(Map.of("class", "a|b", "npv", Map.of("undefined", "none"))))),
                Map.of());
        assertThat(text).contains("| auroc | 0.9100 | 0.8000 to 0.9600 |", "| a\\|b&#58; npv | not defined |");
    }
}
