package dev.graft.vision;

import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Monitor;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.image.transform.Augment;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** Small fine-tunings of a ResNet-20, with a hand on the stop. */
final class Runs {
    private final Path data;

    Runs(Path data) {
        this.data = data;
    }

    /** What can be varied. */
    record Plan(
            ImageSource source,
            String weights,
            boolean freeze,
            Augment augment,
            boolean featureCache,
            int cachedViews,
            int epochs,
            int patience,
            Recipe.Schedule schedule,
            long seed,
            RunFolder.Existing existing) {
        Plan source(ImageSource value) {
            return new Plan(
                    value,
                    weights,
                    freeze,
                    augment,
                    featureCache,
                    cachedViews,
                    epochs,
                    patience,
                    schedule,
                    seed,
                    existing);
        }

        Plan frozen(String file, boolean cache, Augment chance, int views) {
            return new Plan(source, file, true, chance, cache, views, epochs, patience, schedule, seed, existing);
        }

        Plan weights(String file) {
            return new Plan(
                    source,
                    file,
                    freeze,
                    augment,
                    featureCache,
                    cachedViews,
                    epochs,
                    patience,
                    schedule,
                    seed,
                    existing);
        }

        Plan epochs(int count) {
            return new Plan(
                    source,
                    weights,
                    freeze,
                    augment,
                    featureCache,
                    cachedViews,
                    count,
                    patience,
                    schedule,
                    seed,
                    existing);
        }

        Plan patience(int count) {
            return new Plan(
                    source,
                    weights,
                    freeze,
                    augment,
                    featureCache,
                    cachedViews,
                    epochs,
                    count,
                    schedule,
                    seed,
                    existing);
        }

        Plan schedule(Recipe.Schedule value) {
            return new Plan(
                    source,
                    weights,
                    freeze,
                    augment,
                    featureCache,
                    cachedViews,
                    epochs,
                    patience,
                    value,
                    seed,
                    existing);
        }

        Plan seed(long value) {
            return new Plan(
                    source,
                    weights,
                    freeze,
                    augment,
                    featureCache,
                    cachedViews,
                    epochs,
                    patience,
                    schedule,
                    value,
                    existing);
        }

        Plan resume() {
            return existing(RunFolder.Existing.RESUME);
        }

        Plan overwrite() {
            return existing(RunFolder.Existing.OVERWRITE);
        }

        private Plan existing(RunFolder.Existing value) {
            return new Plan(
                    source,
                    weights,
                    freeze,
                    augment,
                    featureCache,
                    cachedViews,
                    epochs,
                    patience,
                    schedule,
                    seed,
                    value);
        }

        FineTuningSettings settings() {
            Recipe recipe = new Recipe(
                    epochs,
                    8,
                    Recipe.Optimization.ADAMW,
                    0.002,
                    0,
                    0.01,
                    schedule,
                    0.1f,
                    true,
                    2,
                    OptionalDouble.of(1),
                    patience == 0 ? OptionalInt.empty() : OptionalInt.of(patience),
                    Monitor.LOSS,
                    seed);
            return new FineTuningSettings(
                    source,
                    "resnet20",
                    weights,
                    Optional.empty(),
                    freeze,
                    new Augmentations(augment, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()),
                    OptionalInt.empty(),
                    Optional.empty(),
                    OptionalInt.empty(),
                    recipe,
                    DecisionRule.NONE,
                    "cpu",
                    OptionalInt.of(2),
                    featureCache,
                    cachedViews,
                    existing == RunFolder.Existing.RESUME,
                    existing == RunFolder.Existing.OVERWRITE,
                    false,
                    Optional.empty(),
                    Averaging.Views.NONE);
        }
    }

    /** Two epochs of the whole network from random weights, a quarter of the images held back. */
    Plan plan() {
        return new Plan(
                new ImageSource(data, Optional.empty(), 0.25),
                "none",
                false,
                Augment.NONE,
                true,
                0,
                2,
                0,
                Recipe.Schedule.NONE,
                5,
                RunFolder.Existing.REFUSE);
    }

    /** What happened, and what was said. */
    record Told(FineTuning.Ending ending, Map<String, Object> metrics, String log) {}

    static Told run(Path out, Plan plan) {
        return run(out, plan, (event, stop) -> {});
    }

    /**
     * Calls {@code onEvent} with "batch 3" after the third batch, and with "epoch 2" after the second epoch that are
     * trained here.
     */
    static Told run(Path out, Plan plan, BiConsumer<String, StopSignal> onEvent) {
        StringWriter log = new StringWriter();
        FineTuningListeners listeners = FineTuningListeners.SILENT.withLog(
                line -> log.append(line.toString()).append("\n"));
        try (StopSignal stop = new StopSignal();
                FineTuningRun finetune = FineTuningRun.open(plan.settings(), out, Map.of(), listeners)) {
            onEvent.accept("opened", stop);
            FineTuning.Result outcome = finetune.run(
                    new Progress() {
                        private int batches;
                        private int epochs;

                        @Override
                        public void batchDone(double meanLoss) {
                            onEvent.accept("batch " + ++batches, stop);
                        }

                        @Override
                        public void epochDone(EpochResult result) {
                            onEvent.accept("epoch " + ++epochs, stop);
                        }
                    },
                    stop);
            return new Told(outcome.ending(), outcome.metrics(), log.toString());
        }
    }

    /** As {@link #run(Path, Plan)}, stopped at an event. */
    static Told stopped(Path out, Plan plan, String at) {
        return run(out, plan, (event, stop) -> {
            if (event.equals(at)) {
                stop.request();
            }
        });
    }

    static UnaryOperator<Plan> same() {
        return plan -> plan;
    }
}
