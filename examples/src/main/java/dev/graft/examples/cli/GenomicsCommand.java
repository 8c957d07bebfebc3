package dev.graft.examples.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Holds the commands on nucleotide sequences. */
@Command(
        name = "genomics",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Networks that read genomes: splice sites, the effects of variants, and transfer to other tasks.",
        subcommands = {SpliceCommand.class, VariantsCommand.class, TransferCommand.class})
final class GenomicsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing required subcommand");
    }
}
