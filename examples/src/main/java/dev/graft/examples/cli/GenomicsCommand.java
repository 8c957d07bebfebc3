package dev.graft.examples.cli;

import dev.graft.examples.cli.text.BarProgress;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.sequence.SequenceRun;
import dev.graft.nn.train.Progress;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Holds the commands on nucleotide sequences, and options that several of them have. */
@Command(
        name = "genomics",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Networks that read genomes: splice sites, the effects of variants, and transfer to other tasks.",
        subcommands = {
            SpliceCommand.class,
            VariantsCommand.class,
            TransferCommand.class,
            GenomicsModels.Predict.class,
            GenomicsModels.Explain.class,
            GenomicsModels.Pretrain.class
        },
        footer = {"", "Start with: graft genomics transfer     (synthetic sequences, no data needed)"})
final class GenomicsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    Program program() {
        return program;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing required subcommand");
    }

    /** The splice models of a command, and the genome that they read. */
    static final class SpliceInputs {
        @Option(
                names = "--model",
                required = true,
                split = ",",
                paramLabel = "FILE",
                description = "Weight files (PyTorch or safetensors), separated by commas.")
        private List<Path> models;

        @Option(
                names = "--fasta",
                required = true,
                paramLabel = "FILE",
                description =
                        "The sequences: FASTA, plain or compressed (by bgzip, where single places of it are needed).")
        private Path fasta;

        List<Path> models() {
            return models;
        }

        Path fasta() {
            return fasta;
        }
    }

    /** What to do with a run that is in the folder already. */
    static final class Again {
        @Spec(Spec.Target.MIXEE)
        private CommandSpec spec;

        @Option(names = "--resume", description = "Go on after Ctrl-C or a crash.")
        private boolean resume;

        @Option(names = "--overwrite", description = "Replace the run in --out.")
        private boolean overwrite;

        boolean isAny() {
            return resume || overwrite;
        }

        RunFolder.Existing existing() {
            if (resume && overwrite) {
                throw new ParameterException(spec.commandLine(), "--resume and --overwrite exclude each other");
            }
            return resume
                    ? RunFolder.Existing.RESUME
                    : overwrite ? RunFolder.Existing.OVERWRITE : RunFolder.Existing.REFUSE;
        }

        Progress progress() {
            return BarProgress.automatic();
        }

        /** What to type after a stop. */
        String resumption(SequenceRun.Outcome outcome) {
            return outcome.ending() == SequenceRun.Ending.STOPPED
                    ? "stopped; to continue: "
                            + Shell.resumption(
                                    spec.root().commandLine().getParseResult().originalArgs())
                    : "";
        }
    }
}
