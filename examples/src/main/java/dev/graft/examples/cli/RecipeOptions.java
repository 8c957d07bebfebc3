package dev.graft.examples.cli;

import picocli.CommandLine.Option;

/** How a training proceeds, as options; what they take, and their defaults, is the library's affair. */
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class RecipeOptions {

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Passes over the training images. Default: ${DEFAULT-VALUE}.")
    private String epochs;

    @Option(
            names = "--lr",
            paramLabel = "X",
            description =
                    "Learning rate. Default: for sgd what suits the network, 0.01, or 0.001 for squeezenet1_1; for adamw 0.001.")
    private String learningRate;

    @Option(
            names = "--schedule",
            paramLabel = "S",
            description =
                    "How the learning rate changes: none, step (a tenth after every 7 epochs), cosine, warmup-cosine. Default: ${DEFAULT-VALUE}.")
    private String schedule;

    @Option(
            names = "--accumulate",
            paramLabel = "N",
            description = "Batches per step: the effect of a larger batch in less memory.")
    private String accumulate;

    @Option(names = "--clip-norm", paramLabel = "X", description = "Limit of the gradients' common norm.")
    private String clipNorm;

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Stop after this many epochs without a better validation score.")
    private String patience;

    @Option(
            names = "--monitor",
            paramLabel = "SCORE",
            description =
                    "The validation score that names the best epoch, whose weights are saved: accuracy, auroc or loss. Default: ${DEFAULT-VALUE}.")
    private String monitor;
}
