package dev.graft.examples.cli;

import dev.graft.nn.run.RunException;
import dev.graft.vision.Finetune;
import dev.graft.vision.FinetuneSettings;
import dev.graft.vision.ImageData;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.model.zoo.ModelZoo;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Fine-tunes a pretrained network on a folder of images. */
@Command(
        name = "finetune",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Fine-tunes a pretrained network on your images and writes model.safetensors, model.json, log.csv and metrics.json.",
            "--data has one sub-folder of images for each class; or is a CSV file with the columns file, label and perhaps patient (a patient's images "
                    + "then stay on one side of the split); or holds the parts of a split, such as train, val and test (which is left for evaluate); or is a NumPy file (.npz) with MedMNIST's arrays.",
            "Validation files that are byte-identical to training files are found, counted and kept out of the validation."
        },
        footer = {
            "",
            "Examples: graft finetune --data photos --model resnet18 --weights imagenet --epochs 10 --out run1",
            "          graft finetune --resume --out run1"
        })
final class FinetuneCommand extends ReportingCommand {
    /** What a shell reports for a program ended by Ctrl-C. */
    private static final int STOPPED = 130;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    @Option(names = "--data", paramLabel = "DIR", description = "The training images.")
    private Optional<Path> data;

    @Option(
            names = "--val",
            paramLabel = "DIR",
            description = "The validation images; their classes must be those of --data.")
    private Optional<Path> validation;

    @Option(
            names = "--val-fraction",
            paramLabel = "F",
            description = "Without --val: the share of each class held back for validation. Default: 0.2.")
    private Optional<Double> heldFraction;

    @Option(names = "--keep-duplicates", description = "Validate on files that were trained on, too.")
    private boolean keepDuplicates;

