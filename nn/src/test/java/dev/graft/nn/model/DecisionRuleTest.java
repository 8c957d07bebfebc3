package dev.graft.nn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.message.SettingException;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.decision.Temperature;
import dev.graft.nn.metric.decision.Validation;
import dev.graft.nn.model.DecisionRule.Threshold;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How a decision is chosen on validation data, and what is refused before hours of training. */
class DecisionRuleTest {
    private static final List<String> TWO = List.of("healthy", "sick");

    private static DecisionRule rule(String threshold) {
        return new DecisionRule(
                Optional.of(Threshold.parse(threshold)), OptionalDouble.empty(), OptionalDouble.empty());
    }

    /** Overconfident: logits are three times what they should be. */
    private static Cases cases(int size, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[][] p = new float[size][];
        int[] labels = new int[size];
        for (int i = 0; i < size; i++) {
            double logit = random.nextGaussian() * 1.5;
            labels[i] = random.nextDouble() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
            float sick = (float) (1 / (1 + Math.exp(-3 * logit)));
            p[i] = new float[] {1 - sick, sick};
        }
        return Cases.of(p, labels);
    }

    private static Map<?, ?> chosen(Decision decision) {
        return (Map<?, ?>) ((List<?>) ((Map<?, ?>) decision.facts().get("threshold")).get("chosen")).get(0);
    }

    @Test
    void theTemperatureTakesOverconfidenceBack() {
        Cases cases = cases(400, 1);
        Decision decision = DecisionRule.NONE.fit(Validation.of(cases), TWO);
        assertThat(decision.temperature().value()).isCloseTo(3, within(0.8));
        assertThat(decision.temperature().value())
                .isEqualTo(Temperature.fit(Validation.of(cases)).value());
        assertThat(decision.thresholds()).isEmpty();
        assertThat(decision.sets()).isEmpty();
        Map<?, ?> facts = (Map<?, ?>) decision.facts().get("temperature");
        assertThat((Double) facts.get("log_loss_after")).isLessThan((Double) facts.get("log_loss_before"));
        assertThat(facts.get("log_loss_before"))
                .isEqualTo(Metrics.logLoss().of(cases).orNaN());
        assertThat(facts.get("cases")).isEqualTo(400);
    }

    @Test
    void aThresholdIsOfCalibratedProbabilities() {
        Cases cases = cases(400, 2);
        for (String text : List.of("youden", "sensitivity=0.9", "specificity=0.9")) {
            Decision decision = rule(text).fit(Validation.of(cases), TWO);
            Cases decided = decision.apply(cases);
            double sensitivity =
                    BinaryMetrics.sensitivity(0.5).ofDecision(1).of(decided).orNaN();
            double specificity =
                    BinaryMetrics.specificity(0.5).ofDecision(1).of(decided).orNaN();
            assertThat(chosen(decision).get("sensitivity")).as(text).isEqualTo(sensitivity);
            assertThat(chosen(decision).get("specificity")).as(text).isEqualTo(specificity);
            assertThat(chosen(decision).get("class")).isEqualTo("sick");
            assertThat(chosen(decision).containsKey("note")).isFalse();
            if (text.startsWith("sensitivity")) {
                assertThat(sensitivity).isGreaterThanOrEqualTo(0.9);
            } else if (text.startsWith("specificity")) {
                assertThat(specificity).isGreaterThanOrEqualTo(0.9);
            } else {
                assertThat(sensitivity + specificity)
                        .isGreaterThanOrEqualTo(BinaryMetrics.sensitivity(0.5)
                                        .ofClass(1)
                                        .of(cases)
                                        .orNaN()
                                + BinaryMetrics.specificity(0.5)
                                        .ofClass(1)
                                        .of(cases)
                                        .orNaN());
            }
        }
        Decision fixed = rule("0.3").fit(Validation.of(cases), TWO);
        assertThat(fixed.thresholds()).containsExactly(0.3);
    }

    @Test
    void fewCasesAreSaid() {
        Cases few = cases(12, 3);
        Decision decision = rule("youden").fit(Validation.of(few), TWO);
        assertThat(decision.temperature()).satisfies(own -> {
            assertThat(own.value()).isEqualTo(1);
            assertThat(own.note()).contains("12 validation cases, fewer than 20");
        });
        assertThat((String) chosen(decision).get("note")).contains("of a class, fewer than 10");
        Decision given = rule("0.5").fit(Validation.of(few), TWO);
        assertThat(chosen(given).containsKey("note")).as("nothing was chosen").isFalse();
    }

