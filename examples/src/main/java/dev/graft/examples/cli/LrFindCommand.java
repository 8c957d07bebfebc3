package dev.graft.examples.cli;

import dev.graft.io.file.AtomicText;
import dev.graft.nn.train.LrFinder;
import dev.graft.vision.FineTuning;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Finds a learning rate for a fine-tuning. */
@Command(
        name = "lr-find",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        defaultValueProvider = FineTuningOptions.Standards.class,
        description = {
            "Finds a learning rate for finetune with the same options: one step for each of some growing rates, until the loss diverges.",
            "Prints the curve of the smoothed loss and the rate where it falls most steeply; trains and writes no model."
        },
        footer = {"", "Example: graft lr-find --data photos --model resnet18 --weights imagenet --plot rates.svg"})
final class LrFindCommand extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    @Mixin
    private FineTuningOptions options;

    @Mixin
    private ThreadOption threads;

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
        options.requireData();
        plot.ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--plot", file);
            Output.checkFile("--plot", file);
        });
        double first = from.orElse(LrFinder.FIRST_RATE);
        double last = to.orElse(LrFinder.LAST_RATE);
        int count = steps.orElse(LrFinder.STEPS);
        check(LrFinder.isRange(first, last), "--from must be positive, and --to larger and finite");
        check(count >= LrFinder.FEWEST_STEPS, "--steps must be at least " + LrFinder.FEWEST_STEPS);
        LrFinder.Result found = find(first, last, count);
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

    private LrFinder.Result find(double first, double last, int count) {
        threads.apply();
        FineTuning tuning = options.told(this::say).stop(program.stopOnShutdown());
        return options.orWrongUsage(() ->
                tuning.findLearningRate(finder -> finder.between(first, last).steps(count)));
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