    @Option(
            names = "--allow-shared-patients",
            description = "Validate on images of patients whose other images were trained on, where --val lists them.")
    private boolean sharedPatients;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "resnet18",
            description =
                    "resnet18/34/50/101/152, squeezenet1_1, efficientnet_lite0, or for small images resnet20/32/44/56. Default: ${DEFAULT-VALUE}.")
    private String model;

    @Option(
            names = "--weights",
            paramLabel = "imagenet|FILE|none",
            defaultValue = "imagenet",
            description =
                    "imagenet (downloaded once), a .pth, .pt or .safetensors file, or none. A head of another size is replaced. Default: ${DEFAULT-VALUE}.")
    private String weights;

    @Option(
            names = "--state-dict",
            paramLabel = "NAME",
            description = "Of a weight file with several networks, such as model and ema: which one.")
    private Optional<String> stateDict;

    @Option(
            names = "--freeze",
            paramLabel = "backbone|none",
            defaultValue = "backbone",
            description =
                    "backbone: only the new head learns, fast and hard to overfit; none: all weights learn. Default: ${DEFAULT-VALUE}.")
    private Freeze freeze;

    @Option(
            names = "--augment",
            paramLabel = "none|light|strong",
            defaultValue = "none",
            description =
                    "none; light: random crops and flips; strong: also turns and colours. Default: ${DEFAULT-VALUE}.")
    private Augment augment;

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "Side of the network's input in pixels. Default: the weights' own, mostly 224.")
    private Optional<Integer> imageSize;

    @Mixin
    private CsvEncodingOption csvEncoding;

    @Mixin
    private WindowOption window;

    @Mixin
    private RecipeOptions recipe;

    @Mixin
    private ThreadOption threads;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "cpu",
            description = "cpu or cuda. Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(
            names = "--no-feature-cache",
            description =
                    "Run the frozen backbone in every epoch. Without it, and without augmentation, it runs once for each image; the result is the same.")
    private boolean noFeatureCache;

    @Option(
            names = "--cached-views",
            paramLabel = "N",
            description =
                    "With --augment and a frozen backbone: N augmented views of each image are made once and drawn from in all epochs,"
                            + " in place of a new one each time. Faster; epochs beyond N bring nothing new.")
    private Optional<Integer> cachedViews;

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

    private int exitCode;

    /** What does not learn. */
    enum Freeze {
        BACKBONE,
        NONE
    }

    @Override
    Object report() {
        json().filter(file -> Finetune.writes(out, file)).ifPresent(file -> {
            throw new RunException(
                    "--json " + file + " is a file of the run itself",
                    "choose another one, or leave it out: metrics.json holds the same");
        });
        if (resume && !overwrite && data.isEmpty()) {
            // with all options given, as by a script that restarts what was stopped, a run may begin
            Finetune.checkResumable(out);
        }
        FinetuneCommand whole = resume ? withOptionsOfTheRun() : this;
        FinetuneSettings settings = whole.settings(spec.commandLine());
        Finetune.Outcome outcome;
        try (Finetune finetune = Finetune.open(settings, RunOptions.of(whole.spec), out())) {
            outcome = finetune.run(BarProgress.automatic(), program.stopOnShutdown());
            sayHowToGoOn(outcome.ending());
        }
        Optional<Map<String, Object>> metrics = outcome.metrics();
        if (metrics.isEmpty()) {
            exitCode = STOPPED;
            return Map.of("stopped", true);
        }
        Map<?, ?> best = (Map<?, ?>) metrics.get().get("best");
        if (best.isEmpty()) {
            out().println(
                            "no epoch is the best, since the monitored score was never defined: the last epoch's weights are kept");
        } else {
            out().printf(
                            Locale.ROOT,
                            "best: epoch %s, validation accuracy %s, AUROC %s, loss %s; %.1f images/s, %.0f s%n",
                            best.get("epoch"),
                            ScoreText.of(best.get("accuracy")),
                            ScoreText.of(best.get("auroc")),
                            ScoreText.of(best.get("loss")),
                            (Double) metrics.get().get("images_per_second"),
                            (Double) metrics.get().get("seconds"));
        }
        ((List<?>) metrics.get().getOrDefault("warnings", List.of()))
                .forEach(warning -> out().println("warning: " + warning));
        out().println("written to " + this.out + "; next: " + Shell.command("predict", "--model", this.out)
                + " IMAGE...");
        return metrics.get();
    }

    private void sayHowToGoOn(Finetune.Ending ending) {
        List<String> arguments = spec.commandLine().getParseResult().originalArgs();
        if (ending == Finetune.Ending.STOPPED) {
            out().println("stopped; go on with: " + Shell.command(resumed(arguments)));
        } else if (ending == Finetune.Ending.STOPPED_EARLY) {
            out().println("stopped before anything was trained; start again with: " + Shell.command(arguments));
        }
        out().flush();
    }

    /** This command as if it had been given the run's own options where it was given none. */
    private FinetuneCommand withOptionsOfTheRun() {
        FinetuneCommand whole = new FinetuneCommand();
        CommandLine line =
                new CommandLine(whole).setCaseInsensitiveEnumValuesAllowed(true).setOverwrittenOptionsAllowed(true);
        try {
            line.parseArgs(RunOptions.merged(spec.commandLine().getParseResult(), Finetune.options(out))
                    .toArray(String[]::new));
            return whole;
        } catch (ParameterException e) {
            throw new ParameterException(
                    spec.commandLine(), "--resume with the options of the run in " + out + ": " + e.getMessage());
        }
    }

    /** @param shown whose usage is shown where these options are wrong */
    private FinetuneSettings settings(CommandLine shown) {
        try {
            return settings();
        } catch (ParameterException e) {
            throw new ParameterException(shown, e.getMessage());
        }
    }

    private FinetuneSettings settings() {
        check(
                data.isPresent(),
                "Missing required option: '--data=DIR'" + (resume ? " (" + out + " holds no run that tells)" : ""));
        check(validation.isEmpty() || heldFraction.isEmpty(), "--val and --val-fraction exclude each other");
        double fraction = heldFraction.orElse(0.2);
        check(fraction > 0 && fraction < 1, "--val-fraction must be between 0 and 1, was " + fraction);
        ImageSizes.check(spec, imageSize);
        check(cachedViews.orElse(1) >= 1, "--cached-views must be at least 1, was " + cachedViews.orElse(1));
        check(
                cachedViews.isEmpty() || (augment != Augment.NONE && freeze == Freeze.BACKBONE && !noFeatureCache),
                "--cached-views needs --augment light or strong and --freeze backbone, and excludes --no-feature-cache");
        check(!resume || !overwrite, "--resume and --overwrite exclude each other");
        ImageData.Source source = new ImageData.Source(
                data.get(), validation, fraction, keepDuplicates, sharedPatients, csvEncoding.charset());
        check(
                heldFraction.isEmpty() || source.resolved().validation().isEmpty(),
                "--val-fraction is for data without validation images of its own, and " + data.get() + " has such");
        return new FinetuneSettings(
                source,
                model,
                weights,
                stateDict,
                freeze == Freeze.BACKBONE,
                augment,
                imageSize.map(OptionalInt::of).orElse(OptionalInt.empty()),
                window.window(),
                recipe.recipe(ModelZoo.architecture(model), resume),
                device,
                threads.apply(),
                !noFeatureCache,
                cachedViews.orElse(0),
                out,
                resume,
                overwrite);
    }

    private void check(boolean right, String message) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private static List<String> resumed(List<String> arguments) {
        List<String> again = new java.util.ArrayList<>(arguments);
        again.removeIf(argument -> argument.equals("--overwrite") || argument.equals("--resume"));
        again.add("--resume");
        return again;
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
