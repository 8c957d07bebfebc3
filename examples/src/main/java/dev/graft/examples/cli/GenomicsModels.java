package dev.graft.examples.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.graft.io.file.AtomicText;
import dev.graft.nn.data.sequence.IndexedFasta;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.NamedSequence;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.sequence.DilatedResNet;
import dev.graft.nn.sequence.MaskedPretraining;
import dev.graft.nn.sequence.SequenceExplainer;
import dev.graft.nn.sequence.SequenceLogo;
import dev.graft.nn.sequence.SequenceModel;
import dev.graft.nn.sequence.SequenceRun;
import dev.graft.nn.sequence.SequenceTracks;
import java.io.IOException;
import java.io.StringWriter;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** The commands that use a model of sequences, and the one that makes a model without labels. */
final class GenomicsModels {
    private GenomicsModels() {}

    /** Asks a transferred network about sequences. */
    @Command(
            name = "predict",
            mixinStandardHelpOptions = true,
            description = "Writes the probability of each class for each sequence of a file, as CSV.")
    static final class Predict extends ReportingCommand {
        @Spec
        private CommandSpec spec;

        @Mixin
        private ThreadOption threads;

        @Option(names = "--model", required = true, paramLabel = "DIR", description = "A folder of genomics transfer.")
        private Path model;

        @Option(names = "--out", paramLabel = "FILE", description = "CSV file to write. Default: standard output.")
        private Optional<Path> out;

        @Parameters(
                paramLabel = "FILE",
                description = "Sequences: FASTA, or a table with the column sequence, plain or compressed.")
        private Path file;

        @Override
        boolean writesStandardOutput() {
            return out.isEmpty() || Output.isStandardOutput(out.get());
        }

        @Override
        Object report() {
            threads.apply();
            out.filter(target -> !Output.isStandardOutput(target)).ifPresent(target -> {
                Output.checkIsItsOwn(spec, "--out", target);
                Output.checkFile("--out", target);
            });
            try (SequenceModel network = SequenceModel.load(model)) {
                List<NamedSequence> sequences = LabelledSequences.readUnlabelled(file, network.length());
                float[][] probabilities = network.predict(
                        sequences.stream().map(NamedSequence::letters).toList());
                String csv = csv(network.classes(), sequences, probabilities);
                if (writesStandardOutput()) {
                    spec.commandLine().getOut().print(csv);
                    spec.commandLine().getOut().flush();
                } else {
                    AtomicText.write(out.orElseThrow(), csv);
                }
                say(sequences.size() + " sequences were classified");
                return Map.of("sequences", sequences.size());
            }
        }

