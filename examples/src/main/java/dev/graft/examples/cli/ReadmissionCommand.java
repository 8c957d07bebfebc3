package dev.graft.examples.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Readmission from health records; its commands do the work. */
@Command(
        name = "readmission",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Predicts from tables of hospital stays who is admitted again.",
        subcommands = {
            ReadmissionTrain.class,
            ReadmissionAdapt.class,
            ReadmissionEvaluate.class,
            ReadmissionPredict.class,
            ReadmissionCompare.class,
            ReadmissionSchema.class
        },
        footer = {"", "Start with: graft readmission evaluate --kind mlp     (a synthetic population, no data needed)"})
final class ReadmissionCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    Program program() {
        return program;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "a command is missing. Hint: one of "
                        + String.join(", ", spec.subcommands().keySet()));
    }
}
