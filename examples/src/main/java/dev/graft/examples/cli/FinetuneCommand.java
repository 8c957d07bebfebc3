package dev.graft.examples.cli;

import dev.graft.message.SettingException;
import dev.graft.vision.FineTuning;
import dev.graft.vision.FineTuningRun;
import dev.graft.vision.model.download.DownloadListener;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Fine-tunes a pretrained network on a folder of images. */
@Command(
        name = "finetune",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        defaultValueProvider = FinetuneCommand.Standards.class,
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
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class FinetuneCommand extends ReportingCommand {
    /** What a shell reports for a program ended by Ctrl-C. */
    private static final int STOPPED = 130;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    @Option(names = "--data", paramLabel = "DIR", description = "The training images.")
    private String data;

    @Option(
            names = "--val",
            paramLabel = "DIR",
            description = "The validation images; their classes must be those of --data.")
    private String validation;

    @Option(
            names = "--val-fraction",
            paramLabel = "F",
            description =
                    "Without --val: the share of each class held back for validation; 0 trains on all images and keeps the last epoch. Default: 0.2.")
    private String heldFraction;

    @Option(names = "--keep-duplicates", description = "Validate on files that were trained on, too.")
    private boolean keepDuplicates;

    @Option(
            names = "--allow-shared-patients",
            description = "Validate on images of patients whose other images were trained on, where --val lists them.")
    private boolean sharedPatients;

    @Option(
            names = "--skip-bad",
            description = "Look at every image first, and leave out those that cannot be read, instead of stopping.")
    private boolean skipBad;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description =
                    "resnet18/34/50/101/152, resnext50_32x4d, resnext101_32x8d, resnext101_64x4d, wide_resnet50_2, wide_resnet101_2, squeezenet1_1, efficientnet_lite0,"
                            + " or for small images resnet20/32/44/56; a residual network by its parts: resnet18,layers=2-2-2-3. Default: that of the folder in --weights, or ${DEFAULT-VALUE}.")
    private String model;

    @Option(
            names = "--weights",
            paramLabel = "imagenet|FILE|DIR|none",
            description =
                    "imagenet (downloaded once), a .pth, .pt or .safetensors file, a folder as timm and the Hugging Face Hub ship one (model.safetensors beside config.json,"
                            + " which names network and preprocessing), or none. A head of another size is replaced. Default: ${DEFAULT-VALUE}.")
    private String weights;

    @Option(
            names = "--state-dict",
            paramLabel = "NAME",
            description = "Of a weight file with several networks, such as model and ema: which one.")
    private String stateDict;

    @Option(
            names = "--freeze",
            paramLabel = "backbone|none",
            description =
                    "backbone: only the new head learns, fast and hard to overfit; none: all weights learn. Default: ${DEFAULT-VALUE}.")
    private String freeze;

    @Option(
            names = "--augment",
            paramLabel = "none|light|strong",
            description =
                    "none; light: random crops and flips; strong: also rotations and colours. Default: ${DEFAULT-VALUE}.")
    private String augment;

    @Option(
            names = "--rand-augment",
            paramLabel = "M",
            description = "Two random operations on each training image, of magnitude 0 to 30; 9 is usual.")
    private String randAugment;

    @Option(
            names = "--random-erasing",
            paramLabel = "P",
            description = "Erase a random rectangle of a training image with this probability.")
    private String randomErasing;

    @Option(
            names = "--mixup",
            paramLabel = "A",
            description = "Blend the training images of a batch, and their labels, by Beta(A, A); 0.2 is usual.")
    private String mixup;

    @Option(
            names = "--cutmix",
            paramLabel = "A",
            description =
                    "Put a rectangle of another training image into each, of an area by Beta(A, A); 1 is usual. With --mixup too, each batch sees one of them.")
    private String cutmix;

    @Option(
            names = "--image-size",
            paramLabel = "N",
            description = "Side of the network's input in pixels. Default: the weights' own, mostly 224.")
    private String imageSize;

    @Option(
            names = "--label-columns",
            paramLabel = "A,B,...",
            description =
                    "Of a CSV file whose images have any number of labels: the columns of 0 and 1, one for each label. Instead, a column 'labels' may hold names"
                            + " separated by ; or |.")
    private String labelColumns;

    @Mixin
    private CsvEncodingOption csvEncoding;

    @Mixin
    private WindowOption window;

    @Mixin
    private RecipeOptions recipe;

    @Mixin
    private ThreadOption threads;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu or cuda. Default: ${DEFAULT-VALUE}.")
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
    private String cachedViews;

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

    @Override
    Object report() {
        FineTuning tuning = told();
        FineTuning.Result result;
        try (FineTuningRun run = open(tuning)) {
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
        ((List<?>) metrics.getOrDefault("warnings", List.of()))
                .forEach(warning -> out().println("warning: " + warning));
        out().println("written to " + this.out + "; next: " + Shell.command("predict", "--model", this.out)
                + " IMAGE...");
        return metrics;
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
            out().println("stopped; to continue: " + Shell.command(resumed(arguments)));
        } else if (ending == FineTuning.Ending.STOPPED_EARLY) {
            out().println("stopped before anything was trained; start again with: " + Shell.command(arguments));
        }
        out().flush();
    }

    /** What the options say, in the library's words. */
    private FineTuning told() {
        threads.apply();
        FineTuning tuning = FineTuning.unset()
                .progress(BarProgress.automatic())
                .downloads(DownloadListener.console())
                .log(line -> {
                    out().println(OptionWords.render(line));
                    out().flush();
                });
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            tuning = set(tuning, option);
        }
        if (data == null && !resume) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '--data=DIR'");
        }
        return tuning;
    }

    private FineTuning set(FineTuning tuning, OptionSpec option) {
        String name = OptionWords.setting(option.longestName());
        List<String> texts = option.originalStringValues();
        try {
            if (name.equals("noFeatureCache")) {
                return tuning.set("featureCache", String.valueOf(!noFeatureCache));
            }
            if (!FineTuning.settings().contains(name)) {
                return tuning;
            }
            return tuning.set(
                    name, option.getValue() instanceof Boolean flag ? flag.toString() : texts.get(texts.size() - 1));
        } catch (SettingException e) {
            throw wrongUsage(e);
        }
    }

    private FineTuningRun open(FineTuning tuning) {
        try {
            return tuning.open();
        } catch (SettingException e) {
            throw wrongUsage(e);
        }
    }

    private ParameterException wrongUsage(SettingException e) {
        return new ParameterException(spec.commandLine(), OptionWords.render(e.explanation()));
    }

    /** The library's defaults, for the help. */
    static final class Standards implements IDefaultValueProvider {
        @Override
        public String defaultValue(ArgSpec argument) {
            if (!(argument instanceof OptionSpec option)) {
                return null;
            }
            String name = OptionWords.setting(option.longestName());
            return FineTuning.settings().contains(name)
                    ? FineTuning.standard(name).orElse(null)
                    : null;
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
