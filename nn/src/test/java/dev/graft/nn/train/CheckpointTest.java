package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.data.Sampler;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.loss.MseLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.LrSchedule;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.optim.StepLr;
import dev.graft.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint is judged as a whole, then taken as a whole; a run continues only with what it began with. */
@Timeout(60)
class CheckpointTest {
    private static final int SIZE = 26;

    @TempDir
    private Path folder;

    private Path last;

    private static Sequential network(float dropout) {
        SplittableRandom random = new SplittableRandom(3);
        return new Sequential(
                new Linear(2, 6, random), new BatchNorm1d(6), new Dropout(dropout, random), new Linear(6, 2, random));
    }

    private static DataLoader loader() {
        return DataLoader.of(Toy.spirals(SIZE, 1), 4).shuffled(5).workers(0);
    }

    private static AdamW adam(Sequential model) {
        return new AdamW(model.parameters(), AdamW.lr(0.01));
    }

    private TrainerBuilder builder(Sequential model, Optimizer optimizer) {
        return Trainer.builder(model, new CrossEntropyLoss(), optimizer)
                .epochs(3)
                .accumulate(2)
                .directory(folder)
                .resume(true);
    }

    /** Stops after 4 of the 7 batches of epoch 2. */
    @BeforeEach
    void trainAndStop() {
        last = folder.resolve("last.safetensors");
        Sequential model = network(0.3f);
        StopSignal stop = new StopSignal();
        int[] batches = {0};
        try (DataLoader train = loader();
                Optimizer optimizer = adam(model)) {
            History history = builder(model, optimizer)
                    .stop(stop)
                    .progress(new Progress() {
                        @Override
                        public void batchDone(double lossSoFar) {
                            if (++batches[0] == 11) {
                                stop.request();
                            }
                        }
                    })
                    .build()
                    .fit(train, train);
            assertThat(history.ending()).isEqualTo(History.Ending.INTERRUPTED);
        }
        assertThat(batches[0]).isEqualTo(11);
    }

    private static Map<String, String> content(Sequential model, Optimizer optimizer) {
        Map<String, String> content = new TreeMap<>();
        try (StateDict weights = model.stateDict();
                StateDict moments = optimizer.stateDict()) {
            weights.names().forEach(name -> content.put("model " + name, weights.sha256(name)));
            moments.names().forEach(name -> content.put("optimizer " + name, moments.sha256(name)));
        }
        content.put("random", Arrays.toString(((Dropout) model.module("2")).randomState()));
        return content;
    }

    private void rewrite(Consumer<StateDict> tensors, Consumer<Map<String, Object>> state) throws IOException {
        Map<String, String> metadata = new TreeMap<>(Safetensors.metadata(last));
        Map<String, Object> json = JSON.std.mapFrom(metadata.get("graft.training"));
        state.accept(json);
        metadata.put("graft.training", JSON.std.asString(json));
        try (StateDict all = Safetensors.load(last)) {
            tensors.accept(all);
            Safetensors.save(all, last, metadata);
        }
    }

    private void assertRefused(Consumer<StateDict> tensors, Consumer<Map<String, Object>> state, String message)
            throws IOException {
        byte[] good = Files.readAllBytes(last);
        rewrite(tensors, state);
        byte[] bad = Files.readAllBytes(last);
        Sequential model = network(0.3f);
        try (DataLoader train = loader();
                Optimizer optimizer = adam(model)) {
            Map<String, String> before = content(model, optimizer);
            Trainer trainer = builder(model, optimizer).build();
            assertThatThrownBy(() -> trainer.fit(train, train)).hasMessageContaining(message);
            assertThat(content(model, optimizer)).isEqualTo(before);
        }
        assertThat(Files.readAllBytes(last)).isEqualTo(bad);
        Files.write(last, good);
    }

