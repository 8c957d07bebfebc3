package dev.graft.examples.cli;

import dev.graft.examples.genomics.KnownSets;
import dev.graft.examples.genomics.SyntheticSequences;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.sequence.DilatedResNet;
import dev.graft.nn.sequence.PretrainedNetwork;
import dev.graft.nn.sequence.SequenceBaseline;
import dev.graft.nn.sequence.SequenceClassifier;
import dev.graft.nn.sequence.SequenceComparison;
import dev.graft.nn.sequence.SequenceCurve;
import dev.graft.nn.sequence.SequenceRun;
import dev.graft.nn.sequence.SequenceTransfer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Trains a network of a genome on another task, beside simpler models. */
@Command(
        name = "transfer",
        mixinStandardHelpOptions = true,
        description = {
            "Fine-tunes a network of the OpenSpliceAI family, or one of genomics pretrain, on labelled sequences, and compares it with the same network from scratch and with logistic regressions on k-mers, on positions and on GC content.",
            "Near-identical sequences are never on both sides of the split. Without --data it takes generated, synthetic sequences."
        })
final class TransferCommand extends ReportingCommand {
    private static final int MOST_SEEDS = 100;
    private static final String ALL = "all";

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private GenomicsCommand parent;

    @Mixin
    private ThreadOption threads;

    @Option(
            names = "--data",
            paramLabel = "FILE|DIR",
            description =
                    "Your sequences: FASTA with label=CLASS in its headers, or a table with the columns sequence and label; with --set a folder.")
    private Optional<Path> data;

    @Option(names = "--set", description = "One of the sets in the folder: ${COMPLETION-CANDIDATES}.")
    private Optional<KnownSets.KnownSet> set;

    @Option(names = "--splits", paramLabel = "FILE", description = "With --set: the fold of each sequence.")
    private Optional<Path> splits;

    @Option(
            names = "--subsets",
            paramLabel = "FILE",
            description = "With --splits: the order in which sequences are drawn for training.")
    private Optional<Path> subsets;

    @Option(
            names = "--model",
            paramLabel = "FILE|DIR",
            description = "The network's weights, or a folder of genomics pretrain or transfer.")
    private Optional<Path> model;

    @Option(
            names = "--head",
            defaultValue = "pooled",
            description =
                    "What the new layers see: ${COMPLETION-CANDIDATES}; positions suits sequences that are aligned. Default: ${DEFAULT-VALUE}.")
    private SequenceClassifier.Head head;

