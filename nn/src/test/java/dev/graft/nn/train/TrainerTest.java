package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.data.TensorDataset;
import dev.graft.nn.layer.AdaptiveAvgPool2d;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Flatten;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.MaxPool2d;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.optim.StepLr;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TrainerTest {
    @TempDir
    private Path folder;

    private static DataLoader train(int size, int batchSize) {
        return DataLoader.of(Toy.spirals(size, 1), batchSize)
                .shuffled(5)
                .workers(2)
                .lastBatch(LastBatch.MERGE_SINGLE);
    }

    private static DataLoader validation() {
        return DataLoader.of(Toy.spirals(100, 2), 64).workers(0);
    }

    private static TrainerBuilder builder(Module model, Optimizer optimizer) {
        return Trainer.builder(model, new CrossEntropyLoss(), optimizer);
    }

    private static Sgd sgd(Module model) {
        return new Sgd(model.trainableParameters(), Sgd.lr(0.1).momentum(0.9).weightDecay(1e-4));
    }

    private static Map<String, List<Float>> bits(Module model) {
        Map<String, List<Float>> bits = new TreeMap<>();
        try (StateDict state = model.stateDict()) {
            state.entries().forEach(entry -> {
                List<Float> values = new ArrayList<>();
                for (float value : entry.getValue().toFloatArray()) {
                    values.add(value);
                }
                bits.put(entry.getKey(), values);
            });
        }
        return bits;
    }

    /** What must be equal, to the bit, in two runs: all but the wall times. */
    private static List<String> scores(History history) {
        return history.epochs().stream()
                .map(r -> r.epoch() + " " + r.learningRate() + " " + r.trainLoss() + " " + r.trainAccuracy() + " "
                        + r.validation())
                .toList();
    }

    @Test
    void learnsTheSpirals() {
        Sequential model = Toy.network(3, 0);
        try (DataLoader train = train(400, 32);
                DataLoader validation = validation()) {
            History history = builder(model, sgd(model))
                    .epochs(40)
                    .schedulePerEpoch(new CosineLr(40))
                    .monitor(Monitor.ACCURACY)
                    .build()
                    .fit(train, validation);
            assertThat(history.ending()).isEqualTo(History.Ending.COMPLETED);
            assertThat(history.epochs()).hasSize(40);
            assertThat(history.epochs().get(39).trainLoss())
                    .isLessThan(history.epochs().get(0).trainLoss() / 3);
            Evaluation evaluation = Evaluator.evaluate(model, validation, new CrossEntropyLoss());
            assertThat(evaluation.accuracy())
                    .isGreaterThanOrEqualTo(0.95)
                    .isEqualTo(history.best()
                            .orElseThrow()
                            .validation()
                            .orElseThrow()
                            .accuracy());
            assertThat(evaluation.auroc()).isGreaterThan(0.97);
            assertThat(evaluation.confusion().support(0)).isEqualTo(50);
            assertThat(evaluation.indices()).hasSize(100).startsWith(0, 1, 2);
            assertThat(model.isTraining()).isFalse();
        }
    }

    @Test
    void learnsWithAdamWAccumulationAndClipping() {
        Sequential model = Toy.network(3, 0.05f);
        try (DataLoader train = train(400, 16);
                DataLoader validation = validation()) {
            long steps = Trainer.steps(train, 40, 2);
            assertThat(steps).isEqualTo(40 * 13);
            AdamW adam = new AdamW(model.trainableParameters(), AdamW.lr(0.02));
            builder(model, adam)
                    .epochs(40)
                    .accumulate(2)
                    .clipNorm(1)
                    .schedulePerStep(new LinearWarmup(20, new CosineLr(steps - 20)))
                    .build()
                    .fit(train, validation);
            assertThat(Evaluator.evaluate(model, validation, new CrossEntropyLoss())
                            .accuracy())
                    .isGreaterThanOrEqualTo(0.95);
        }
    }

    /** Bright bars on noise, lying or standing, anywhere in an image: a convolution's job. */
    private static TensorDataset bars(int size, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] pixels = new float[size * 64];
        long[] labels = new long[size];
        for (int i = 0; i < size; i++) {
            labels[i] = i % 2;
            int at = random.nextInt(8);
            for (int k = 0; k < 64; k++) {
                boolean bar = (i % 2 == 0 ? k / 8 : k % 8) == at;
                pixels[i * 64 + k] = (float) (0.3 * random.nextGaussian()) + (bar ? 1 : 0);
            }
        }
        return new TensorDataset(Tensor.of(pixels, size, 1, 8, 8), Tensor.of(labels, size));
    }

    @Test
    void aConvolutionalNetworkLearnsBars() {
        SplittableRandom random = new SplittableRandom(4);
        Sequential model = new Sequential(
                new Conv2d(1, 8, 3, Conv2d.options().padding(1).withoutBias(), random),
                new BatchNorm2d(8),
                new ReLU(),
                new MaxPool2d(2),
                new Conv2d(8, 16, 3, Conv2d.options().padding(1), random),
                new ReLU(),
                new AdaptiveAvgPool2d(1),
                new Flatten(),
                new Linear(16, 2, random));
        try (DataLoader train = DataLoader.of(bars(200, 1), 20).shuffled(6);
                DataLoader validation = DataLoader.of(bars(100, 2), 50)) {
            builder(model, sgd(model))
                    .epochs(12)
                    .schedulePerEpoch(new CosineLr(12))
                    .build()
                    .fit(train, validation);
            assertThat(Evaluator.evaluate(model, validation, new CrossEntropyLoss())
                            .accuracy())
                    .isGreaterThanOrEqualTo(0.97);
        }
    }

    /** Bits after a run that is interrupted and resumed at the given moments, and its history. */
    private record Run(Map<String, List<Float>> bits, List<String> scores, List<String> best) {}

    private Run run(Path out, boolean adam, int... stopAfterBatches) {
        History history = new History(List.of(), OptionalInt.empty(), History.Ending.INTERRUPTED);
        Sequential model = Toy.network(3, 0.3f);
        for (int part = 0; part <= stopAfterBatches.length; part++) {
            model = Toy.network(3, 0.3f);
            Optimizer optimizer = adam ? new AdamW(model.trainableParameters(), AdamW.lr(0.01)) : sgd(model);
            StopSignal stop = new StopSignal();
            int limit = part < stopAfterBatches.length ? stopAfterBatches[part] : Integer.MAX_VALUE;
            Progress counter = new Progress() {
                private int batches;

                @Override
                public void batchDone(double meanLoss) {
                    if (++batches == limit) {
                        stop.request();
                    }
                }
            };
            try (DataLoader train = train(150, 16).workers(part);
                    DataLoader validation = validation()) {
                history = builder(model, optimizer)
                        .epochs(4)
                        .accumulate(2)
                        .schedulePerEpoch(new StepLr(2, 0.1))
                        .monitor(Monitor.AUROC)
                        .restoreBest(false)
                        .directory(out)
                        .resume(part > 0)
                        .progress(counter)
                        .stop(stop)
                        .build()
                        .fit(train, validation);
            }
            assertThat(history.ending())
                    .isEqualTo(part < stopAfterBatches.length ? History.Ending.INTERRUPTED : History.Ending.COMPLETED);
        }
        try (StateDict best = Safetensors.load(out.resolve("best.safetensors"))) {
            return new Run(
                    bits(model),
                    scores(history),
                    best.names().stream().map(best::sha256).toList());
        }
    }

    @Test
    void aResumedRunHasTheBitsOfTheUnbrokenOne() throws IOException {
        for (boolean adam : new boolean[] {false, true}) {
            Path root = Files.createDirectory(folder.resolve("adam" + adam));
            Run straight = run(root.resolve("straight"), adam);
            // 10 batches an epoch, of 16 examples, the last one of 6; two make a step
            Run atEpochEnd = run(root.resolve("end"), adam, 20);
            Run inTheMiddle = run(root.resolve("middle"), adam, 3, 9, 5);
            assertThat(atEpochEnd).isEqualTo(straight);
            assertThat(inTheMiddle).isEqualTo(straight);
            assertThat(straight.scores()).hasSize(4);
        }
    }

    @Test
    void writesALogThatResumingContinues() throws IOException {
        run(folder, false, 13);
        List<String> log = Files.readAllLines(folder.resolve("log.csv"));
        assertThat(log)
                .hasSize(5)
                .first()
                .isEqualTo(
                        "epoch,learning_rate,train_loss,train_accuracy,val_loss,val_accuracy,val_auroc,seconds,examples_per_second");
        assertThat(log.get(4)).startsWith("4,0.01");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("best.safetensors", "last.safetensors", "log.csv", FolderLock.FILE_NAME);
        }
    }

    @Test
    void aFinishedRunCanBeGivenMoreEpochs() {
        Map<String, List<Float>> straight = Map.of();
        Map<String, List<Float>> extended = Map.of();
        for (int[] plan : new int[][] {{3}, {1, 3}}) {
            Path out = folder.resolve("plan" + plan.length);
            for (int epochs : plan) {
                Sequential model = Toy.network(3, 0.3f);
                try (DataLoader train = train(60, 16)) {
                    History history = builder(model, sgd(model))
                            .epochs(epochs)
                            .directory(out)
                            .resume(true)
                            .build()
                            .fit(train);
                    assertThat(history.epochs()).hasSize(epochs);
                    assertThat(history.bestEpoch()).isEmpty();
                }
                extended = bits(model);
            }
            straight = plan.length == 1 ? extended : straight;
        }
        assertThat(extended).isEqualTo(straight);
    }

    @Test
    void stopsEarlyAndGivesTheBestWeightsBack() {
        Sequential model = Toy.network(3, 0);
        // a learning rate of 0 after the first epoch: the running statistics still move, the score does not get better
        // for long
        Sgd sgd = sgd(model);
        try (DataLoader train = train(100, 20);
                DataLoader validation = validation()) {
            History history = builder(model, sgd)
                    .epochs(50)
                    .schedulePerEpoch(epoch -> epoch == 0 ? 1 : 0)
                    .earlyStopping(3)
                    .monitor(Monitor.ACCURACY)
                    .build()
                    .fit(train, validation);
            assertThat(history.ending()).isEqualTo(History.Ending.STOPPED_EARLY);
            int lastBetter = BestEpoch.lastBetterScore(history.epochs(), Monitor.ACCURACY)
                    .orElseThrow();
            assertThat(history.epochs()).hasSize(lastBetter + 3);
            double bestAccuracy =
                    history.best().orElseThrow().validation().orElseThrow().accuracy();
            assertThat(Evaluator.evaluate(model, validation, new CrossEntropyLoss())
                            .accuracy())
                    .isEqualTo(bestAccuracy);
        }
    }

    @Test
    void divergenceIsATypedErrorAndKeepsTheLastGoodCheckpoint() throws IOException {
        Sequential model = Toy.network(3, 0);
        byte[][] good = new byte[1][];
        try (DataLoader train = train(64, 16)) {
            Trainer trainer = builder(model, sgd(model))
                    .epochs(3)
                    .schedulePerEpoch(epoch -> epoch == 0 ? 1 : 1e30)
                    .directory(folder)
                    .progress(new Progress() {
                        @Override
                        public void epochDone(EpochResult result) {
                            good[0] = read(folder.resolve("last.safetensors"));
                        }
                    })
                    .build();
            assertThatThrownBy(() -> trainer.fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageStartingWith("training: the ")
                    .hasMessageContaining("at epoch 2, step ")
                    .hasMessageContaining("(learning rate 1.0E29). Hint: use a smaller learning rate")
                    .hasMessageContaining("the last good checkpoint is " + folder.resolve("last.safetensors"));
        }
        assertThat(Files.readAllBytes(folder.resolve("last.safetensors"))).isEqualTo(good[0]);
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void nanInTheDataIsNamed() {
        Sequential model = Toy.network(3, 0);
        Tensor inputs = Tensor.of(new float[] {1, 2, 3, Float.NaN, 5, 6, 7, 8}, 4, 2);
        try (DataLoader train = DataLoader.of(new TensorDataset(inputs, Tensor.of(new long[4], 4)), 4)) {
            assertThatThrownBy(() -> builder(model, sgd(model)).build().fit(train))
                    .hasMessage("training: the loss is NaN at epoch 1, step 1"
                            + " (learning rate 0.1). Hint: the inputs of examples [1] of the data set hold NaN or infinity: fix the data; no"
                            + " checkpoint was written.");
        }
    }

    @Test
    void refusesToTrainNothing() {
        Sequential model = Toy.network(3, 0);
        Sgd sgd = sgd(model);
        model.freeze();
        try (DataLoader train = train(20, 10)) {
            assertThatThrownBy(() -> builder(model, sgd).build().fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageStartingWith(
                            "training: all 8 parameters of the optimizer are frozen. Hint: call freezeExcept(\"fc\")");
            model.unfreeze();
            assertThatThrownBy(
                            () -> builder(model, sgd).earlyStopping(2).build().fit(train))
                    .hasMessage("training: early stopping needs validation data. Hint: fit(train, validation)");
        }
        assertThatThrownBy(() -> builder(model, sgd).resume(true).build())
                .hasMessage("trainer: resume needs a directory. Hint: directory(path)");
        assertThatThrownBy(() -> builder(model, sgd).epochs(0)).hasMessage("trainer: epochs must be at least 1, was 0");
    }

    @Test
    void refusesForeignDamagedAndUnwritableFiles() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");
        Sequential model = Toy.network(3, 0);
        Sgd sgd = sgd(model);
        try (DataLoader train = train(60, 16);
                DataLoader other = train(61, 16)) {
            assertThatThrownBy(() -> builder(model, sgd)
                            .directory(file.resolve("out"))
                            .build()
                            .fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("cannot be written")
                    .hasMessageContaining("Hint: choose another one");
            Path out = folder.resolve("out");
            builder(model, sgd).directory(out).build().fit(train);
            Trainer resumed =
                    builder(model, sgd).epochs(2).directory(out).resume(true).build();
            assertThatThrownBy(() -> resumed.fit(other))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("was trained on other data"
                            + " (then 60 examples, 4 batches, seed 5; now 61 examples, 4 batches, seed 5)");
            try (StateDict weights = model.stateDict()) {
                Safetensors.save(weights, out.resolve("last.safetensors"));
            }
            assertThatThrownBy(() -> resumed.fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("no training to resume");
        }
    }

    @Test
    void frozenPartsKeepTheirBits() {
        Sequential model = Toy.network(3, 0.3f);
        model.freezeExcept("6");
        Map<String, List<Float>> before = bits(model);
        try (DataLoader train = train(60, 16)) {
            builder(model, sgd(model)).epochs(2).build().fit(train);
        }
        Map<String, List<Float>> after = bits(model);
        before.forEach((name, values) -> {
            if (name.startsWith("6.")) {
                assertThat(after.get(name)).as(name).isNotEqualTo(values);
            } else {
                assertThat(after.get(name)).as(name).isEqualTo(values);
            }
        });
    }

    @Test
    void printsPlainLinesWhereThereIsNoTerminal() {
        Sequential model = Toy.network(3, 0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DataLoader train = train(60, 16);
                DataLoader validation = validation()) {
            builder(model, sgd(model))
                    .epochs(2)
                    .progress(Progress.lines(new PrintStream(out, true, StandardCharsets.UTF_8)))
                    .build()
                    .fit(train, validation);
        }
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .matches(
                                "epoch [12]/2  loss \\d\\.\\d{4} acc \\d\\.\\d{3}  val loss \\d\\.\\d{4} acc \\d\\.\\d{3}"
                                        + " AUROC \\d\\.\\d{3}  \\d+\\.\\ds"));
    }

    @Test
    void evaluatesOneLogit() {
        Sequential model = new Sequential(new Linear(2, 1, new SplittableRandom(1)));
        try (DataLoader validation = validation()) {
            Evaluation evaluation = Evaluator.evaluate(model, validation, new BceWithLogitsLoss());
            assertThat(evaluation.classes()).isEqualTo(2);
            assertThat(evaluation.auroc()).isBetween(0.0, 1.0);
            assertThat(evaluation.brierScore()).isBetween(0.0, 1.0);
        }
    }

    @Test
    void anEpochLeavesNoTensorBehind() {
        Sequential model = Toy.network(3, 0.3f);
        List<Long> live = new ArrayList<>();
        try (DataLoader train = train(100, 16);
                DataLoader validation = validation()) {
            builder(model, sgd(model))
                    .epochs(6)
                    .directory(folder)
                    .progress(new Progress() {
                        @Override
                        public void epochDone(EpochResult result) {
                            live.add(Device.cpu().memory().live());
                        }
                    })
                    .build()
                    .fit(train, validation);
        }
        // the collector may free tensors of other tests meanwhile, so less is possible; more would be a leak
        assertThat(live.get(5)).isLessThanOrEqualTo(live.get(1));
    }

    @Test
    void aStopSignalLetsGoOfShutdown() {
        try (StopSignal stop = StopSignal.onShutdown()) {
            assertThat(stop.isRequested()).isFalse();
            stop.request();
            assertThat(stop.isRequested()).isTrue();
        }
    }
}
