package dev.graft.examples.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.decision.Abstention;
import dev.graft.nn.metric.decision.ConformalSets;
import dev.graft.nn.metric.decision.Temperature;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.DecisionRule;
import dev.graft.vision.Prediction;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What people read of a decision. */
class DecisionTextTest {
    private static final List<String> TWO = List.of("healthy", "sick");

    private static Decision decision(
            List<Double> thresholds, Optional<ConformalSets> sets, Optional<Abstention> abstention) {
        return new Decision(Temperature.of(1), thresholds, sets, abstention, Map.of());
    }

    private static List<String> lines(Decision decision, boolean labels, float... p) {
        return DecisionText.lines(new Prediction(p, TWO, labels, decision, List.of()));
    }

    private static String printed(Object decision) {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        DecisionText.print(out, decision);
        out.flush();
        return text.toString();
    }

    @Test
    void anImageHasItsAnswerByTheThreshold() {
        Decision early = decision(List.of(0.2), Optional.empty(), Optional.empty());
        assertThat(lines(early, false, 0.75f, 0.25f)).containsExactly("answer: sick (sick from 0.2000 on)");
        assertThat(lines(early, false, 0.9f, 0.1f)).containsExactly("answer: healthy (sick from 0.2000 on)");
        assertThat(lines(Decision.NONE, false, 0.9f, 0.1f)).isEmpty();
    }

    @Test
    void setsAbstentionAndLabelsHaveALine() {
        Decision careful = decision(
                List.of(),
                Optional.of(new ConformalSets(ConformalSets.Method.LAC, 0.1, 0.75)),
                Optional.of(new Abstention(0.8)));
        assertThat(lines(careful, false, 0.6f, 0.4f))
                .containsExactly("no answer: no class has a probability of at least 0.8", "possible: healthy, sick");
        assertThat(lines(careful, false, 0.95f, 0.05f)).containsExactly("possible: healthy");
        assertThat(lines(Decision.NONE, true, 0.6f, 0.7f)).containsExactly("shows: healthy, sick");
        assertThat(lines(Decision.NONE, true, 0.1f, 0.2f)).containsExactly("shows: no label");
    }

    @Test
    void whatWasChosenIsPrinted() {
        Map<String, Object> temperature = new LinkedHashMap<>(Map.of(
                "value", 1.25,
                "log_loss_before", 0.7,
                "log_loss_after", 0.5,
                "calibration_error_before", 0.2,
                "calibration_error_after", 0.1));
        Map<String, Object> chosen =
                Map.of("class", "sick", "value", 0.3, "sensitivity", 0.95, "specificity", 0.5, "note", "chosen by few");
        String text = printed(Map.of(
                "temperature",
                temperature,
                "threshold",
                Map.of("rule", "sensitivity=0.95", "chosen", List.of(chosen)),
                "sets",
                Map.of("note", "too few")));
        assertThat(text.lines())
                .containsExactly(
                        "calibration: temperature 1.250; on validation images log loss 0.5000, before 0.7000,"
                                + " calibration error 0.1000, before 0.2000",
                        "threshold: sick from 0.3000 on (sensitivity=0.95); on validation images sensitivity 0.9500,"
                                + " specificity 0.5000; chosen by few",
                        "sets: too few");
        assertThat(printed(Map.of("threshold", Map.of("rule", "0.3", "chosen", List.of(chosen)))))
                .startsWith("threshold: sick from 0.3000 on (given); on validation images");
        assertThat(printed(DecisionRule.notFitted("no image was held back").toMap()))
                .isEqualTo("calibration: not fitted: no image was held back" + System.lineSeparator());
        assertThat(printed("nothing")).isEmpty();
    }
}