    @Test
    void whatDoesNotFitChangesNeitherModelNorOptimizerNorRandomness() throws IOException {
        Consumer<Map<String, Object>> same = json -> {};
        Consumer<StateDict> whole = tensors -> {};
        assertRefused(
                tensors -> tensors.put("optimizer.0.step", Tensor.of(new long[] {-1})),
                same,
                "0.step: must be one I64 number");
        assertRefused(tensors -> tensors.put("optimizer.1.exp_avg", Tensor.zeros(9)), same, "1.exp_avg: saved [9]");
        assertRefused(tensors -> tensors.put("model.3.weight", Tensor.zeros(9)), same, "3.weight: file [9]");
        assertRefused(tensors -> tensors.put("model.9.weight", Tensor.zeros(9)), same, "unexpected");
        assertRefused(whole, json -> json.put("random", Map.of()), "has no random state of '2'");
        assertRefused(whole, json -> json.put("random", Map.of("2", List.of(1))), "has no random state of '2'");
        String damaged = "the training state in " + last + " is damaged";
        assertRefused(whole, json -> json.put("random", Map.of("2", List.of("x", "y"))), damaged);
        assertRefused(whole, json -> json.put("epoch", 0), damaged);
        assertRefused(whole, json -> json.put("epoch", 3), damaged);
        assertRefused(whole, json -> json.put("batch", -1), damaged);
        assertRefused(whole, json -> json.put("batch", 8), damaged);
        assertRefused(whole, json -> json.put("steps", -1), damaged);
        assertRefused(whole, json -> json.put("lossSum", "NaN"), damaged);
        assertRefused(whole, json -> json.put("lossWeight", "-1"), damaged);
        assertRefused(whole, json -> json.put("bestEpoch", 2), damaged);
        assertRefused(whole, json -> json.remove("history"), damaged);
        assertRefused(whole, json -> json.put("history", List.of()), damaged);
        assertRefused(whole, json -> json.put("settings", Map.of()), damaged);
    }

    private History resume(
            Sequential model, Optimizer optimizer, DataLoader train, UnaryOperator<TrainerBuilder> change) {
        try (train;
                optimizer) {
            return change.apply(builder(model, optimizer)).build().fit(train, train);
        }
    }

    @Test
    void anotherCutOrOrderOfTheSameExamplesIsRefused() {
        Sequential model = network(0.3f);
        String message = "has other batches than now";
        DataLoader good = loader();
        for (DataLoader other : List.of(
                good.sampler(Sampler.sequential(SIZE)),
                DataLoader.of(Toy.spirals(SIZE, 1), 4).seed(5).workers(0))) {
            assertThatThrownBy(() -> resume(model, adam(model), other, b -> b))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining(message);
        }
        assertThatThrownBy(() -> resume(model, adam(model), good.lastBatch(LastBatch.DROP), b -> b))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("was trained on other data");
        good.close();
    }

