package dev.graft.nn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.json.Json;
import dev.graft.nn.metric.Average;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.decision.Abstention;
import dev.graft.nn.metric.decision.ConformalSets;
import dev.graft.nn.metric.decision.Temperature;
import dev.graft.nn.train.Evaluation;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How stored numbers become an answer, and what a card may say of them. */
class StoredDecisionTest {
    private static final float[][] P = {{0.9f, 0.1f}, {0.7f, 0.3f}, {0.4f, 0.6f}, {0.75f, 0.25f}};
    private static final int[] LABELS = {0, 1, 1, 1};

    private static Decision of(double temperature, Double... thresholds) {
        return new Decision(
                Temperature.of(temperature), List.of(thresholds), Optional.empty(), Optional.empty(), Map.of());
    }

    @Test
    void aThresholdChoosesTheSecondClassFromThereOn() {
        assertThat(of(1, 0.25).choose(new float[] {0.75f, 0.25f})).isEqualTo(1);
        assertThat(of(1, 0.2500001).choose(new float[] {0.75f, 0.25f})).isZero();
        assertThat(of(1).choose(new float[] {0.5f, 0.5f}))
                .as("among equals the first")
                .isZero();
    }

    @Test
    void metricsAreThoseAtTheThreshold() {
        Evaluation scores = of(1, 0.25).apply(new Evaluation(1.5, P, LABELS, new int[] {0, 1, 2, 3}));
        assertThat(scores.predictions()).containsExactly(0, 1, 1, 1);
        assertThat(scores.accuracy()).isEqualTo(1);
        assertThat(scores.confusion().counts()).isDeepEqualTo(new long[][] {{1, 0}, {0, 3}});
        assertThat(scores.loss()).as("probabilities are as they were").isEqualTo(1.5);
        Cases cases = scores.cases(List.of("a", "b", "c", "c")).only(new int[] {0, 1, 2, 3});
        assertThat(Metrics.accuracy().of(cases).orNaN()).isEqualTo(1);
        assertThat(BinaryMetrics.sensitivity(0.5).ofDecision(1).of(cases).orNaN())
                .isEqualTo(1);
        assertThat(Metrics.mcc().of(cases).orNaN()).isCloseTo(1, within(1e-12));
        assertThat(new Abstention(0.7).of(cases).accuracy().orNaN()).isEqualTo(1);
        assertThat(Metrics.accuracy().of(Cases.of(P, LABELS)).orNaN()).isEqualTo(0.5);
    }

    @Test
    void labelsHaveAThresholdEach() {
        float[][] p = {{0.4f, 0.9f}, {0.2f, 0.6f}};
        boolean[][] truths = {{true, true}, {false, false}};
        Decision decision = of(1, 0.3, 0.7);
        assertThat(decision.labels(p[0])).containsExactly(0, 1);
        assertThat(decision.labels(p[1])).isEmpty();
        Evaluation scores = decision.apply(new Evaluation(1, p, new int[0], new int[] {0, 1}, truths));
        assertThat(scores.accuracy()).isEqualTo(1);
        assertThat(Metrics.accuracy().of(scores.cases()).orNaN()).isEqualTo(1);
        assertThat(Average.MACRO
                        .ofDecisions(BinaryMetrics.f1(0.5))
                        .of(scores.cases())
                        .orNaN())
                .isEqualTo(1);
        assertThat(new Evaluation(1, p, new int[0], new int[] {0, 1}, truths).accuracy())
                .isEqualTo(0.5);
    }

    @Test
    void theLossIsThatOfTheCalibratedProbabilities() {
        Evaluation scores = of(2).apply(new Evaluation(9, P, LABELS, new int[] {0, 1, 2, 3}));
        double expected = 0;
        for (int i = 0; i < P.length; i++) {
            double odds = Math.sqrt(P[i][1 - LABELS[i]] / P[i][LABELS[i]]);
            expected += Math.log(1 + odds) / P.length;
        }
        assertThat(scores.loss()).isCloseTo(expected, within(1e-6));
        assertThat(scores.auroc()).isEqualTo(new Evaluation(9, P, LABELS, new int[4]).auroc());
    }

    @Test
    void aTemperatureOfOneChangesNoBit() {
        assertThat(Decision.NONE.calibrated(P[0], false)).containsExactly(P[0]);
        Evaluation scores = new Evaluation(9, P, LABELS, new int[4]);
        assertThat(Decision.NONE.apply(scores)).isSameAs(scores);
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        Decision decision = new Decision(
                Temperature.of(1.75),
                List.of(0.37),
                Optional.of(new ConformalSets(ConformalSets.Method.APS, 0.1, 0.83)),
                Optional.of(new Abstention(0.7)),
                Map.of("threshold", Map.of("rule", "Youden")));
        Decision read = read(Json.write(decision.toMap()), 2, false);
        assertThat(read.temperature()).isEqualTo(decision.temperature());
        assertThat(read.thresholds()).containsExactly(0.37);
        assertThat(read.sets().orElseThrow().largestScore()).isEqualTo(0.83);
        assertThat(read.abstention()).isEqualTo(decision.abstention());
        assertThat(read.facts().get("threshold").toString()).contains("Youden");
        assertThat(Json.same(read.toMap(), decision.toMap())).isTrue();
    }

    @Test
    void setsOfTooFewCasesAreReadAgain() {
        Decision decision = new Decision(
                Temperature.of(1),
                List.of(),
                Optional.of(new ConformalSets(ConformalSets.Method.LAC, 0.1, Double.POSITIVE_INFINITY)),
                Optional.empty(),
                Map.of());
        Decision read = read(Json.write(decision.toMap()), 3, false);
        assertThat(read.set(new float[] {0.2f, 0.5f, 0.3f})).contains(List.of(1, 2, 0));
    }

    private static Decision read(String json, int classes, boolean multiLabel) {
        return Decision.of(Json.parseObject(json, Path.of("model.json")), classes, multiLabel);
    }

    @Test
    void whatCannotBeIsRefused() {
        for (String json : List.of(
                "{'threshold': {'values': [7]}}",
                "{'threshold': {'values': [0.1, 0.2]}}",
                "{'threshold': {'values': [-0.1]}}",
                "{'threshold': {'values': ['a']}}",
                "{'threshold': {'values': 0.5}}",
                "{'threshold': 0.5}",
                "{'temperature': {'value': 0}}",
                "{'temperature': {'value': -1}}",
                "{'temperature': {}}",
                "{'temperature': 1}",
                "{'sets': {'method': 'APS', 'coverage': 1}}",
                "{'sets': {'method': 'none', 'coverage': 0.9}}",
                "{'sets': {'coverage': 0.9}}",
                "{'abstention': {'confidence': 1.5}}")) {
            assertThatThrownBy(() -> read(json.replace('\'', '"'), 2, false))
                    .as(json)
                    .isInstanceOfAny(ClassCastException.class, IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> read("{\"threshold\": {\"values\": [0.5]}}", 3, false))
                .hasMessageContaining("1 thresholds do not fit 3 classes");
        assertThatThrownBy(() -> read("{\"abstention\": {\"confidence\": 0.5}}", 3, true))
                .hasMessageContaining("not for labels");
    }

    @Test
    void aFlagSaysValueAndRange() {
        assertThat(new InputFlag("width", 1024, 200, 260)).hasToString("width 1024 (training: 200 to 260)");
        assertThat(new InputFlag("distance", 31.25, Double.NEGATIVE_INFINITY, 12.5))
                .hasToString("distance 31.25 (training: up to 12.50)");
    }
}
