package dev.graft.examples.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.graft.io.file.AtomicFile;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableReader;
import dev.graft.nn.data.table.TableSchema;
import dev.graft.nn.run.RunException;
import dev.graft.nn.table.TableClassifier;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Asks a model about rows of a table. */
@Command(
        name = "predict",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes the probability of readmission for each row of a table, as CSV: its id (or line), the probability, and the answer where the model has a threshold.",
            "Only the columns of the model's inputs are needed. Rows are read and written in parts, so a table of any length fits."
        })
final class ReadmissionPredict implements Callable<Integer> {
    private static final int ROWS_TOGETHER = 2048;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description = "Folder of readmission train or adapt.")
    private Path model;

    @Option(names = "--data", paramLabel = "FILE", required = true, description = "Table: .csv, .csv.gz or .zip.")
    private Path data;

    @Option(
            names = "--encoding",
            paramLabel = "NAME",
            defaultValue = "UTF-8",
            description = "Encoding of the table. Default: UTF-8.")
    private Charset encoding;

    @Option(names = "--out", paramLabel = "FILE", description = "CSV file to write. Default: standard output.")
    private Optional<Path> out;

    @Mixin
    private ThreadOption threads;

    @Override
    public Integer call() {
        threads.apply();
        out.ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--out", file);
            Output.checkFile("--out", file);
        });
        try (TableClassifier classifier = TableClassifier.load(model)) {
            TableSchema schema = classifier.encoder().schema();
            try (TableReader rows = TableReader.open(data, encoding, schema.inputs())) {
                if (out.isEmpty() || Output.isStandardOutput(out.get())) {
                    predict(classifier, rows, spec.commandLine().getOut());
                } else {
                    AtomicFile.write(out.get(), stream -> {
                        Writer text = new OutputStreamWriter(stream, StandardCharsets.UTF_8);
                        predict(classifier, rows, text);
                        text.flush();
                    });
                }
            }
        } catch (IOException e) {
            throw new RunException(
                    "--out cannot be written (" + AtomicFile.reason(e) + ")",
                    "check that its folder exists and its disk has space left",
                    e);
        }
        return 0;
    }

    @SuppressWarnings("MustBeClosedChecker") // the writer below belongs to the caller
    private static void predict(TableClassifier classifier, TableReader rows, Writer text) throws IOException {
        String id = classifier.encoder().schema().id();
        boolean named = rows.header().contains(id);
        CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text);
        OptionalDouble threshold = classifier.threshold();
        List<String> header = new ArrayList<>(List.of(named ? id : "line", "probability"));
        if (threshold.isPresent()) {
            header.add("answer");
        }
        csv.writeRecord(header);
        for (Optional<Table> part = rows.next(ROWS_TOGETHER); part.isPresent(); part = rows.next(ROWS_TOGETHER)) {
            Table table = part.get();
            double[] probabilities = classifier.predict(table);
            for (int row = 0; row < probabilities.length; row++) {
                List<String> record = new ArrayList<>(
                        List.of(named ? table.value(row, id) : Integer.toString(table.line(row)), Float.toString((float)
                                probabilities[row])));
                if (threshold.isPresent()) {
                    record.add(probabilities[row] >= threshold.getAsDouble() ? "yes" : "no");
                }
                csv.writeRecord(record);
            }
        }
        csv.flush();
    }
}
