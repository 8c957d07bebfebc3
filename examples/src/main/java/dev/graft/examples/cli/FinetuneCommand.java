package dev.graft.examples.cli;

import dev.graft.examples.cli.text.DecisionText;
import dev.graft.examples.cli.text.ScoreText;
import dev.graft.examples.cli.text.SeedsText;
import dev.graft.vision.FineTuning;
import dev.graft.vision.FineTuningRun;
import dev.graft.vision.SeedEnsemble;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Fine-tunes a pretrained network on a folder of images. */
@Command(
        name = "finetune",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        defaultValueProvider = FineTuningOptions.Standards.class,
        description = {
            "Fine-tunes a pretrained network on your images and writes model.safetensors, model.json, log.csv, metrics.json and report.html.",
            "--data has one sub-folder of images for each class; or is a CSV file with the columns file, label and perhaps patient (a patient's images "
                    + "then stay on one side of the split); or holds the parts of a split, such as train, val and test (which is left for evaluate); or is a NumPy file (.npz) with MedMNIST's arrays.",
            "Validation files that are byte-identical to training files are found, counted and kept out of the validation."
        },
        footer = {
            "",
            "Examples: graft finetune --data photos --model resnet18 --weights imagenet --epochs 10 --out run1",
            "          graft finetune --resume --out run1"
        })
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class FinetuneCommand extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    @Mixin
    private FineTuningOptions options;

    @Mixin
    private RecipeOptions recipe;

    @Mixin
    private DecisionOptions decision;

    @Mixin
    private SubgroupOption subgroups;

    @Mixin
    private StudyOption study;

    @Mixin
    private ThreadOption threads;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for the result; it is made.")
    private Path out;

    @Option(
            names = "--resume",
            description =
                    "Go on with the run in --out after Ctrl-C or a crash, or with more --epochs; options that are left out are those"
                            + " that it began with. The result has the same bits as an unbroken run.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Replace the run in --out.")
    private boolean overwrite;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description =
                    "Train from N seeds, --seed and those that follow it, on the same split: says how far their scores are apart, and"
                            + " makes --out a model whose probabilities are the mean of theirs.")
    private Optional<Integer> seeds;

    private int exitCode;

    @Override
    Object report() {
        threads.apply();
        FineTuning tuning = options.told(this::say).study(options.orWrongUsage(study::study));
        if (!resume) {
            options.requireData();
        }
        if (seeds.isPresent()) {
            return ensemble(tuning, seeds.get());
        }
        FineTuning.Result result;
        try (FineTuningRun run = options.orWrongUsage(tuning::open)) {
            result = run.run(program.stopOnShutdown());
            sayHowToGoOn(result.ending());
        }
        if (!result.isFinished()) {
            exitCode = STOPPED;
            return Map.of("stopped", true);
        }
        Map<String, Object> metrics = result.metrics();
        Map<?, ?> best = (Map<?, ?>) metrics.get("best");
        if (best.isEmpty()) {
            out().println(
                            isWithoutValidation(metrics)
                                    ? "nothing was validated: the last epoch's weights are kept"
                                    : "no epoch is the best, since the monitored score was never defined: the last epoch's weights are kept");
        } else {
            out().printf(
                            Locale.ROOT,
                            "best: epoch %s, validation accuracy %s, AUROC %s, loss %s; %.1f images/s, %.0f s%n",
                            best.get("epoch"),
                            ScoreText.of(best.get("accuracy")),
                            ScoreText.of(best.get("auroc")),
                            ScoreText.of(best.get("loss")),
                            (Double) metrics.get("images_per_second"),
                            (Double) metrics.get("seconds"));
        }
        DecisionText.print(out(), metrics.get("decision"));
        ((List<?>) metrics.getOrDefault("warnings", List.of()))
                .forEach(warning -> out().println("warning: " + warning));
        out().println("written to " + this.out + "; next: " + Shell.command("predict", "--model", this.out)
                + " IMAGE...");
        return metrics;
    }

    private Object ensemble(FineTuning tuning, int count) {
        SeedEnsemble.Result result = options.orWrongUsage(() ->
                SeedEnsemble.of(tuning.stop(program.stopOnShutdown()), count).run());
        if (!result.isFinished()) {
            say("stopped; to continue: "
                    + Shell.resumption(spec.commandLine().getParseResult().originalArgs()));
            exitCode = STOPPED;
            return Map.of("stopped", true);
        }
        SeedsText.print(out(), result.metrics());
        say("written to " + this.out + "; next: " + Shell.command("predict", "--model", this.out) + " IMAGE...");
        return result.metrics();
    }

    private static boolean isWithoutValidation(Map<String, Object> metrics) {
        return ((List<?>) metrics.get("epochs"))
                .stream()
                        .allMatch(
                                epoch -> !(((Map<?, ?>) epoch).get("val_loss") instanceof Double loss) || loss.isNaN());
    }

    private void sayHowToGoOn(FineTuning.Ending ending) {
        List<String> arguments = spec.commandLine().getParseResult().originalArgs();
        if (ending == FineTuning.Ending.STOPPED) {
            out().println("stopped; to continue: " + Shell.resumption(arguments));
        } else if (ending == FineTuning.Ending.STOPPED_EARLY) {
            out().println("stopped before anything was trained; start again with: " + Shell.command(arguments));
        }
        out().flush();
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