        private static String csv(List<String> classes, List<NamedSequence> sequences, float[][] probabilities) {
            StringWriter text = new StringWriter();
            try (CsvWriter csv =
                    CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
                List<String> header = new ArrayList<>(List.of("sequence", "class"));
                header.addAll(classes);
                csv.writeRecord(header);
                for (int i = 0; i < probabilities.length; i++) {
                    List<String> row = new ArrayList<>(List.of(sequences.get(i).name()));
                    int best = 0;
                    for (int k = 1; k < classes.size(); k++) {
                        best = probabilities[i][k] > probabilities[i][best] ? k : best;
                    }
                    row.add(classes.get(best));
                    for (float p : probabilities[i]) {
                        row.add(Float.toString(p));
                    }
                    csv.writeRecord(row);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return text.toString();
        }
    }

    /** Says which bases answers rest on. */
    @Command(
            name = "explain",
            mixinStandardHelpOptions = true,
            description = {
                "Writes how much each base matters for a class, by in-silico mutagenesis and by integrated gradients: bedGraph tracks, a table of all mutations, and logos as SVG.",
                "With a folder of genomics transfer, the classes of whole sequences; with a weight file of OpenSpliceAI, the splice site at --at."
            })
    static final class Explain extends ReportingCommand {
        private static final int MOST_LOGOS = 20;
        private static final Pattern PLACE = Pattern.compile("(.+):(\\d{1,12})");

        @Spec
        private CommandSpec spec;

        @Mixin
        private ThreadOption threads;

        @Option(
                names = "--model",
                required = true,
                paramLabel = "DIR|FILE",
                description = "A folder of genomics transfer, or a weight file of OpenSpliceAI.")
        private Path model;

        @Option(names = "--out", required = true, paramLabel = "DIR", description = "The folder to write to.")
        private Path out;

        @Option(
                names = "--class",
                paramLabel = "NAME",
                description = "The class to explain. Default: each sequence's most probable one.")
        private Optional<String> named;

        @Option(
                names = "--at",
                paramLabel = "NAME:POSITION",
                description = "With a weight file: the sequence and the position, from 1.")
        private Optional<String> at;

        @Option(names = "--site", description = "With --at: ${COMPLETION-CANDIDATES}. Default: the more probable one.")
        private Optional<Site> site;

        @Option(names = "--reverse", description = "With --at: on the minus strand.")
        private boolean reverse;

        @Parameters(paramLabel = "FILE", description = "Sequences: FASTA, or a table with the column sequence.")
        private Path file;

        /** The outputs of a splice model that are sites. */
        enum Site {
            ACCEPTOR,
            DONOR
        }

        @Override
        Object report() {
            threads.apply();
            boolean isSite = !Files.isDirectory(model);
            if (isSite ? at.isEmpty() || named.isPresent() : at.isPresent() || site.isPresent() || reverse) {
                throw new ParameterException(
                        spec.commandLine(),
                        isSite
                                ? "a weight file needs --at NAME:POSITION, and excludes --class"
                                : "--at, --site and --reverse are for weight files, --model is a folder");
            }
            Output.checkFolder("--out", out);
            return isSite ? site() : sequences();
        }

        private Object sequences() {
            try (SequenceModel network = SequenceModel.load(model)) {
                named.ifPresent(name -> {
                    if (!network.classes().contains(name)) {
                        throw new ParameterException(
                                spec.commandLine(),
                                "--class " + name + " is none of " + String.join(", ", network.classes()));
                    }
                });
                List<NamedSequence> all = LabelledSequences.readUnlabelled(file, network.length());
                SequenceExplainer explainer = SequenceExplainer.of(network);
                Written written = new Written();
                for (NamedSequence one : all) {
                    int output = named.map(network.classes()::indexOf)
                            .orElseGet(() -> largest(network.predict(List.of(one.letters()))[0], 0));
                    SequenceTracks why = explainer.explain(one.name(), one.letters(), output);
                    written.add(
                            why,
                            one.name(),
                            0,
                            network.length(),
                            network.classes().get(output),
                            false);
                }
                return written.commit();
            }
        }

        private static int largest(float[] values, int from) {
            int best = from;
            for (int k = from; k < values.length; k++) {
                best = values[k] > values[best] ? k : best;
            }
            return best;
        }

        private Object site() {
            Matcher place = PLACE.matcher(at.orElseThrow());
            if (!place.matches()) {
                throw new ParameterException(
                        spec.commandLine(), "--at must be NAME:POSITION, such as chr22:1000, was " + at.get());
            }
            String name = place.group(1);
            long position = Long.parseLong(place.group(2)) - 1;
            try (IndexedFasta genome = IndexedFasta.open(file);
                    DilatedResNet network = DilatedResNet.read(model)) {
                if (!genome.contains(name) || position < 0 || position >= genome.length(name)) {
                    throw new ParameterException(
                            spec.commandLine(),
                            "--at " + at.get() + " is not in " + file
                                    + (genome.contains(name)
                                            ? ", whose " + name + " has " + genome.length(name) + " bases"
                                            : ", which has " + String.join(", ", genome.names())));
                }
                long start = position - network.context() / 2;
                byte[] window = genome.window(name, start, start + network.context() + 1);
                String letters = Nucleotides.text(reverse ? Nucleotides.reverseComplement(window) : window);
                network.eval();
                SequenceExplainer explainer = SequenceExplainer.ofSite(network);
                SequenceTracks acceptor = explainer.explain(at.get(), letters, 1);
                SequenceTracks donor = explainer.explain(at.get(), letters, 2);
                boolean isDonor = site.map(Site.DONOR::equals).orElse(donor.score() > acceptor.score());
                Written written = new Written();
                written.add(
                        isDonor ? donor : acceptor,
                        name,
                        start,
                        genome.length(name),
                        isDonor ? "donor" : "acceptor",
                        reverse);
                return written.commit();
            }
        }

        /** The files of the folder. */
        private final class Written {
            private final StringBuilder importance = new StringBuilder();
            private final StringBuilder gradients = new StringBuilder();
            private final StringBuilder table = new StringBuilder(SequenceTracks.tsvHeader());
            private final Map<String, String> logos = new LinkedHashMap<>();
            private final List<Object> explained = new ArrayList<>();

            /**
             * @param start where the first letter lies, from 0; below 0 if the window hangs over the sequence's end
             * @param end the length of the sequence
             */
            void add(SequenceTracks why, String name, long start, long end, String answer, boolean turned) {
                importance.append(track(name, start, end, turned, why.importance()));
                gradients.append(track(name, start, end, turned, why.gradients()));
                table.append(why.toTsv());
                explained.add(Map.of("sequence", why.name(), "class", answer, "log_odds", why.score()));
                if (logos.size() < 2 * MOST_LOGOS) {
                    int number = logos.size() / 2 + 1;
                    String title = why.name() + ", " + answer + ", ";
                    logos.put(
                            "logo-" + number + "-mutagenesis.svg",
                            SequenceLogo.draw(why.letters(), why.importance(), title + "in-silico mutagenesis"));
                    logos.put(
                            "logo-" + number + "-gradients.svg",
                            SequenceLogo.draw(why.letters(), why.gradients(), title + "integrated gradients"));
                }
            }

            private static String track(String name, long start, long end, boolean turned, float... values) {
                float[] along = values.clone();
                for (int i = 0; turned && i < along.length; i++) {
                    along[i] = values[values.length - 1 - i];
                }
                int from = (int) Math.max(0, -start);
                int to = (int) Math.min(along.length, end - start);
                return SequenceTracks.bedGraph(
                        name.replaceAll("\\s", "_"), start + from, Arrays.copyOfRange(along, from, to));
            }

            Map<String, Object> commit() {
                try {
                    Files.createDirectories(out);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                AtomicText.write(out.resolve("mutagenesis.bedGraph"), importance.toString());
                AtomicText.write(out.resolve("integrated_gradients.bedGraph"), gradients.toString());
                AtomicText.write(out.resolve("mutations.tsv"), table.toString());
                logos.forEach((name, svg) -> AtomicText.write(out.resolve(name), svg));
                say(explained.size() + " sequences are explained in " + out + ", " + logos.size() / 2 + " with logos");
                return Map.of("explained", explained);
            }
        }
    }

    /** Teaches a network a genome without labels. */
    @Command(
            name = "pretrain",
            mixinStandardHelpOptions = true,
            description = {
                "Trains a network to guess hidden bases of a genome, without labels; its folder is a --model for genomics transfer.",
                "The last tenth of each sequence is held back to judge."
            })
    static final class Pretrain extends ReportingCommand {
        @Spec
        private CommandSpec spec;

        @ParentCommand
        private GenomicsCommand parent;

        @Mixin
        private ThreadOption threads;

        @Option(names = "--fasta", required = true, paramLabel = "FILE", description = "The genome, FASTA.")
        private Path fasta;

        @Option(
                names = "--out",
                required = true,
                paramLabel = "DIR",
                description = "Folder for the network; it is made.")
        private Path out;

        @Option(
                names = "--context",
                paramLabel = "N",
                defaultValue = "80",
                description = "Of the network: 80, 400, 2000 or 10000. Default: ${DEFAULT-VALUE}.")
        private int context;

        @Option(
                names = "--epochs",
                paramLabel = "N",
                defaultValue = "10",
                description = "Of " + MaskedPretraining.WINDOWS + " windows of 200 bases. Default: ${DEFAULT-VALUE}.")
        private int epochs;

        @Option(names = "--seed", paramLabel = "S", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
        private long seed;

        @Mixin
        private GenomicsCommand.Again again;

        private int exitCode;

        @Override
        Object report() {
            threads.apply();
            if (!List.of(80, 400, 2000, 10_000).contains(context)) {
                throw new ParameterException(
                        spec.commandLine(), "--context must be 80, 400, 2000 or 10000, was " + context);
            }
            if (epochs < 1) {
                throw new ParameterException(spec.commandLine(), "--epochs must be at least 1, was " + epochs);
            }
            SequenceRun.Outcome outcome = new MaskedPretraining(out)
                    .context(context)
                    .epochs(epochs)
                    .seed(seed)
                    .existing(again.existing())
                    .listeners(new MaskedPretraining.Listeners(
                            this::say, again.progress(), parent.program().stopOnShutdown()))
                    .run(fasta);
            if (outcome.ending() == SequenceRun.Ending.STOPPED) {
                say(again.resumption(outcome));
                exitCode = STOPPED;
                return Map.of("stopped", true);
            }
            if (outcome.metrics().get("best") instanceof Map<?, ?> best) {
                say(String.format(
                        Locale.ROOT,
                        "hidden bases: %.1f %% are guessed (%.1f %% by the most frequent base), %.3f bits a base (%.3f by the bases' shares)",
                        100 * (double) best.get("accuracy"),
                        100 * (double) best.get("accuracy_of_the_most_frequent_base"),
                        (double) best.get("bits_per_base"),
                        (double) best.get("bits_per_base_by_shares")));
            }
            say("written to " + out + "; next: "
                    + Shell.command(List.of("genomics", "transfer", "--model", out.toString()))
                    + " --data SEQUENCES.tsv");
            return outcome.metrics();
        }

        @Override
        int exitCode() {
            return exitCode;
        }
    }
}