    @Option(names = "--size", paramLabel = "N|all", description = "How many sequences to train on. Default: all.")
    private Optional<String> size;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "N|all",
            description = "Compare for several numbers of sequences, such as 50,200,1000,all.")
    private List<String> sizes = List.of();

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "With --sizes: repeat with so many seeds, from --seed on. Default: 3.")
    private Optional<Integer> seeds;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Keep the transferred network in this folder, with its log, metrics and report.")
    private Optional<Path> out;

    @Mixin
    private GenomicsCommand.Again again;

    private int exitCode;

    @Override
    Object report() {
        threads.apply();
        checkOptions();
        SequenceSplit whole = split(seed);
        SequenceSplit split = unseen(whole);
        Map<String, Object> report = new LinkedHashMap<>();
        report.put(
                "set",
                set.map(known -> known.name().toLowerCase(Locale.ROOT)).orElse(data.isPresent() ? "own" : "synthetic"));
        report.put("synthetic", data.isEmpty());
        if (!isCurve()) {
            report.put("size", size(split, size.orElse(ALL)));
        }
        report.put("seed", seed);
        report.put("head", head.toString().toLowerCase(Locale.ROOT));
        describe(split, report);
        int known = whole.test().length - split.test().length;
        report.put("judges_left_out", known);
        if (known > 0) {
            say(known + " of the sequences that were to be held back judge nothing: " + model.orElseThrow()
                    + " has learnt from them, or from near copies of them");
        }
        if (model.isPresent()) {
            compare(split, model.get(), report);
            return report;
        }
        try {
            Path weights = Files.createTempFile("graft-synthetic", ".safetensors");
            try {
                say("a network learns other synthetic sequences first");
                SyntheticSequences.pretrain(weights, seed);
                compare(split, weights, report);
                return report;
            } finally {
                Files.deleteIfExists(weights);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void checkOptions() {
        if (data.isEmpty() && set.isPresent()) {
            throw new ParameterException(spec.commandLine(), "--set needs --data, the folder that it is in");
        }
        if (data.isPresent() && model.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--data needs --model, the network to transfer");
        }
        if (set.isEmpty() && (splits.isPresent() || subsets.isPresent())) {
            throw new ParameterException(spec.commandLine(), "--splits and --subsets need --set");
        }
        if (subsets.isPresent() && splits.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--subsets needs --splits");
        }
        if (isCurve() && (size.isPresent() || out.isPresent())) {
            throw new ParameterException(
                    spec.commandLine(), "--sizes compares several sizes, and excludes --size and --out");
        }
        if (seeds.isPresent() && (!isCurve() || seeds.get() < 1 || seeds.get() > MOST_SEEDS)) {
            throw new ParameterException(
                    spec.commandLine(), "--seeds must be from 1 to " + MOST_SEEDS + ", and needs --sizes");
        }
        if (again.isAny() && out.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--resume and --overwrite need --out");
        }
        again.existing();
    }

    private boolean isCurve() {
        return !sizes.isEmpty();
    }

    private SequenceSplit split(long drawn) {
        if (data.isEmpty()) {
            say("synthetic sequences: generated, with planted motifs; they say nothing about genomes");
            return SyntheticSequences.target(seed);
        }
        return set.map(known -> KnownSets.read(data.get(), known, splits, subsets, drawn))
                .orElseGet(() -> SequenceSplit.grouped(LabelledSequences.read(data.get()), drawn));
    }

    /** A network that was transferred before must not be judged by what it has learnt from. */
    private SequenceSplit unseen(SequenceSplit split) {
        return model.isPresent() ? PretrainedNetwork.unseen(model.get(), split) : split;
    }

    private int size(SequenceSplit split, String text) {
        if (!text.equals(ALL) && !text.matches("[1-9]\\d{0,8}")) {
            throw new ParameterException(
                    spec.commandLine(), "--size must be a number of sequences or all, was " + text);
        }
        int n = text.equals(ALL) ? split.poolSize() : Integer.parseInt(text);
        if (n > split.poolSize()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--size is " + n + ", but only " + split.poolSize() + " sequences may be trained on");
        }
        int trainGroups = split.trainGroups(n);
        if (trainGroups < SequenceBaseline.INNER_FOLDS) {
            throw new ParameterException(
                    spec.commandLine(),
                    "the " + n + " sequences to train on are in " + trainGroups
                            + " groups of near-identical ones, but at least " + SequenceBaseline.INNER_FOLDS
                            + " are needed. Hint: raise --size, or add sequences that differ more");
        }
        split.checkClasses(n);
        return n;
    }

    private void describe(SequenceSplit split, Map<String, Object> report) {
        int[] groups = split.groups().sizes();
        int random = split.leakedAtRandom(seed);
        say(split.sequences().size() + " sequences in " + groups.length
                + " groups of near-identical ones, the largest of "
                + Arrays.stream(groups).max().orElse(0) + "; " + split.test().length + " are held back, of which "
                + split.leaked() + " have a near copy among the others (" + random + " would in a random split)");
        report.put("groups", groups.length);
        report.put("leaked", split.leaked());
        report.put("leaked_at_random", random);
    }

    private SequenceComparison comparison(SequenceSplit split, DilatedResNet network, SequenceTransfer recipe) {
        SequenceComparison comparison = new SequenceComparison(split, network, recipe);
        return isJunctions(network) ? comparison.ofJunctions() : comparison;
    }

    /** Whether a splice model can answer as it is; one that was transferred has seen labels. */
    private boolean isJunctions(DilatedResNet network) {
        return set.filter(KnownSets.KnownSet.UCI::equals).isPresent()
                && network.outputs() == KnownSets.SPLICE_OUTPUTS
                && !model.filter(PretrainedNetwork::isTransferred).isPresent();
    }

    private void compare(SequenceSplit split, Path weights, Map<String, Object> report) {
        if (isCurve()) {
            curve(split, weights, report);
        } else if (out.isPresent()) {
            keep(split, weights, report);
        } else {
            Map<String, Estimate> estimates = new LinkedHashMap<>();
            try (DilatedResNet network = PretrainedNetwork.read(weights)) {
                Map<String, SequenceComparison.Answer> answers = comparison(
                                split, network, new SequenceTransfer(head, seed))
                        .run(size(split, size.orElse(ALL)), (way, auroc) -> {
                            say(way + ": " + auroc);
                            estimates.put(way, auroc);
                        });
                report.putAll(SequenceRun.areas(estimates));
                report.put(SequenceRun.WHAT_WINS, SequenceComparison.whatWins(split, answers));
            }
            sayBest(report);
        }
    }

    private void keep(SequenceSplit split, Path weights, Map<String, Object> report) {
        boolean junctions;
        try (DilatedResNet network = PretrainedNetwork.read(weights)) {
            junctions = isJunctions(network);
        }
        String called =
                set.map(each -> each.name().toLowerCase(Locale.ROOT) + " of ").orElse("")
                        + data.map(Path::toString).orElse("synthetic sequences of seed " + seed);
        SequenceRun known = new SequenceRun(out.orElseThrow());
        if (data.isEmpty()) {
            known = known.synthetic();
        }
        if (model.isEmpty()) {
            known = known.startedFrom("other synthetic sequences, generated from the same seed");
        }
        SequenceRun plain = known.data(called)
                .recipe(new SequenceTransfer(head, seed))
                .existing(again.existing())
                .say(this::say)
                .compared((way, auroc) -> say(way + ": " + auroc))
                .progress(again.progress())
                .stop(parent.program().stopOnShutdown());
        SequenceRun.Outcome outcome =
                (junctions ? plain.ofJunctions() : plain).transfer(split, size(split, size.orElse(ALL)), weights);
        if (outcome.ending() == SequenceRun.Ending.STOPPED) {
            say(again.resumption(outcome));
            report.put("stopped", true);
            exitCode = STOPPED;
            return;
        }
        for (String name : List.of("auroc", "intervals", SequenceRun.WHAT_WINS)) {
            if (outcome.metrics().containsKey(name)) {
                report.put(name, outcome.metrics().get(name));
            }
        }
        sayBest(report);
        say("written to " + out.get() + "; next: "
                + Shell.command(
                        List.of("genomics", "predict", "--model", out.get().toString())) + " SEQUENCES.fa");
    }

    @Override
    int exitCode() {
        return exitCode;
    }

    private void sayBest(Map<String, Object> report) {
        if (report.get(SequenceRun.WHAT_WINS) instanceof String text) {
            say(text);
        }
    }

    private void curve(SequenceSplit split, Path weights, Map<String, Object> report) {
        List<Integer> numbers =
                sizes.stream().map(text -> size(split, text.strip())).toList();
        List<Long> drawn =
                LongStream.range(seed, seed + seeds.orElse(3)).boxed().toList();
        LongFunction<SequenceSplit> bySeed =
                each -> each == seed ? split : subsets.isPresent() ? unseen(split(each)) : split.drawn(each);
        List<Object> cells = new ArrayList<>();
        Map<String, String> line = new LinkedHashMap<>();
        try (DilatedResNet network = PretrainedNetwork.read(weights)) {
            int ways = SequenceBaseline.values().length + (isJunctions(network) ? 3 : 2);
            SequenceCurve.run(
                    bySeed, (parts, recipe) -> comparison(parts, network, recipe), head, numbers, drawn, cell -> {
                        cells.add(entry(cell));
                        line.put(cell.way(), text(cell.mean()));
                        if (line.size() == ways) {
                            if (cells.size() == ways) {
                                say(String.format(Locale.ROOT, "%n%8s", "size") + padded(line.keySet()));
                            }
                            say(String.format(Locale.ROOT, "%8d", cell.size()) + padded(line.values()));
                            line.clear();
                        }
                    });
        }
        say("means over " + drawn.size() + (drawn.size() == 1 ? " seed" : " seeds")
                + ", with 95 % intervals for the groups of near-identical sequences that judge"
                + (drawn.size() == 1 ? "" : ", and for the seeds and what they draw"));
        report.put("seeds", drawn);
        report.put("cells", cells);
    }

    private static String padded(Iterable<String> texts) {
        StringBuilder line = new StringBuilder();
        texts.forEach(text -> line.append(String.format(Locale.ROOT, " %22s", text)));
        return line.toString();
    }

    private static String text(Estimate mean) {
        return String.format(Locale.ROOT, "%.4f", mean.score().orNaN())
                + mean.interval()
                        .map(i -> String.format(Locale.ROOT, " [%.4f, %.4f]", i.low(), i.high()))
                        .orElse("");
    }

    private static Map<String, Object> entry(SequenceCurve.Cell cell) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("size", cell.size());
        map.put("way", cell.way());
        map.put("auroc", cell.mean().score().orNaN());
        cell.mean().interval().ifPresent(i -> map.put("interval", List.of(i.low(), i.high())));
        map.put("aurocs", cell.aurocs());
        return map;
    }
}
