package dev.graft.examples.cli;

import picocli.CommandLine.Option;

/** How a model's probabilities become answers, as options; what they take is the library's affair. */
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class DecisionOptions {
    @Option(
            names = "--threshold",
            paramLabel = "RULE",
            description =
                    "From which calibrated probability on the second of two classes is answered, or each label, found on the validation images and stored in the model:"
                            + " youden, sensitivity=0.95, specificity=0.9, or a number. Default: the most probable class, and labels of at least 0.5.")
    private String threshold;

    @Option(
            names = "--coverage",
            paramLabel = "F",
            description =
                    "Predictions also have a set of classes, which holds the true one in this share of cases, such as 0.9.")
    private String coverage;

    @Option(
            names = "--abstain-below",
            paramLabel = "P",
            description = "Images whose most probable class is less probable are left to people.")
    private String abstainBelow;

    @Option(
            names = "--tta",
            paramLabel = "VIEWS",
            description =
                    "Fit all of this also for the mean over views of an image, hflip or flips, for predictions with the same --tta. Default: none.")
    private String tta;
}
