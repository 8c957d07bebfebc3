package dev.graft.examples.cli;

import dev.graft.io.file.AtomicText;
import dev.graft.message.SettingException;
import dev.graft.nn.train.LrFinder;
import dev.graft.vision.FineTuning;
import dev.graft.vision.model.download.DownloadListener;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Finds a learning rate for a fine-tuning. */
@Command(
        name = "lr-find",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        defaultValueProvider = FinetuneCommand.Standards.class,
        description = {
            "Finds a learning rate for finetune with the same options: one step for each of some growing rates, until the loss diverges.",
            "Prints the curve of the smoothed loss and the rate where it falls most steeply; trains and writes no model."
        },
        footer = {"", "Example: graft lr-find --data photos --model resnet18 --weights imagenet --plot rates.svg"})
@SuppressWarnings("UnusedVariable") // the options are handed over as they were given, by their names
final class LrFindCommand extends ReportingCommand {
    /** What a shell reports for a program ended by Ctrl-C. */
    private static final int STOPPED = 130;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            description = "The training images, as for finetune.")
    private String data;

    @Option(
            names = "--val",
            paramLabel = "DIR",
            description =
                    "The validation images, which are left out. Without it, the share that finetune would hold back.")
    private String validation;

    @Option(names = "--val-fraction", paramLabel = "F", description = "As for finetune. Default: 0.2.")
    private String heldFraction;

    @Option(names = "--skip-bad", description = "Leave out images that cannot be read, instead of stopping.")
    private boolean skipBad;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "The network. Default: that of the folder in --weights, or ${DEFAULT-VALUE}.")
    private String model;

    @Option(
            names = "--weights",
            paramLabel = "imagenet|FILE|DIR|none",
            description = "What the training starts from, as for finetune. Default: ${DEFAULT-VALUE}.")
    private String weights;

    @Option(
            names = "--state-dict",
            paramLabel = "NAME",
            description = "Of a weight file with several networks, such as model and ema: which one.")
    private String stateDict;

    @Option(
            names = "--freeze",
            paramLabel = "backbone|none",
            description = "What does not learn. Default: ${DEFAULT-VALUE}.")
    private String freeze;

    @Option(
            names = "--augment",
            paramLabel = "none|light|strong",
            description = "How much training images vary. Default: ${DEFAULT-VALUE}.")
    private String augment;

    @Option(names = "--image-size", paramLabel = "N", description = "Side of the network's input in pixels.")
    private String imageSize;

    @Option(names = "--label-columns", paramLabel = "A,B,...", description = "As for finetune.")
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
            names = "--class-weights",
            paramLabel = "auto|none",
            description = "auto: rare classes weigh more in the loss.")
    private String classWeights;

    @Option(names = "--seed", paramLabel = "N", description = "As for finetune. Default: ${DEFAULT-VALUE}.")
    private String seed;

    @Mixin
    private ThreadOption threads;

    @Option(names = "--device", paramLabel = "NAME", description = "cpu or cuda. Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(names = "--from", paramLabel = "X", description = "The first rate. Default: 1e-7.")
    private Optional<Double> from;

    @Option(names = "--to", paramLabel = "X", description = "The last rate. Default: 10.")
    private Optional<Double> to;

    @Option(names = "--steps", paramLabel = "N", description = "How many rates, at least 10. Default: 100.")
    private Optional<Integer> steps;

    @Option(names = "--plot", paramLabel = "FILE", description = "Also write the curve as an SVG file.")
    private Optional<Path> plot;

    private int exitCode;

    @Override
    Object report() {
        plot.ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--plot", file);
            Output.checkFile("--plot", file);
        });
        double first = from.orElse(1e-7);
        double last = to.orElse(10.0);
        check(first > 0 && first < last && !Double.isInfinite(last), "--from must be positive, and --to larger");
        check(steps.orElse(100) >= 10, "--steps must be at least 10");
        LrFinder.Result found = find(first, last);
        OptionalDouble suggestion = found.suggestion();
        LrCurve curve = new LrCurve(found);
        out().print(curve.text(suggestion.orElse(0)));
        plot.ifPresent(file -> AtomicText.write(file, curve.svg(suggestion.orElse(0))));
        if (found.ending() == LrFinder.Ending.INTERRUPTED) {
            out().println("stopped after " + found.rates().length + " rates");
            exitCode = STOPPED;
        } else if (suggestion.isPresent()) {
            out().printf(
                            Locale.ROOT,
                            "suggested: --lr %.2g, where the loss falls most steeply; it is lowest at %.2g%n",
                            suggestion.getAsDouble(),
                            found.lowest().orElse(Double.NaN));
        } else {
            out().println("the loss falls at no rate: look at the data and the weights, or try --from and --to");
        }
        return asMap(found);
    }

    private LrFinder.Result find(double first, double last) {
        threads.apply();
        FineTuning tuning = FineTuning.unset()
                .progress(BarProgress.automatic())
                .stop(program.stopOnShutdown())
                .downloads(DownloadListener.console())
                .log(line -> {
                    out().println(OptionWords.render(line));
                    out().flush();
                });
        try {
            for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
                String name = OptionWords.setting(option.longestName());
                List<String> texts = option.originalStringValues();
                if (FineTuning.settings().contains(name)) {
                    tuning = tuning.set(
                            name,
                            option.getValue() instanceof Boolean flag ? flag.toString() : texts.get(texts.size() - 1));
                }
            }
            return tuning.findLearningRate(finder -> finder.between(first, last).steps(steps.orElse(100)));
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), OptionWords.render(e.explanation()));
        }
    }

    private void check(boolean right, String problem) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    private static Map<String, Object> asMap(LrFinder.Result found) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("suggestion", found.suggestion().orElse(Double.NaN));
        map.put("lowest", found.lowest().orElse(Double.NaN));
        map.put("ending", found.ending().name().toLowerCase(Locale.ROOT));
        map.put("rates", Arrays.stream(found.rates()).boxed().toList());
        map.put("losses", Arrays.stream(found.losses()).boxed().toList());
        map.put("smoothed", Arrays.stream(found.smoothed()).boxed().toList());
        return map;
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
