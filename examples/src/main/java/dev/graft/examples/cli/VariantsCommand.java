package dev.graft.examples.cli;

import dev.graft.nn.data.sequence.IndexedFasta;
import dev.graft.nn.sequence.SpliceModel;
import dev.graft.nn.sequence.SpliceVariants;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Says what variants do to splicing. */
@Command(
        name = "variants",
        mixinStandardHelpOptions = true,
        description = {
            "Adds SpliceAI's INFO field to the variants of a VCF file: the largest gain and loss of an acceptor and of a donor near each, and where.",
            "With --gff only within genes, each on its strand; without, on both strands."
        })
final class VariantsCommand extends ReportingCommand {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ThreadOption threads;

    @Mixin
    private GenomicsCommand.SpliceInputs inputs;

    @Option(
            names = "--vcf",
            required = true,
            paramLabel = "FILE",
            description = "The variants, sorted, plain or compressed.")
    private Path vcf;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The annotated variants, plain VCF.")
    private Path out;

    @Option(
            names = "--gff",
            paramLabel = "FILE",
            description = "Genes, whose names become the symbols; outside of its gene a variant's context is N.")
    private Optional<Path> gff;

    @Option(
            names = "--distance",
            paramLabel = "N",
            defaultValue = "50",
            description = "How far from a variant changes count. Default: ${DEFAULT-VALUE} bases.")
    private int distance;

    @Option(
            names = "--masked",
            description = "With --gff: set gains at the ends of annotated exons, and losses elsewhere, to 0.")
    private boolean masked;

    @Override
    Object report() {
        threads.apply();
        if (masked && gff.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--masked needs --gff");
        }
        if (distance < 1 || distance > 10_000) {
            throw new ParameterException(spec.commandLine(), "--distance must be from 1 to 10000, was " + distance);
        }
        if (out.toString().endsWith("gz")) {
            throw new ParameterException(
                    spec.commandLine(), "--out " + out + " would be plain VCF. Hint: compress it by bgzip afterwards");
        }
        Output.checkIsItsOwn(spec, "--out", out);
        Output.checkFile("--out", out);
        Map<String, Object> report = new LinkedHashMap<>();
        try (SpliceModel model = SpliceModel.read(inputs.models());
                IndexedFasta genome = IndexedFasta.open(inputs.fasta())) {
            SpliceVariants variants = new SpliceVariants(model, genome, inputs.fasta()).distance(distance);
            if (gff.isPresent()) {
                variants = masked ? variants.masked(gff.get()) : variants.genes(gff.get());
            }
            SpliceVariants.Result result = variants.annotate(vcf, out);
            report.put("variants", result.variants());
            report.put("scored", result.scored());
            report.put("unscored", result.unscored());
            say(result.variants() + " variants are in " + out + " with " + result.scored() + " entries; "
                    + result.unscored() + " more have dots, as both alleles have several bases");
        }
        return report;
    }
}
