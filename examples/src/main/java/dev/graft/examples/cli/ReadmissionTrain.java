package dev.graft.examples.cli;

import dev.graft.nn.table.TableModel;
import dev.graft.nn.table.TableRun;
import dev.graft.nn.table.TableSettings;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Trains a model of a population and writes its folder. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Trains a model on a table of stays, judges it on patients held back, and writes a model folder.")
final class ReadmissionTrain extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private ReadmissionCommand parent;

    @Mixin
    private ReadmissionOptions options;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            defaultValue = "mlp",
            description = "logistic (regression) or mlp (embeddings and layers). Default: mlp.")
    private TableModel.Kind kind;

    @Option(names = "--epochs", paramLabel = "N", description = "How often every row is seen. Default: 6.")
    private Optional<Integer> epochs;

    @Mixin
    private ReadmissionRunOptions run;

    @Mixin
    private ThreadOption threads;

    private int exitCode;

    @Override
    Object report() {
        threads.apply();
        TableSettings defaults = TableSettings.defaults().seed(options.seed());
        if (epochs.orElse(1) < 1) {
            throw new ParameterException(spec.commandLine(), "--epochs must be at least 1, was " + epochs.orElse(0));
        }
        if (epochs.isPresent() && kind == TableModel.Kind.LOGISTIC) {
            throw new ParameterException(
                    spec.commandLine(), "--epochs is for --kind mlp; a logistic regression is fitted to convergence");
        }
        TableRun.Outcome outcome = run.run()
                .kind(kind)
                .settings(epochs.map(defaults::epochs).orElse(defaults))
                .say(this::say)
                .stop(parent.program().stopOnShutdown())
                .train(options.cases(this::say));
        run.print(out(), outcome);
        exitCode = outcome.ending() == TableRun.Ending.STOPPED ? STOPPED : 0;
        return exitCode == STOPPED ? Map.of("stopped", true) : outcome.metrics();
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
