package dev.graft.nn.train;

import static dev.graft.message.Message.setting;

import dev.graft.nn.Module;
import dev.graft.nn.Stochastic;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.optim.Optimizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Checks a checkpoint against the run that will continue from it, before anything of the run changes. */
final class ResumeCheck {
    private final Path file;

    ResumeCheck(Path file) {
        this.file = file;
    }

    /**
     * @throws TrainingException if the numbers contradict each other, as they never do in a file that a trainer wrote
     */
    void state(TrainState state) {
        boolean sane = state.epoch >= 1
                && state.batch >= 0
                && state.steps >= 0
                && state.seen >= 0
                && state.right >= -1
                && state.judged >= 0
                && state.right <= state.judged
                && state.lossWeight >= 0
                && Double.isFinite(state.lossWeight)
                && Double.isFinite(state.lossSum)
                && state.seconds >= 0
                && state.history.size() == state.epoch - 1
                && state.bestEpoch.orElse(0) <= state.history.size()
                && state.bestEpoch.orElse(1) >= 1;
        for (int i = 0; sane && i < state.history.size(); i++) {
            sane = state.history.get(i).epoch() == i + 1;
        }
        if (!sane) {
            throw damaged();
        }
    }

    TrainingException damaged() {
        return new TrainingException(
                "resume: the training state in " + file + " is damaged. Hint: start again without resume.");
    }

    /** @param data what the checkpoint says about its loader */
    void data(Map<?, ?> data, TrainState state, DataLoader loader) {
        String then = text(data.get("examples"), data.get("batches"), data.get("seed"));
        String now = text(loader.examples(), loader.batches(), loader.seed());
        if (!then.equals(now)) {
            throw new TrainingException("resume: " + file + " was trained on other data (then " + then + "; now " + now
                    + "). Hint: resume with the same data, batch size and seed, or start again.");
        }
        if (state.batch > loader.batches()) {
            throw damaged();
        }
        // checkpoints written before loaders had fingerprints lack it
        if (data.get("fingerprint") instanceof String before
                && !before.equals(Long.toHexString(loader.fingerprint(state.epoch)))) {
            throw new TrainingException(
                    "resume: epoch " + state.epoch + " of " + file + " has other batches than now, of " + now
                            + " in batches of " + loader.batchSize()
                            + ". Hint: resume with the same batch size, sampler, shuffling and last-batch rule, or"
                            + " start again.");
        }
    }

    private static String text(@Nullable Object examples, @Nullable Object batches, @Nullable Object seed) {
        return examples + " examples, " + batches + " batches, seed " + seed;
    }

    /** Returns the differences that are allowed. */
    Optional<String> settings(RunSettings then, RunSettings now, TrainState state) {
        if (!then.optimizer().equals(now.optimizer())) {
            throw new TrainingException("resume: " + file + " was trained by " + then.optimizer() + ", now "
                    + now.optimizer() + ". Hint: make the optimizer of the first run, or start again.");
        }
        if (then.accumulate() != now.accumulate() && state.batch > 0) {
            throw new TrainingException("resume: " + file + " lies within an epoch of " + then.accumulate()
                    + " batches a step, now " + now.accumulate() + ". Hint: " + setting("accumulate", then.accumulate())
                    + ", or start again.");
        }
        if (!then.monitor().equals(now.monitor()) && state.bestEpoch.isPresent()) {
            throw new TrainingException(
                    "resume: the best epoch of " + file + " was chosen by " + then.monitor() + ", now " + now.monitor()
                            + " is monitored. Hint: monitor " + then.monitor() + ", or start again.");
        }
        return then.details().equals(now.details())
                ? Optional.empty()
                : Optional.of("the run continues with other settings, and differs from an unbroken one: then "
                        + then.details() + "; now " + now.details());
    }

    /** Older checkpoints do not say which parameters were trained; the numbers of their moments show it. */
    void trained(List<?> then, Module model, Optimizer optimizer) {
        String difference = TrainedLayers.difference(
                model.namedParameters().keySet(),
                then.stream().map(String.class::cast).toList(),
                TrainedLayers.of(model, optimizer));
        if (!difference.isEmpty()) {
            throw new TrainingException("resume: " + file + " is of a run that trained other layers (" + difference
                    + "). Hint: freeze and unfreeze as in that run before the optimizer is made, or start again.");
        }
    }

    /** The random states, by the modules that they belong to. */
    Map<Stochastic, long[]> random(Map<?, ?> random, Module model) {
        Map<Stochastic, long[]> states = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        model.namedModules().forEach((name, module) -> {
            if (module instanceof Stochastic stochastic) {
                if (random.get(name) instanceof List<?> saved && saved.size() == stochastic.randomState().length) {
                    states.put(
                            stochastic,
                            saved.stream()
                                    .mapToLong(value -> ((Number) value).longValue())
                                    .toArray());
                } else {
                    missing.add("'" + name + "'");
                }
            }
        });
        if (!missing.isEmpty()) {
            throw new TrainingException("resume: " + file + " has no random state of " + String.join(", ", missing)
                    + ". Hint: build the model as in the run that saved it.");
        }
        return states;
    }
}
