package dev.graft.examples.cli;

import dev.graft.nn.run.Recipe;
import dev.graft.nn.train.Monitor;
import dev.graft.vision.model.Architecture;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How to train, as options. */
final class RecipeOptions {
    private static final double MOMENTUM = 0.9;
    private static final double ADAMW_RATE = 0.001;
    private static final double SGD_DECAY = 1e-4;
    private static final double ADAMW_DECAY = 0.01;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "10",
            description = "Passes over the training images. Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "32",
            description = "Images a step. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--lr",
            paramLabel = "X",
            description =
                    "Learning rate. Default: for sgd what suits the network, 0.01, or 0.001 for squeezenet1_1; for adamw 0.001.")
    private Optional<Double> learningRate;

    @Option(
            names = "--optimizer",
            paramLabel = "sgd|adamw",
            defaultValue = "sgd",
            description = "Default: ${DEFAULT-VALUE}.")
    private Recipe.Optimization optimizer;

    @Option(names = "--momentum", paramLabel = "X", description = "Of sgd. Default: 0.9.")
    private Optional<Double> momentum;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Default: 0.0001 for sgd, 0.01 for adamw.")
    private Optional<Double> weightDecay;

    @Option(
            names = "--schedule",
            paramLabel = "S",
            defaultValue = "none",
            converter = ScheduleName.class,
            description =
                    "The learning rate's way: none, step (a tenth after every 7 epochs), cosine, warmup-cosine. Default: ${DEFAULT-VALUE}.")
    private Recipe.Schedule schedule;

    @Option(
            names = "--label-smoothing",
            paramLabel = "X",
            defaultValue = "0",
            description = "Share of each label spread over all classes, 0 to 1.")
    private float labelSmoothing;

    @Option(
            names = "--class-weights",
            paramLabel = "auto|none",
            defaultValue = "none",
            description = "auto: rare classes weigh more in the loss.")
    private ClassWeighting classWeights;

    @Option(
            names = "--accumulate",
            paramLabel = "N",
            defaultValue = "1",
            description = "Batches a step: the effect of a larger batch in less memory.")
    private int accumulate;

    @Option(names = "--clip-norm", paramLabel = "X", description = "Limit of the gradients' common norm.")
    private Optional<Double> clipNorm;

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Stop after this many epochs without a better validation score.")
    private Optional<Integer> patience;

    @Option(
            names = "--monitor",
            paramLabel = "SCORE",
            defaultValue = "accuracy",
            description =
                    "The validation score that names the best epoch, whose weights are saved: accuracy, auroc or loss. Default: ${DEFAULT-VALUE}.")
    private Monitor monitor;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Of split, new weights, order, augmentation and dropout; the same seed gives the same bits. Default: ${DEFAULT-VALUE}.")
    private long seed;

    /** Whether classes weigh in the loss by their frequency. */
    enum ClassWeighting {
        NONE,
        AUTO
    }

    /**
     * @param network whose learning rate is the default
     * @param resumed whether options of an older run are among these, which kept some that do nothing
     * @throws ParameterException for a value out of range
     */
    Recipe recipe(Architecture network, boolean resumed) {
        double drag = momentum.orElse(MOMENTUM);
        boolean sgd = optimizer == Recipe.Optimization.SGD;
        double rate = learningRate.orElse(sgd ? network.learningRate() : ADAMW_RATE);
        double decay = weightDecay.orElse(sgd ? SGD_DECAY : ADAMW_DECAY);
        check(epochs >= 1, "--epochs must be at least 1, was " + epochs);
        check(batch >= 1, "--batch must be at least 1, was " + batch);
        check(rate > 0 && Double.isFinite(rate), "--lr must be positive, was " + rate);
        check(drag >= 0 && drag < 1, "--momentum must be in [0, 1), was " + drag);
        check(sgd || resumed || momentum.isEmpty(), "--momentum is for --optimizer sgd");
        check(decay >= 0 && Double.isFinite(decay), "--weight-decay must not be negative, was " + decay);
        check(labelSmoothing >= 0 && labelSmoothing <= 1, "--label-smoothing must be in [0, 1], was " + labelSmoothing);
        check(accumulate >= 1, "--accumulate must be at least 1, was " + accumulate);
        check(clipNorm.orElse(1.0) > 0, "--clip-norm must be positive, was " + clipNorm.orElse(1.0));
        check(patience.orElse(1) >= 1, "--patience must be at least 1, was " + patience.orElse(1));
        return new Recipe(
                epochs,
                batch,
                optimizer,
                rate,
                drag,
                decay,
                schedule,
                labelSmoothing,
                classWeights == ClassWeighting.AUTO,
                accumulate,
                clipNorm.map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                patience.map(OptionalInt::of).orElse(OptionalInt.empty()),
                monitor,
                seed);
    }

    private void check(boolean right, String message) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
