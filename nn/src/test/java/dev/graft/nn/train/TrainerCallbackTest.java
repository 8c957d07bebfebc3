package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.Freezing;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.optim.StepLr;
import dev.graft.tensor.Autograd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When callbacks are called, what they see and may change, and that a resumed run is the unbroken one. */
class TrainerCallbackTest {
    private static final int EXAMPLES = 40;
    private static final int BATCH = 10;

    @TempDir
    private Path folder;

    private static String weights(Module model) {
        try (StateDict state = model.stateDict()) {
            return state.names().stream()
                    .map(name -> name + " " + state.sha256(name))
                    .toList()
                    .toString();
        }
    }

    private static History fit(Sequential model, Optimizer optimizer, Consumer<TrainerBuilder> settings) {
        try (DataLoader train = DataLoader.of(Toy.spirals(EXAMPLES, 1), BATCH).shuffled(4);
                DataLoader validation = DataLoader.of(Toy.spirals(EXAMPLES, 2), 20)) {
            TrainerBuilder builder = Trainer.builder(model, new CrossEntropyLoss(), optimizer);
            settings.accept(builder);
            return builder.build().fit(train, validation);
        }
    }

    private static Sgd sgd(Sequential model) {
        return new Sgd(model.trainableParameters(), Sgd.lr(0.1).momentum(0.9));
    }

    /** Writes down each call. */
    private static class Diary implements TrainerCallback {
        final List<String> lines = new ArrayList<>();

        private void note(String what, Training t) {
            lines.add(what + " e" + t.epoch() + " b" + t.batch() + " s" + t.steps());
        }

        @Override
        public void trainingStarted(Training training) {
            note("training", training);
        }

        @Override
        public void epochStarted(Training training) {
            assertThat(training.model().isTraining()).isTrue();
            note("epoch", training);
        }

        @Override
        public void stepStarted(Training training) {
            note("step", training);
        }

        @Override
        public void gradientsReady(Training training) {
            assertThat(training.optimizer().parameters()).allMatch(p -> p.grad().isPresent());
            note("gradients", training);
        }

        @Override
        public void stepDone(Training training) {
            assertThat(training.optimizer().parameters()).allMatch(p -> p.grad().isEmpty());
            assertThat(training.trainLoss()).isPositive();
            note("done", training);
        }

        @Override
        public void epochDone(Training training, EpochResult result) {
            assertThat(result.epoch()).isEqualTo(training.epoch());
            assertThat(result.validation()).isPresent();
            assertThat(training.history()).hasSize(result.epoch() - 1);
            note("result", training);
        }

        @Override
        public void trainingDone(Training training, History history) {
            assertThat(training.model().isTraining()).isFalse();
            note("end " + history.ending(), training);
        }
    }

    @Test
    void callbacksAreCalledForEachEpochAndStep() {
        try (Sequential model = Toy.network(1, 0f);
                Sgd sgd = sgd(model)) {
            Diary diary = new Diary();
            List<Double> rates = new ArrayList<>();
            fit(
                    model,
                    sgd,
                    builder -> builder.epochs(2)
                            .accumulate(3)
                            .schedulePerEpoch(new StepLr(1, 0.5))
                            .callback(diary)
                            .callback(new TrainerCallback() {
                                @Override
                                public void stepStarted(Training training) {
                                    rates.add(training.learningRate());
                                }
                            }));
            assertThat(diary.lines)
                    .containsExactly(
                            "training e1 b0 s0",
                            "epoch e1 b0 s0",
                            "step e1 b0 s0",
                            "gradients e1 b3 s0",
                            "done e1 b3 s1",
                            "step e1 b3 s1",
                            "gradients e1 b4 s1",
                            "done e1 b4 s2",
                            "result e1 b4 s2",
                            "epoch e2 b0 s2",
                            "step e2 b0 s2",
                            "gradients e2 b3 s2",
                            "done e2 b3 s3",
                            "step e2 b3 s3",
                            "gradients e2 b4 s3",
                            "done e2 b4 s4",
                            "result e2 b4 s4",
                            "end COMPLETED e2 b0 s4");
            assertThat(rates).containsExactly(0.1, 0.1, 0.05, 0.05);
        }
    }