    @Test
    void setsHoldTheTruthAndUseOneCaseOfEachPatient() {
        Cases cases = cases(300, 4);
        DecisionRule rule = new DecisionRule(Optional.empty(), OptionalDouble.of(0.9), OptionalDouble.of(0.7));
        Decision single = rule.fit(Validation.of(cases), TWO);
        Cases calibrated = single.temperature().apply(cases);
        int held = 0;
        for (int i = 0; i < cases.size(); i++) {
            held += single.set(calibrated.probabilities(i)).orElseThrow().contains(cases.label(i)) ? 1 : 0;
        }
        assertThat(held / 300.0).isGreaterThanOrEqualTo(0.9);
        List<String> patients = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            patients.add("p" + i / 3);
        }
        Decision grouped = rule.fit(Validation.of(cases.groups(patients)), TWO);
        assertThat(((Map<?, ?>) grouped.facts().get("sets")).get("cases")).isEqualTo(100);
        Map<?, ?> abstention = (Map<?, ?>) single.facts().get("abstention");
        int answered = (Integer) abstention.get("answered");
        assertThat(answered).isBetween(1, 299);
        assertThat((Double) abstention.get("accuracy_of_answers"))
                .isGreaterThan(Metrics.accuracy().of(calibrated).orNaN());
        DecisionRule never = new DecisionRule(Optional.empty(), OptionalDouble.of(0.99), OptionalDouble.of(0.9999999));
        Decision empty = never.fit(Validation.of(cases.only(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})), TWO);
        assertThat((String) ((Map<?, ?>) empty.facts().get("sets")).get("note"))
                .contains("every class is in every set");
        assertThat(empty.set(new float[] {0.99f, 0.01f}).orElseThrow()).hasSize(2);
    }

    @Test
    void labelsHaveAThresholdEach() {
        float[][] p = {{0.9f, 0.2f}, {0.8f, 0.3f}, {0.3f, 0.4f}, {0.2f, 0.6f}};
        boolean[][] truths = {{true, false}, {true, false}, {false, true}, {false, true}};
        Decision decision = rule("youden").fit(Validation.of(Cases.multiLabel(p, truths)), List.of("a", "b"));
        assertThat(decision.thresholds()).hasSize(2);
        assertThat(decision.labels(new float[] {0.85f, 0.1f})).containsExactly(0);
        assertThat(decision.labels(new float[] {0.1f, 0.5f})).containsExactly(1);
        assertThat(chosen(decision).get("label")).isEqualTo("a");
    }

    @Test
    void whatCannotBeChosenIsRefusedBeforeTheTraining() {
        DecisionRule threshold = rule("youden");
        threshold.check(TWO, false, new int[] {5, 5}, 10);
        assertThatThrownBy(() -> threshold.check(TWO, false, new int[] {0, 0}, 0))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("chosen on validation data, and there is none");
        assertThatThrownBy(() -> threshold.check(List.of("a", "b", "c"), false, new int[] {1, 1, 1}, 3))
                .hasMessageContaining("there are 3 classes");
        assertThatThrownBy(() -> threshold.check(TWO, false, new int[] {4, 0}, 4))
                .hasMessageContaining("none of 4 validation examples are sick");
        assertThatThrownBy(() -> threshold.check(TWO, true, new int[] {4, 2}, 4))
                .hasMessageContaining("all of 4 validation examples are healthy");
        rule("0.4").check(TWO, false, new int[] {4, 0}, 4);
        DecisionRule sets = new DecisionRule(Optional.empty(), OptionalDouble.of(0.9), OptionalDouble.empty());
        assertThatThrownBy(() -> sets.check(TWO, true, new int[] {1, 1}, 2))
                .hasMessageContaining("coverage")
                .hasMessageContaining("any number of labels");
        DecisionRule below = new DecisionRule(Optional.empty(), OptionalDouble.empty(), OptionalDouble.of(0.9));
        assertThatThrownBy(() -> below.check(TWO, true, new int[] {1, 1}, 2)).hasMessageContaining("abstainBelow");
        DecisionRule.NONE.check(List.of("a"), true, new int[0], 0);
    }

    @Test
    void rulesAreReadAsTheyAreWritten() {
        for (String text : List.of("youden", "sensitivity=0.95", "specificity=0.9", "0.25")) {
            assertThat(Threshold.parse(text)).hasToString(text);
        }
        for (String bad : List.of("", "yes", "sensitivity", "sensitivity=2", "recall=0.9", "0", "1", "NaN", "=0.5")) {
            assertThatThrownBy(() -> Threshold.parse(bad))
                    .as(bad)
                    .isInstanceOf(SettingException.class)
                    .hasMessageContaining("is youden, sensitivity=0.95, specificity=0.9 or a probability");
        }
    }
}
