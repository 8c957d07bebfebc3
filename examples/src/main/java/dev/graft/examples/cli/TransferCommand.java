package dev.graft.examples.cli;

import dev.graft.examples.genomics.SequenceClassifier;
import dev.graft.examples.genomics.Transfer;
import dev.graft.examples.genomics.TransferData;
import dev.graft.nn.sequence.DilatedResNet;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a network of the human genome on another task, beside simpler models. */
@Command(
        name = "transfer",
        mixinStandardHelpOptions = true,
        description = {
            "Fine-tunes a network of the OpenSpliceAI family on labelled sequences, and compares it with the same network from scratch and with logistic regressions on k-mers, on positions and on GC content.",
            "Near-identical sequences are never on both sides of the split."
        })
final class TransferCommand extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ThreadOption threads;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "FILE|DIR",
            description =
                    "Your sequences: FASTA with label=CLASS in its headers, or a table with the columns sequence and label; with --set a folder.")
    private Path data;

    @Option(names = "--set", description = "One of the sets in the folder: ${COMPLETION-CANDIDATES}.")
    private Optional<TransferData.KnownSet> set;

    @Option(names = "--splits", paramLabel = "FILE", description = "With --set: the fold of each sequence.")
    private Optional<Path> splits;

    @Option(
            names = "--subsets",
            paramLabel = "FILE",
            description = "With --splits: the order in which sequences are drawn for training.")
    private Optional<Path> subsets;

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "The network's weights.")
    private Path model;

    @Option(
            names = "--head",
            defaultValue = "pooled",
            description =
                    "What the new layers see: ${COMPLETION-CANDIDATES}; positions suits sequences that are aligned. Default: ${DEFAULT-VALUE}.")
    private SequenceClassifier.Head head;

    @Option(
            names = "--size",
            paramLabel = "N|all",
            defaultValue = "all",
            description = "How many sequences to train on. Default: ${DEFAULT-VALUE}.")
    private String size;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    Object report() {
        threads.apply();
        if (set.isEmpty() && (splits.isPresent() || subsets.isPresent())) {
            throw new ParameterException(spec.commandLine(), "--splits and --subsets need --set");
        }
        if (subsets.isPresent() && splits.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--subsets needs --splits");
        }
        if (!size.equals("all") && !size.matches("[1-9]\\d{0,8}")) {
            throw new ParameterException(
                    spec.commandLine(), "--size must be a number of sequences or all, was " + size);
        }
        TransferData sequences = set.map(known -> TransferData.known(data, known, splits, subsets, seed))
                .orElseGet(() -> TransferData.own(data, seed));
        int n = size.equals("all") ? sequences.poolSize() : Integer.parseInt(size);
        if (n > sequences.poolSize()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--size is " + n + ", but only " + sequences.poolSize() + " sequences may be trained on");
        }
        int trainGroups = sequences.trainGroups(n);
        if (trainGroups < Transfer.INNER_FOLDS) {
            throw new ParameterException(
                    spec.commandLine(),
                    "the " + n + " sequences to train on are in " + trainGroups
                            + " groups of near-identical ones, but at least " + Transfer.INNER_FOLDS
                            + " are needed. Hint: raise --size, or add sequences that differ more");
        }
        int[] sizes = sequences.groups().sizes();
        int random = sequences.leakedAtRandom(seed);
        say(sequences.sequences().size() + " sequences in " + sizes.length
                + " groups of near-identical ones, the largest of "
                + Arrays.stream(sizes).max().orElse(0) + "; " + sequences.test().length + " are held back, of which "
                + sequences.leaked() + " have a near copy among the others (" + random + " would in a random split)");
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("set", sequences.name());
        report.put("size", n);
        report.put("seed", seed);
        report.put("head", head.toString().toLowerCase(Locale.ROOT));
        report.put("groups", sizes.length);
        report.put("leaked", sequences.leaked());
        report.put("leaked_at_random", random);
        Map<String, Object> auroc = new LinkedHashMap<>();
        Map<String, Object> intervals = new LinkedHashMap<>();
        try (DilatedResNet network = DilatedResNet.read(model)) {
            new Transfer(sequences, Transfer.copiesOf(network), head, n, seed)
                    .run(this::say)
                    .forEach((name, answer) -> {
                        auroc.put(name, answer.auroc().score().orNaN());
                        answer.auroc()
                                .interval()
                                .ifPresent(range -> intervals.put(name, List.of(range.low(), range.high())));
                    });
        }
        report.put("auroc", auroc);
        report.put("intervals", intervals);
        auroc.entrySet().stream()
                .filter(entry -> !Double.isNaN((double) entry.getValue()))
                .max((a, b) -> Double.compare((double) a.getValue(), (double) b.getValue()))
                .ifPresent(best -> say("the best is " + best.getKey()));
        return report;
    }
}
