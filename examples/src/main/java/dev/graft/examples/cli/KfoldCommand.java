package dev.graft.examples.cli;

import dev.graft.examples.cli.text.ScoreText;
import dev.graft.vision.CrossValidation;
import dev.graft.vision.FineTuning;
import java.io.PrintWriter;
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

/** Trains and judges the folds of a cross-validation. */
@Command(
        name = "kfold",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        defaultValueProvider = FineTuningOptions.Standards.class,
        description = {
            "Cross-validation: each image is held back once, and judged by a model that was not trained on it. Takes the options of finetune.",
            "With a column 'patient', or --group, a patient's images are in one fold. Writes a run's folder for each fold, and kfold.json."
        },
        footer = {
            "",
            "Examples: graft kfold --data photos --folds 5 --model resnet18 --weights imagenet --out folds",
            "          graft kfold --resume --out folds"
        })
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class KfoldCommand extends ReportingCommand {
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

    @Option(
            names = "--folds",
            paramLabel = "K",
            description = "How many. Default: 5; with --resume, as many as in --out.")
    private Optional<Integer> folds;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for the folds; it is made.")
    private Path out;

    @Option(
            names = "--resume",
            description = "Go on after Ctrl-C or a crash; folds that are finished are not trained again.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Replace the folds in --out.")
    private boolean overwrite;

    private int exitCode;

    @Override
    Object report() {
        threads.apply();
        if (!resume) {
            options.requireData();
        }
        CrossValidation.Result result = options.orWrongUsage(() -> {
            FineTuning tuning = options.told(this::say).study(study.study()).stop(program.stopOnShutdown());
            return (folds.isPresent() ? CrossValidation.of(tuning, folds.get()) : CrossValidation.of(tuning)).run();
        });
        if (!result.isFinished()) {
            say("stopped; to continue: "
                    + Shell.resumption(spec.commandLine().getParseResult().originalArgs()));
            exitCode = STOPPED;
            return Map.of("stopped", true);
        }
        print(out(), result.metrics());
        say("written to " + out);
        return result.metrics();
    }

    private static void print(PrintWriter out, Map<String, Object> metrics) {
        out.printf(Locale.ROOT, "%n%-9s %8s %10s %10s %10s%n", "fold", "images", "accuracy", "AUROC", "loss");
        for (Object entry : (List<?>) metrics.get("folds")) {
            Map<?, ?> fold = (Map<?, ?>) entry;
            line(out, String.valueOf(fold.get("fold")), fold.get("images"), fold);
        }
        line(out, "mean", "", (Map<?, ?>) metrics.get("mean"));
        line(out, "deviation", "", (Map<?, ?>) metrics.get("standard_deviation"));
        Map<?, ?> pooled = (Map<?, ?>) metrics.get("pooled");
        line(out, "pooled", pooled.get("images"), pooled);
        out.flush();
    }

    private static void line(PrintWriter out, String name, Object images, Map<?, ?> scores) {
        out.printf(
                Locale.ROOT,
                "%-9s %8s %10s %10s %10s%n",
                name,
                images,
                ScoreText.of(scores.get("accuracy")),
                ScoreText.of(scores.get("auroc")),
                ScoreText.of(scores.get("loss")));
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
