package dev.graft.examples.cli;

import dev.graft.examples.genomics.PeakMemory;
import dev.graft.examples.genomics.SpliceSites;
import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.data.sequence.Region;
import dev.graft.nn.sequence.SpliceModel;
import dev.graft.nn.sequence.SpliceScan;
import dev.graft.nn.sequence.SpliceTracks;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Looks for splice sites in sequences of any length. */
@Command(
        name = "splice",
        mixinStandardHelpOptions = true,
        description = {
            "Scores all positions of both strands by a network of the OpenSpliceAI family, or by several whose probabilities are averaged.",
            "Sequences are read in pieces, so that memory does not grow with their length."
        })
final class SpliceCommand extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ThreadOption threads;

    @Mixin
    private GenomicsCommand.SpliceInputs inputs;

    @Option(names = "--bed", paramLabel = "FILE", description = "Look only at the intervals of this BED file.")
    private Optional<Path> bed;

    @Option(names = "--gff", paramLabel = "FILE", description = "Look only at the genes of this GFF file.")
    private Optional<Path> gff;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Write the probabilities to this folder, a file for each strand and kind of site.")
    private Optional<Path> out;

    @Option(
            names = "--format",
            defaultValue = "bedgraph",
            description = "How: ${COMPLETION-CANDIDATES}. Default: bedgraph.")
    private SpliceTracks.Format format;

    @Option(
            names = "--threshold",
            paramLabel = "P",
            defaultValue = "0.01",
            description = "Write probabilities from P on. Default: ${DEFAULT-VALUE}.")
    private double threshold;

    @Option(
            names = "--sites",
            paramLabel = "FILE",
            description =
                    "Compare with known sites: a table with the columns fasta_index0, strand and type (acceptor or donor), of the first sequence.")
    private Optional<Path> sites;

    @Option(
            names = "--genes",
            paramLabel = "FILE",
            description =
                    "With --sites: average precision within these genes, a table with the columns strand, start and end (from 0, the end after the last base).")
    private Optional<Path> genes;

    @Override
    Object report() {
        threads.apply();
        if (out.isEmpty() && sites.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "there is nothing to do. Hint: --out names a folder to write to");
        }
        if (genes.isPresent() && sites.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--genes needs --sites");
        }
        if (!(threshold >= 0 && threshold <= 1)) {
            throw new ParameterException(spec.commandLine(), "--threshold must be in [0, 1], was " + threshold);
        }
        if (bed.isPresent() && gff.isPresent()) {
            throw new ParameterException(spec.commandLine(), "--bed and --gff cannot be given together");
        }
        if (sites.isPresent() && (bed.isPresent() || gff.isPresent())) {
            throw new ParameterException(
                    spec.commandLine(), "--sites compares whole sequences: it cannot be given with --bed or --gff");
        }
        out.ifPresent(folder -> Output.checkFolder("--out", folder));
        List<Region> regions = regions();
        Optional<SpliceSites> known = sites.map(file -> SpliceSites.read(file, genes));
        Map<String, Object> report = new LinkedHashMap<>();
        try (SpliceModel model = SpliceModel.read(inputs.models());
                FastaReader sequences = FastaReader.open(inputs.fasta())) {
            SpliceScan scan = new SpliceScan(model);
            if (out.isPresent()) {
                try (SpliceTracks tracks = new SpliceTracks(out.get(), format, threshold, regions)) {
                    Predicate<SpliceScan.Part> wanted = part -> {
                        known.ifPresent(sink -> sink.wants(part)); // counts the sequences
                        return tracks.wants(part);
                    };
                    scan.run(sequences, wanted, tile -> {
                        tracks.take(tile);
                        known.ifPresent(sink -> sink.take(tile));
                    });
                    known.ifPresent(sink -> report.putAll(sink.report()));
                    List<Path> files = tracks.commit();
                    say(tracks.lines() + " probabilities of at least " + threshold + " are in "
                            + String.join(
                                    ", ", files.stream().map(Path::toString).toList()));
                }
            } else {
                SpliceSites sink = known.orElseThrow();
                scan.run(sequences, sink::wants, sink);
                report.putAll(sink.report());
            }
            report.put("bases", scan.positions());
            report.put("bases_per_second", scan.positionsPerSecond());
            report.put("context", model.context());
        }
        OptionalLong peak = PeakMemory.bytes();
        peak.ifPresent(bytes -> report.put("peak_bytes", bytes));
        say(String.format(
                Locale.ROOT,
                "%,d positions, both strands counted, at %,.0f a second%s",
                (long) report.get("bases"),
                (double) report.get("bases_per_second"),
                peak.isPresent()
                        ? String.format(Locale.ROOT, "; at most %,d MB of memory", peak.getAsLong() / 1_000_000)
                        : ""));
        if (known.isPresent()) {
            say(report.get("above_half") + " of " + report.get("sites") + " known sites have a probability above 0.5");
        }
        if (report.get("average_precision") instanceof Map<?, ?> precision) {
            say(String.format(
                    Locale.ROOT,
                    "average precision within the genes: acceptors %.4f, donors %.4f",
                    (double) precision.get("acceptor"),
                    (double) precision.get("donor")));
        }
        return report;
    }

    private List<Region> regions() {
        return bed.map(Region::readBed)
                .orElseGet(() -> gff.map(file -> Region.readGff(file, "gene")).orElse(List.of()));
    }
}