    @Test
    void aCallbackMayEndTheTrainingForGood() {
        try (Sequential model = Toy.network(1, 0f);
                Sgd sgd = sgd(model)) {
            TrainerCallback stopping = new TrainerCallback() {
                @Override
                public void stepDone(Training training) {
                    if (training.steps() == 5) {
                        training.stopEarly();
                    }
                }
            };
            Consumer<TrainerBuilder> settings =
                    builder -> builder.epochs(6).callback(stopping).directory(folder);
            History history = fit(model, sgd, settings);
            assertThat(history.ending()).isEqualTo(History.Ending.STOPPED_EARLY);
            assertThat(history.epochs()).hasSize(2);
            History again = fit(model, sgd, builder -> settings.accept(builder.resume(true)));
            assertThat(again.ending()).isEqualTo(History.Ending.STOPPED_EARLY);
            assertThat(again.epochs()).hasSize(2);
        }
    }

    @Test
    void aCallbackMayChangeGradientsWeightsAndTheRate() {
        try (Sequential model = Toy.network(1, 0f);
                Sgd sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.1))) {
            String before = weights(model.module("0"));
            fit(
                    model,
                    sgd,
                    builder -> builder.callback(new TrainerCallback() {
                        @Override
                        public void gradientsReady(Training training) {
                            training.model().module("0").parameters().forEach(p -> p.clearGrad());
                        }
                    }));
            assertThat(weights(model.module("0"))).isEqualTo(before);
            fit(
                    model,
                    sgd,
                    builder -> builder.restoreBest(false).callback(new TrainerCallback() {
                        @Override
                        public void stepDone(Training training) {
                            Autograd.noGrad(() ->
                                    training.model().parameters().get(0).value().fill(0.5));
                        }
                    }));
            assertThat(model.parameters().get(0).value().toFloatArray()).containsOnly(0.5f);
            String learnt = weights(model.module("3"));
            fit(
                    model,
                    sgd,
                    builder -> builder.callback(new TrainerCallback() {
                        @Override
                        public void stepStarted(Training training) {
                            training.optimizer().scaleLearningRate(0);
                        }
                    }));
            assertThat(weights(model.module("3"))).isEqualTo(learnt);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"training", "epoch", "step", "gradients", "done", "result"})
    void anExceptionEndsTheTrainingAndAResumeRepeatsTheRest(String where) {
        try (Sequential straight = Toy.network(1, 0.2f);
                Sgd sgd = sgd(straight)) {
            fit(straight, sgd, builder -> builder.epochs(3));
            try (Sequential broken = Toy.network(1, 0.2f);
                    Sgd other = sgd(broken)) {
                Diary failing = new Diary() {
                    @Override
                    public void epochStarted(Training training) {
                        super.epochStarted(training);
                        fail(training, "epoch");
                    }

                    @Override
                    public void trainingStarted(Training training) {
                        if (where.equals("training")) {
                            throw new IllegalStateException("in training");
                        }
                    }

                    @Override
                    public void stepStarted(Training training) {
                        fail(training, "step");
                    }

                    @Override
                    public void gradientsReady(Training training) {
                        fail(training, "gradients");
                    }

                    @Override
                    public void stepDone(Training training) {
                        fail(training, "done");
                    }

                    @Override
                    public void epochDone(Training training, EpochResult result) {
                        fail(training, "result");
                    }

                    private void fail(Training training, String at) {
                        if (training.epoch() == 2 && at.equals(where)) {
                            throw new IllegalStateException("in " + at);
                        }
                    }
                };
                assertThatThrownBy(() -> fit(
                                broken,
                                other,
                                builder -> builder.epochs(3).directory(folder).callback(failing)))
                        .hasMessage("in " + where);
            }
            try (Sequential resumed = Toy.network(1, 0.2f);
                    Sgd third = sgd(resumed)) {
                History history = fit(
                        resumed,
                        third,
                        builder -> builder.epochs(3).directory(folder).resume(true));
                assertThat(history.epochs()).hasSize(3);
                assertThat(weights(resumed)).isEqualTo(weights(straight));
            }
        }
    }

    /** Counts its steps in its state, and shrinks the weights by that count. */
    private static final class Shrinking implements TrainerCallback {
        private int count;

        @Override
        public void stepDone(Training training) {
            count++;
            Autograd.noGrad(() -> training.model().parameters().get(0).value().mulInPlace(1 - 0.001f * count));
        }

        @Override
        public String state() {
            return Integer.toString(count);
        }

        @Override
        public void restore(String state) {
            count = Integer.parseInt(state);
        }
    }

    private static TrainerCallback interruptAt(long step) {
        return new TrainerCallback() {
            @Override
            public void stepDone(Training training) {
                if (training.steps() == step) {
                    training.interrupt();
                }
            }
        };
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 4, 6, 11})
    void theStateOfACallbackIsInTheCheckpoint(long step) {
        try (Sequential straight = Toy.network(1, 0.2f);
                Sequential broken = Toy.network(1, 0.2f);
                Sequential resumed = Toy.network(1, 0.2f);
                Sgd one = sgd(straight);
                Sgd two = sgd(broken);
                Sgd three = sgd(resumed)) {
            fit(straight, one, builder -> builder.epochs(3).callback(new Shrinking()));
            fit(
                    broken,
                    two,
                    builder -> builder.epochs(3)
                            .directory(folder)
                            .callback(new Shrinking())
                            .callback(interruptAt(step)));
            assertThatThrownBy(() -> fit(
                            resumed,
                            three,
                            builder -> builder.epochs(3).directory(folder).resume(true)))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("the state of a callback that this training lacks: Shrinking");
            fit(
                    resumed,
                    three,
                    builder -> builder.epochs(3).directory(folder).resume(true).callback(new Shrinking()));
            assertThat(weights(resumed)).isEqualTo(weights(straight));
        }
    }

    private static AdamW byDepth(Sequential model) {
        return new AdamW(ParameterGroup.byDepth(model, depth -> AdamW.lr(0.02 / Math.pow(10, depth)), "6", "3", "0"));
    }

    private static Sequential frozenButForTheHead(float dropout) {
        Sequential model = Toy.network(1, dropout);
        model.freezeExcept("5", "6");
        return model;
    }

    @Test
    void partsAreUnfrozenAtTheirEpochs() {
        try (Sequential model = frozenButForTheHead(0.2f);
                AdamW adam = byDepth(model)) {
            List<String> trained = new ArrayList<>();
            String first = weights(model.module("0"));
            String third = weights(model.module("3"));
            fit(
                    model,
                    adam,
                    builder -> builder.epochs(4)
                            .restoreBest(false)
                            .callback(GradualUnfreezing.at(2, "3").and(4, "0", "1"))
                            .callback(new TrainerCallback() {
                                @Override
                                public void epochDone(Training training, EpochResult result) {
                                    trained.add((weights(model.module("0")).equals(first) ? "-" : "0")
                                            + (weights(model.module("3")).equals(third) ? "-" : "3"));
                                }
                            }));
            assertThat(trained).containsExactly("--", "-3", "-3", "03");
            assertThat(model.module("1").freezing()).isEqualTo(Freezing.NONE);
            assertThat(model.module("2").freezing()).isEqualTo(Freezing.EVERYTHING);
        }
    }

    /** Steps 3 and 7 lie within epochs, 4 and 8 at their ends; epoch 2 unfreezes a layer. */
    @ParameterizedTest
    @CsvSource({"3, 0", "4, 0.2", "6, 0.2", "8, 0.2", "13, 0.2"})
    void unfreezingContinuesToTheBit(long step, float dropout) {
        Consumer<TrainerBuilder> settings = builder ->
                builder.epochs(4).callback(GradualUnfreezing.at(2, "3").and(3, "0", "1"));
        try (Sequential straight = frozenButForTheHead(dropout);
                Sequential broken = frozenButForTheHead(dropout);
                Sequential resumed = frozenButForTheHead(dropout);
                AdamW one = byDepth(straight);
                AdamW two = byDepth(broken);
                AdamW three = byDepth(resumed)) {
            fit(straight, one, settings);
            fit(broken, two, builder -> {
                settings.accept(builder.directory(folder));
                builder.callback(interruptAt(step));
            });
            History history = fit(
                    resumed,
                    three,
                    builder -> settings.accept(builder.directory(folder).resume(true)));
            assertThat(history.ending()).isEqualTo(History.Ending.COMPLETED);
            assertThat(weights(resumed)).isEqualTo(weights(straight));
            assertThat(FrozenParts.of(resumed)).isEqualTo(FrozenParts.of(straight));
        }
    }

    @Test
    void aRunThatFreezesOtherwiseIsStillRefused() {
        try (Sequential model = frozenButForTheHead(0f);
                AdamW adam = byDepth(model)) {
            Consumer<TrainerBuilder> settings =
                    builder -> builder.epochs(3).directory(folder).callback(GradualUnfreezing.at(2, "3"));
            fit(model, adam, settings);
            // the model is as the run left it, no longer as the run began
            assertThatThrownBy(() -> fit(model, adam, builder -> settings.accept(builder.resume(true))))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("frozen then, trained now: 3");
        }
    }

    @Test
    void aScheduleThatCannotWorkIsRefusedAtOnce() {
        try (Sequential model = frozenButForTheHead(0f);
                AdamW adam = new AdamW(model.trainableParameters(), AdamW.lr(0.01))) {
            assertThatThrownBy(() ->
                            fit(model, adam, builder -> builder.epochs(9).callback(GradualUnfreezing.at(8, "3"))))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("3 is unfrozen in epoch 8, but the optimizer lacks 3.weight");
            assertThatThrownBy(() -> fit(model, adam, builder -> builder.callback(GradualUnfreezing.at(8, "x"))))
                    .hasMessageContaining("no module 'x'");
        }
        assertThatThrownBy(() -> GradualUnfreezing.at(0, "x")).hasMessageContaining("epochs count from 1");
        assertThatThrownBy(() -> GradualUnfreezing.at(1)).hasMessageContaining("no part is named");
    }

    /** As for the class token of a transformer, which is no module. */
    @Test
    void singleParametersAreUnfrozenByTheirNames() {
        try (Sequential model = frozenButForTheHead(0f);
                AdamW adam = byDepth(model)) {
            List<List<String>> frozen = new ArrayList<>();
            TrainerCallback note = new TrainerCallback() {
                @Override
                public void stepStarted(Training training) {
                    if (training.batch() == 0) {
                        frozen.add(FrozenParts.of(model).parameters());
                    }
                }
            };
            fit(
                    model,
                    adam,
                    builder -> builder.epochs(3)
                            .callback(GradualUnfreezing.at(2, "3.bias").and(3, "0"))
                            .callback(note));
            assertThat(frozen.get(0)).contains("0.weight", "3.weight", "3.bias");
            assertThat(frozen.get(1)).contains("0.weight", "3.weight").doesNotContain("3.bias");
            assertThat(frozen.get(2)).contains("3.weight").doesNotContain("0.weight", "3.bias");
            assertThatThrownBy(() -> fit(model, adam, b -> b.callback(GradualUnfreezing.at(1, "3.scale"))))
                    .hasMessageContaining("no module '3.scale'");
        }
    }

    @Test
    void groupsByDepthHoldEveryParameterOnce() {
        try (Sequential model = frozenButForTheHead(0f)) {
            List<ParameterGroup<Double>> groups =
                    ParameterGroup.byDepth(model, depth -> Math.pow(2, -depth), "6", "3.weight");
            assertThat(groups).extracting(ParameterGroup::options).containsExactly(1.0, 0.5, 0.25);
            assertThat(groups.get(0).parameters()).isEqualTo(model.module("6").parameters());
            assertThat(groups.get(1).parameters()).hasSize(1);
            assertThat(groups.stream().mapToInt(g -> g.parameters().size()).sum())
                    .isEqualTo(model.parameters().size());
            assertThatThrownBy(() -> ParameterGroup.byDepth(model, depth -> 1, "6", "6"))
                    .hasMessageContaining("'6' has no parameter that is not in a group before it");
            assertThatThrownBy(() -> ParameterGroup.byDepth(model, depth -> 1, "x"))
                    .hasMessageContaining("no module 'x'");
            assertThat(ParameterGroup.byDepth(model, depth -> 1, "")).hasSize(1);
        }
    }

    @Test
    void aDamagedFreezingIsToldAsDamage() throws Exception {
        assertThatThrownBy(() -> FrozenParts.fromMap(java.util.Map.of("modules", 3)))
                .isInstanceOf(ClassCastException.class);
        assertThatThrownBy(() -> FrozenParts.fromMap(
                        java.util.Map.of("modules", java.util.Map.of("3", "SOLID"), "parameters", List.of())))
                .isInstanceOf(ClassCastException.class);
        try (Sequential model = frozenButForTheHead(0.1f);
                Sequential other = Toy.network(2, 0.1f)) {
            FrozenParts parts = FrozenParts.of(model);
            FrozenParts.fromMap(parts.toMap()).apply(other);
            assertThat(FrozenParts.of(other)).isEqualTo(parts);
            assertThat(other.module("5")).isInstanceOf(Dropout.class);
            other.module("3").freeze(Freezing.PARAMETERS_ONLY);
            FrozenParts mixed = FrozenParts.of(other);
            mixed.apply(model);
            assertThat(FrozenParts.of(model)).isEqualTo(mixed);
        }
        assertThat(Files.exists(folder)).isTrue();
    }

    @Test
    void weightsThatACallbackRuinsAfterAnEpochDoNotReplaceTheCheckpoint() {
        for (int bad : new int[] {1, 2}) {
            try (Sequential straight = Toy.network(1, 0);
                    Sgd first = sgd(straight);
                    Sequential ruined = Toy.network(1, 0);
                    Sgd second = sgd(ruined);
                    Sequential resumed = Toy.network(1, 0);
                    Sgd third = sgd(resumed)) {
                fit(straight, first, builder -> builder.epochs(3));
                TrainerCallback ruin = new TrainerCallback() {
                    @Override
                    public void epochDone(Training training, EpochResult result) {
                        if (training.epoch() == bad) {
                            Autograd.noGrad(() ->
                                    training.model().parameters().get(0).value().fill(Double.NaN));
                        }
                    }
                };
                Path run = folder.resolve("run" + bad);
                assertThatThrownBy(() -> fit(
                                ruined,
                                second,
                                builder -> builder.epochs(3).directory(run).callback(ruin)))
                        .isInstanceOf(TrainingException.class)
                        .hasMessageContaining("the weights' norm is NaN at epoch " + bad)
                        .hasMessageContaining(bad == 1 ? "no checkpoint was written" : "the last good checkpoint is");
                fit(resumed, third, builder -> builder.epochs(3).directory(run).resume(true));
                assertThat(weights(resumed)).isEqualTo(weights(straight));
            }
        }
    }
}
