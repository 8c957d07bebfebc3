package dev.graft.examples.cli;

import dev.graft.examples.cli.text.ScoreText;
import dev.graft.vision.LearningCurve;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Trains on smaller and larger parts of the images. */
@Command(
        name = "learning-curve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        defaultValueProvider = FineTuningOptions.Standards.class,
        description = {
            "How many labelled images it takes: trains on smaller and larger parts of the images, always judged on the same others. Takes the options of finetune.",
            "Each part is within the next larger one, and has the classes' shares of all; with a column 'patient', or --group, patients are in or out as a whole."
        },
        footer = {
            "",
            "Example: graft learning-curve --data photos --train-sizes 20,50,100,200 --scratch --out curve",
        })
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class LearningCurveCommand extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    @Mixin
    private FineTuningOptions options;

    @Mixin
    private RecipeOptions recipe;

    @Mixin
    private ThreadOption threads;

    @Option(
            names = "--train-sizes",
            paramLabel = "N,N,...",
            split = ",",
            required = true,
            description = "Numbers of training images.")
    private List<Integer> sizes;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Trainings of each size. Default: ${DEFAULT-VALUE}.")
    private int seeds;

    @Option(names = "--scratch", description = "Also train each from random weights, to see what pretraining is worth.")
    private boolean scratch;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for the runs; it is made.")
    private Path out;

    @Option(
            names = "--resume",
            description =
                    "Go on after Ctrl-C or a crash, with the same options; what is finished is not trained again.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Replace the runs in --out.")
    private boolean overwrite;

    private int exitCode;

    @Override
    Object report() {
        threads.apply();
        options.requireData();
        LearningCurve.Result result = options.orWrongUsage(
                () -> LearningCurve.of(options.told(this::say).stop(program.stopOnShutdown()), sizes, seeds, scratch)
                        .run());
        if (!result.isFinished()) {
            say("stopped; to continue: "
                    + Shell.resumption(spec.commandLine().getParseResult().originalArgs()));
            exitCode = STOPPED;
            return Map.of("stopped", true);
        }
        print(out(), result.points(), seeds);
        say("written to " + out);
        return result.points().stream().map(LearningCurveCommand::asMap).toList();
    }

    private static Map<String, Object> asMap(LearningCurve.Point point) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("start", point.start());
        map.put("images", point.images());
        map.putAll(point.scores());
        return map;
    }

    private static void print(PrintWriter out, List<LearningCurve.Point> points, int seeds) {
        out.printf(
                Locale.ROOT,
                "%n%-9s %8s  %-8s %8s %10s   %s%n",
                "start",
                "images",
                "metric",
                "mean",
                "deviation",
                "95 % interval");
        for (LearningCurve.Point point : points) {
            point.scores()
                    .forEach((name, score) -> out.println(String.format(
                                    Locale.ROOT,
                                    "%-9s %8d  %-8s %8s %10s   %s",
                                    point.start(),
                                    point.images(),
                                    name.equals("auroc") ? "AUROC" : name,
                                    ScoreText.of(score.get("mean")),
                                    ScoreText.of(score.get("standard_deviation")),
                                    score.containsKey("low")
                                            ? ScoreText.of(score.get("low")) + " to " + ScoreText.of(score.get("high"))
                                            : "-")
                            .stripTrailing()));
        }
        out.println(
                seeds == 1
                        ? "the interval is that of the validation images alone: one seed does not tell how far other draws"
                                + " and seeds would be"
                        : "the deviation is that over the seeds; the interval is what the validation images, the draws of"
                                + " training images and the seeds leave open");
        out.println("the validation images also chose each training's epoch, so these scores are somewhat too good");
        out.flush();
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
