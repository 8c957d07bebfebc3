package dev.graft.examples.cli;

import dev.graft.examples.cli.text.BarProgress;
import dev.graft.message.SettingException;
import dev.graft.vision.FineTuning;
import dev.graft.vision.model.download.DownloadListener;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The images, the network and the batches of a fine-tuning, as options; what they take, and their defaults, is the
 * library's affair.
 */
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class FineTuningOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

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
                    "Without --val: the share of each class held back for validation (of kfold, from the images outside the fold); 0 trains on all images and keeps the last epoch. Default: 0.2.")
    private String heldFraction;

    @Option(
            names = "--fold",
            paramLabel = "I/K",
            description =
                    "Without --val: hold back the I-th of K folds to judge the model, which is trained on the others. kfold trains them all.")
    private String fold;

    @Option(names = "--keep-duplicates", description = "Validate on files that were trained on, too.")
    private boolean keepDuplicates;

    @Option(
            names = "--allow-shared-patients",
            description = "Validate on images of patients whose other images were trained on, where --val lists them.")
    private boolean sharedPatients;

    @Option(
            names = "--group",
            paramLabel = "COLUMN|REGEX",
            description =
                    "Which images belong to one patient, who is then on one side of the split: a column of the CSV file, or a regular expression with one capturing"
                            + " group that is looked for in each file's path within --data, such as '(patient\\\\d+)_'. Default: the column 'patient' of a CSV file.")
    private String group;

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

    @Option(names = "--batch", paramLabel = "N", description = "Images per step. Default: ${DEFAULT-VALUE}.")
    private String batch;

    @Option(names = "--optimizer", paramLabel = "sgd|adamw", description = "Default: ${DEFAULT-VALUE}.")
    private String optimizer;

    @Option(names = "--momentum", paramLabel = "X", description = "Of sgd. Default: ${DEFAULT-VALUE}.")
    private String momentum;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Default: 0.0001 for sgd, 0.01 for adamw.")
    private String weightDecay;

    @Option(
            names = "--label-smoothing",
            paramLabel = "X",
            description = "Share of each label spread over all classes, 0 to 1.")
    private String labelSmoothing;

    @Option(
            names = "--class-weights",
            paramLabel = "auto|none",
            description = "auto: rare classes weigh more in the loss.")
    private String classWeights;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "Of split, new weights, order, augmentation and dropout; the same seed gives the same bits. Default: ${DEFAULT-VALUE}.")
    private String seed;

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

    /**
     * What all of the command's options say, in the library's words.
     *
     * @param log told, as lines of text, what is done
     */
    FineTuning told(Consumer<String> log) {
        return orWrongUsage(() -> {
            FineTuning tuning = FineTuning.unset()
                    .progress(BarProgress.automatic())
                    .downloads(DownloadListener.console())
                    .log(line -> log.accept(OptionWords.render(line)));
            for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
                tuning = set(tuning, option);
            }
            return tuning;
        });
    }

    private FineTuning set(FineTuning tuning, OptionSpec option) {
        String name = OptionWords.setting(option.longestName());
        List<String> texts = option.originalStringValues();
        if (name.equals("noFeatureCache")) {
            return tuning.set("featureCache", String.valueOf(!noFeatureCache));
        }
        if (!FineTuning.settings().contains(name)) {
            return tuning;
        }
        return tuning.set(
                name, option.getValue() instanceof Boolean flag ? flag.toString() : texts.get(texts.size() - 1));
    }

    /** For what is to begin: without images there is nothing to do. */
    void requireData() {
        if (data == null) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '--data=DIR'");
        }
    }

    /** What is wrong with the settings is wrong with the options. */
    <T> T orWrongUsage(Supplier<T> action) {
        try {
            return action.get();
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), OptionWords.render(e.explanation()));
        }
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
}
