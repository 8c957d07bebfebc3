package dev.graft.nn.run;

import static dev.graft.message.Message.setting;

import dev.graft.nn.Parameter;
import dev.graft.nn.data.ClassWeights;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.loss.BceWithLogitsLoss;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.loss.Loss;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.LrSchedule;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.optim.Sgd;
import dev.graft.nn.optim.StepLr;
import dev.graft.nn.train.Monitor;
import dev.graft.nn.train.Trainer;
import dev.graft.nn.train.TrainerBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * How to train.
 *
 * @param epochs passes over the training examples
 * @param batch examples a step
 * @param optimizer the rule of a step
 * @param learningRate at its highest
 * @param momentum of SGD
 * @param weightDecay L2 penalty for SGD, decoupled for AdamW
 * @param schedule how the learning rate changes
 * @param labelSmoothing in [0, 1]
 * @param balanceClasses whether rare classes weigh more in the loss
 * @param accumulate batches a step
 * @param clipNorm the largest gradient norm
 * @param patience epochs without a better score before stopping
 * @param monitor the score that names the best epoch
 * @param seed of weights, order, augmentation and dropout
 */
public record Recipe(
        int epochs,
        int batch,
        Optimization optimizer,
        double learningRate,
        double momentum,
        double weightDecay,
        Schedule schedule,
        float labelSmoothing,
        boolean balanceClasses,
        int accumulate,
        OptionalDouble clipNorm,
        OptionalInt patience,
        Monitor monitor,
        long seed) {
    private static final int STEPS_BETWEEN_CUTS = 7;
    private static final double CUT = 0.1;
    private static final int WARMUP_SHARE = 10;

    /** The optimizers by name. */
    public enum Optimization {
        SGD,
        ADAMW
    }

    /** The learning rate's ways. */
    public enum Schedule {
        /** Constant. */
        NONE,
        /** A tenth after every 7 epochs, as in PyTorch's transfer learning tutorial. */
        STEP,
        /** Down to 0 along half a cosine. */
        COSINE,
        /** Up in the first tenth of all steps, then as COSINE. */
        WARMUP_COSINE;

        /** As on the command line. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** The loss for these training labels. */
    public CrossEntropyLoss loss(int[] labels, int classes) {
        CrossEntropyLoss loss = new CrossEntropyLoss().labelSmoothing(labelSmoothing);
        return balanceClasses ? loss.classWeights(ClassWeights.balanced(labels, classes)) : loss;
    }

    /**
     * What validation is judged by: without weights and smoothing, so that its values can be compared, and
     * {@code evaluate} gives the same.
     */
    public static CrossEntropyLoss validationLoss() {
        return new CrossEntropyLoss();
    }

    /**
     * The loss for these training examples: of classes, or of any number of labels for each.
     *
     * @throws RunException for label smoothing where examples have several labels
     */
    public Loss loss(LabelledDataset train) {
        if (!train.isMultiLabel()) {
            return loss(train.labels(), train.classes().size());
        }
        if (labelSmoothing > 0) {
            throw new RunException(
                    setting("labelSmoothing", labelSmoothing)
                            + " spreads one label over all classes, and these examples" + " have any number of labels",
                    "leave it out");
        }
        BceWithLogitsLoss loss = new BceWithLogitsLoss().multiLabel();
        return balanceClasses
                ? loss.positiveWeight(ClassWeights.positive(
                        IntStream.range(0, train.size()).mapToObj(train::has).toArray(boolean[][]::new)))
                : loss;
    }

    /** As {@link #validationLoss()}, for data of any number of labels too. */
    public static Loss validationLoss(LabelledDataset data) {
        return data.isMultiLabel() ? new BceWithLogitsLoss().multiLabel() : validationLoss();
    }

    /** The optimizer over the parameters that are not frozen. */
    public Optimizer optimizer(List<Parameter> parameters) {
        return switch (optimizer) {
            case SGD ->
                new Sgd(parameters, Sgd.lr(learningRate).momentum(momentum).weightDecay(weightDecay));
            case ADAMW -> new AdamW(parameters, AdamW.lr(learningRate).weightDecay(weightDecay));
        };
    }

    /** Adds this recipe to a trainer. */
    public TrainerBuilder configure(TrainerBuilder trainer, DataLoader train) {
        trainer.epochs(epochs).accumulate(accumulate).monitor(monitor).validationLoss(validationLoss(train));
        clipNorm.ifPresent(trainer::clipNorm);
        patience.ifPresent(trainer::earlyStopping);
        long steps = Trainer.steps(train, epochs, accumulate);
        return switch (schedule) {
            case NONE -> trainer.schedulePerEpoch(LrSchedule.constant());
            case STEP -> trainer.schedulePerEpoch(new StepLr(STEPS_BETWEEN_CUTS, CUT));
            case COSINE -> trainer.schedulePerStep(new CosineLr(steps));
            case WARMUP_COSINE -> {
                long warmup = Math.max(1, steps / WARMUP_SHARE);
                yield trainer.schedulePerStep(new LinearWarmup(warmup, new CosineLr(Math.max(1, steps - warmup))));
            }
        };
    }

    private static Loss validationLoss(DataLoader train) {
        return train.dataset() instanceof LabelledDataset data ? validationLoss(data) : validationLoss();
    }

    /** Whether the epochs still to come do not change those that were: a finished run may then train for more. */
    public boolean mayGrow() {
        return schedule == Schedule.NONE || schedule == Schedule.STEP;
    }

    /** For the run's folder. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("epochs", epochs);
        map.put("batch", batch);
        map.put("optimizer", optimizer.name().toLowerCase(Locale.ROOT));
        map.put("lr", learningRate);
        map.put("momentum", momentum);
        map.put("weight_decay", weightDecay);
        map.put("schedule", schedule.toString());
        map.put("label_smoothing", (double) labelSmoothing);
        map.put("class_weights", balanceClasses ? "auto" : "none");
        map.put("accumulate", accumulate);
        map.put("clip_norm", clipNorm.isPresent() ? clipNorm.getAsDouble() : "none");
        map.put("patience", patience.isPresent() ? patience.getAsInt() : "none");
        map.put("monitor", monitor.name().toLowerCase(Locale.ROOT));
        map.put("seed", seed);
        return map;
    }
}