    @Test
    void anotherBatchSizeThatMakesAsManyBatchesIsRefused() throws IOException {
        Path out = Files.createDirectory(folder.resolve("sizes"));
        for (int size : new int[] {16, 20}) {
            Sequential model = network(0);
            Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.1));
            DataLoader train =
                    DataLoader.of(Toy.spirals(61, 1), size).shuffled(5).workers(0);
            assertThat(train.batches()).isEqualTo(4);
            Trainer trainer = Trainer.builder(model, new CrossEntropyLoss(), sgd)
                    .epochs(size == 16 ? 1 : 2)
                    .directory(out)
                    .resume(true)
                    .build();
            if (size == 16) {
                trainer.fit(train);
            } else {
                assertThatThrownBy(() -> trainer.fit(train))
                        .isInstanceOf(TrainingException.class)
                        .hasMessageContaining("epoch 2 of " + out.resolve("last.safetensors")
                                + " has other batches than now, of 61 examples,"
                                + " 4 batches, seed 5 in batches of 20");
            }
            train.close();
        }
    }

    @Test
    void settingsThatContradictTheCheckpointAreRefused() {
        Sequential model = network(0.3f);
        assertThatThrownBy(() -> resume(model, new Sgd(model.parameters(), Sgd.lr(0.1)), loader(), b -> b))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("was trained by adamW, now sgd");
        assertThatThrownBy(() -> resume(model, adam(model), loader(), b -> b.accumulate(3)))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("lies within an epoch of 2 batches a step, now 3. Hint: accumulate(2)");
        assertThatThrownBy(() -> resume(model, adam(model), loader(), b -> b.monitor(Monitor.ACCURACY)))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("was chosen by loss, now accuracy is monitored");
        assertThat(resume(model, adam(model), loader(), b -> b).ending()).isEqualTo(History.Ending.COMPLETED);
    }

    /** Of a schedule by its class alone, a warm-up of 5 steps is one of 500. */
    @Test
    void schedulesAreToldApartByTheirSettings() {
        LrSchedule[][] pairs = {
            {new StepLr(7, 0.1), new StepLr(7, 0.2)},
            {new CosineLr(100), new CosineLr(101)},
            {new LinearWarmup(5, LrSchedule.constant()), new LinearWarmup(6, LrSchedule.constant())},
            {new LinearWarmup(5, step -> 0.5), new LinearWarmup(50, step -> 0.5)},
            {new LinearWarmup(5, step -> 0.5), new LinearWarmup(5, step -> 0.25)},
            {halving(3), halving(4)},
            {LrSchedule.constant(), halving(4)}
        };
        for (LrSchedule[] pair : pairs) {
            assertThat(ScheduleText.of(pair[0])).doesNotContain("@").isNotEqualTo(ScheduleText.of(pair[1]));
        }
        assertThat(ScheduleText.of(halving(3))).isEqualTo(ScheduleText.of(halving(3)));
        assertThat(ScheduleText.of(LrSchedule.constant())).isEqualTo("constant");
        assertThat(ScheduleText.of(new LinearWarmup(5, 0.5, step -> 0.5)))
                .startsWith(
                        "LinearWarmup[steps=5, start=0.5, then=CheckpointTest's lambda] (factors 0.5, 0.6, 0.7, 0.8, ... #");
        assertThat(ScheduleText.of(halving(60_000)))
                .as("one that was made for fewer steps")
                .contains(" (factors 1.0, 1.0, 1.0, 1.0, ... #");
    }

    /** A schedule of a user's own that says nothing of itself. */
    private static LrSchedule halving(int every) {
        return new LrSchedule() {
            @Override
            public double factor(long step) {
                if (step > 100_000) {
                    throw new IndexOutOfBoundsException();
                }
                return Math.pow(0.5, (double) Math.floorDiv(step, every));
            }
        };
    }

    @Test
    void aResumeWithOtherScheduleOrLossSettingsIsSaid() {
        List<String> warnings = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void warning(String message) {
                warnings.add(message);
            }
        };
        Sequential model = network(0.3f);
        resume(model, adam(model), loader(), b -> b.progress(progress));
        assertThat(warnings).as("as it was").isEmpty();
        Sequential other = network(0.3f);
        resume(
                other,
                adam(other),
                loader(),
                b -> b.epochs(4).schedulePerStep(new LinearWarmup(5, step -> 1)).progress(progress));
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0))
                .contains("constant per epoch; now ", "LinearWarmup[steps=5, start=0.01, ")
                .endsWith(") per step");
        assertThat(new BceWithLogitsLoss().positiveWeight(2))
                .hasToString("BceWithLogitsLoss(positive weights [2.0], MEAN)");
        assertThat(new MseLoss()).hasToString("MseLoss(MEAN)");
    }

    @Test
    void otherFrozenLayersAreNamedAndRefused() {
        Sequential model = network(0.3f);
        model.module("0").freeze();
        model.module("1").freeze();
        assertThatThrownBy(
                        () -> resume(model, new AdamW(model.trainableParameters(), AdamW.lr(0.01)), loader(), b -> b))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("is of a run that trained other layers (trained then, frozen now: 0, 1). Hint: ")
                .hasMessageNotContaining("exp_avg");
        Sequential part = network(0.3f);
        part.namedParameters().get("3.bias").freeze(true);
        assertThatThrownBy(() -> resume(part, new AdamW(part.trainableParameters(), AdamW.lr(0.01)), loader(), b -> b))
                .hasMessageContaining("(trained then, frozen now: 3.bias)");
        assertThat(TrainedLayers.difference(
                        List.of("body.a.weight", "body.a.bias", "body.b.weight", "head.weight"),
                        List.of("head.weight"),
                        List.of("body.a.weight", "body.a.bias", "body.b.weight")))
                .isEqualTo("frozen then, trained now: body; trained then, frozen now: head");
    }

    /** Without moments in the file, as of SGD without momentum, nothing else would tell. */
    @Test
    void otherFrozenLayersAreFoundWithoutMomentsToo(@TempDir Path plain) {
        Sequential first = network(0);
        try (DataLoader train = loader();
                Optimizer sgd = new Sgd(first.parameters(), Sgd.lr(0.1))) {
            Trainer.builder(first, new CrossEntropyLoss(), sgd)
                    .directory(plain)
                    .build()
                    .fit(train, train);
        }
        Sequential model = network(0);
        model.module("0").freeze();
        try (DataLoader train = loader();
                Optimizer sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.1))) {
            assertThatThrownBy(() -> Trainer.builder(model, new CrossEntropyLoss(), sgd)
                            .directory(plain)
                            .epochs(2)
                            .resume(true)
                            .build()
                            .fit(train, train))
                    .hasMessageContaining("trained then, frozen now: 0");
        }
    }

    @Test
    void weightsThatAreNoNumbersAreNamedBeforeAnythingIsTrained(@TempDir Path fresh) {
        for (String name : new String[] {"0.weight", "1.running_var"}) {
            Sequential model = network(0);
            try (StateDict state = model.stateDict()) {
                state.get(name).fill(name.equals("0.weight") ? Float.NaN : Float.POSITIVE_INFINITY);
            }
            try (DataLoader train = loader();
                    Optimizer optimizer = adam(model)) {
                assertThatThrownBy(() -> Trainer.builder(model, new CrossEntropyLoss(), optimizer)
                                .directory(fresh)
                                .build()
                                .fit(train))
                        .isInstanceOf(TrainingException.class)
                        .hasMessageContaining("the model's " + name + " ")
                        .hasMessageContaining("holds NaN or infinity before the first step. Hint: look at the weights");
            }
            assertThat(fresh.resolve("last.safetensors")).doesNotExist();
        }
    }

    @Test
    void otherSettingsAreSaid() {
        List<String> warnings = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void warning(String message) {
                warnings.add(message);
            }
        };
        Sequential model = network(0.3f);
        History history = resume(
                model,
                new AdamW(model.parameters(), AdamW.lr(0.001)),
                loader(),
                b -> b.clipNorm(2).progress(progress));
        assertThat(history.epochs()).hasSize(3);
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0))
                .startsWith(
                        "the run continues with other settings, and differs from an unbroken one: then adamW[Options[learningRate=0.01,")
                .contains("x 6], 2 batches a step, no clipping, ", "; now adamW[Options[learningRate=0.001,")
                .contains("gradients clipped to 2.0, ");
        warnings.clear();
        resume(
                model,
                new AdamW(model.parameters(), AdamW.lr(0.001)),
                loader(),
                b -> b.clipNorm(2).epochs(4).progress(progress));
        assertThat(warnings).isEmpty();
    }

    @Test
    void bestWeightsOfAnotherEpochAreNotRestored() throws IOException {
        Sequential model = network(0.3f);
        try (DataLoader train = loader();
                Optimizer optimizer = adam(model)) {
            Trainer trainer = builder(model, optimizer)
                    .schedulePerEpoch(epoch -> 0)
                    .progress(new Progress() {
                        @Override
                        public void epochDone(EpochResult result) {
                            try (StateDict weights = model.stateDict()) {
                                Path best = folder.resolve("best.safetensors");
                                Map<String, String> facts = Safetensors.metadata(best);
                                Safetensors.save(
                                        weights,
                                        best,
                                        Map.of(
                                                "graft.best",
                                                facts.get("graft.best").replaceAll("\"epoch\":\\d+", "\"epoch\":77")));
                            }
                        }
                    })
                    .build();
            assertThatThrownBy(() -> trainer.fit(train, train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("does not hold the weights of epoch ")
                    .hasMessageContaining("the model keeps the last epoch's");
        }
    }

    @Test
    void twoTrainersOfOneModelAtOnceAreAnError() throws Exception {
        // Which of the two is disturbed first, and in what, is a race: gradients that the other one freed are told
        // of in other words.
        List<Throwable> failures = new ArrayList<>();
        for (int attempt = 0;
                attempt < 10 && failures.stream().noneMatch(CheckpointTest::saysToUseOneThread);
                attempt++) {
            List<Throwable> more = failuresOfTwoTrainers();
            assertThat(more).as("failures of attempt %d", attempt).isNotEmpty();
            failures.addAll(more);
        }
        assertThat(failures).anyMatch(CheckpointTest::saysToUseOneThread);
    }

    private static boolean saysToUseOneThread(Throwable failure) {
        return String.valueOf(failure.getMessage()).contains("train a model in one thread at a time");
    }

    private static List<Throwable> failuresOfTwoTrainers() throws Exception {
        Sequential model = network(0);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        List<Throwable> failures = new ArrayList<>();
        try {
            List<Future<History>> runs = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                runs.add(threads.submit(() -> {
                    try (DataLoader train = loader();
                            Sgd sgd = new Sgd(model.parameters(), Sgd.lr(0.1))) {
                        // a step takes a while, in which the other trainer makes one
                        return Trainer.builder(
                                        model,
                                        (outputs, labels) -> {
                                            pause();
                                            return new CrossEntropyLoss().forward(outputs, labels);
                                        },
                                        sgd)
                                .epochs(60)
                                .build()
                                .fit(train);
                    }
                }));
            }
            for (Future<History> run : runs) {
                try {
                    run.get(40, TimeUnit.SECONDS);
                } catch (ExecutionException e) {
                    failures.add(e.getCause());
                }
            }
        } finally {
            threads.shutdownNow();
        }
        return failures;
    }

    private static void pause() {
        try {
            Thread.sleep(4);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
