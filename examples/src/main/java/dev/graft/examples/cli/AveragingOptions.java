package dev.graft.examples.cli;

import dev.graft.vision.Averaging;
import dev.graft.vision.ImageClassifierOptions;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Of how many answers to an image the mean is taken. */
final class AveragingOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--tta",
            paramLabel = "VIEWS",
            defaultValue = "none",
            description =
                    "Test-time augmentation, the mean over views of an image: none; hflip: also mirrored left to right; flips: in both directions."
                            + " Mirroring may be wrong for medical images. Default: ${DEFAULT-VALUE}.")
    private String tta;

    @Option(
            names = "--mc-dropout",
            paramLabel = "N",
            defaultValue = "0",
            description = "The mean of N answers with the network's dropout on; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int mcDropout;

    ImageClassifierOptions in(ImageClassifierOptions options) {
        Averaging.Views views;
        try {
            views = Averaging.Views.valueOf(tta.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--tta must be none, hflip or flips, was " + tta);
        }
        if (mcDropout < 0) {
            throw new ParameterException(spec.commandLine(), "--mc-dropout must not be negative, was " + mcDropout);
        }
        return options.averaging(Averaging.none().tta(views).mcDropout(mcDropout));
    }
}
