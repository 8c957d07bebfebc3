package dev.graft.nn.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.decision.Temperature;
import dev.graft.nn.model.Decision;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What reports say of data that judges a model, and chose parts of it. */
class CardReportTest {
    private static Decision decision(double temperature, Map<String, Object> facts, Double... thresholds) {
        return new Decision(
                Temperature.of(temperature), List.of(thresholds), Optional.empty(), Optional.empty(), facts);
    }

    @Test
    void onlyWhatWasChosenIsNamed() {
        assertThat(CardReport.flattered("rows", false, Decision.NONE)).isEmpty();
        assertThat(CardReport.flattered("rows", true, Decision.NONE))
                .contains("The rows also chose the best epoch, so these numbers are somewhat too good.");
        assertThat(CardReport.flattered("rows", false, decision(1.5, Map.of())))
                .contains("The rows also chose the temperature, which flatters calibration (slope, ECE).");
        Map<String, Object> youden = Map.of("threshold", Map.of("rule", "youden"));
        assertThat(CardReport.flattered("rows", true, decision(1.5, youden, 0.4)))
                .contains("The rows also chose the best epoch, the temperature and the threshold, so these numbers are"
                        + " somewhat too good, calibration (slope, ECE) and decisions (accuracy, sensitivity,"
                        + " specificity) among them.");
    }

    @Test
    void aThresholdThatWasGivenWasNotChosen() {
        Map<String, Object> given = Map.of("threshold", Map.of("rule", "0.3"));
        assertThat(CardReport.flattered("rows", false, decision(1, given, 0.3))).isEmpty();
        assertThat(CardReport.flattered("rows", false, decision(1, Map.of(), 0.3)))
                .as("nothing is known of it")
                .isEmpty();
        assertThat(CardReport.flattered("rows", false, false, true, true))
                .contains(
                        "The rows also chose the threshold and the sets of classes, which flatters decisions (accuracy,"
                                + " sensitivity, specificity) and the coverage of the sets.");
    }
}
