package dev.graft.examples.cli;

import dev.graft.io.file.AtomicText;
import dev.graft.nn.data.table.SchemaDraft;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.json.Json;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Drafts what the columns of a table mean. */
@Command(
        name = "schema",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Drafts a schema for a table, from its names and values, for you to correct.")
final class ReadmissionSchema implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "Table: .csv, .csv.gz or .zip.")
    private Path file;

    @Option(
            names = "--encoding",
            paramLabel = "NAME",
            defaultValue = "UTF-8",
            description = "Encoding of the table. Default: UTF-8.")
    private Charset encoding;

    @Option(names = "--out", paramLabel = "FILE", description = "JSON file to write. Default: standard output.")
    private Optional<Path> out;

    @Override
    public Integer call() {
        out.ifPresent(target -> {
            Output.checkIsItsOwn(spec, "--out", target);
            Output.checkFile("--out", target);
        });
        Map<String, Object> draft = SchemaDraft.of(Table.read(file, encoding, List.of()));
        if (out.isPresent() && !Output.isStandardOutput(out.get())) {
            AtomicText.write(out.get(), Json.write(draft));
            ((List<?>) draft.get("notes"))
                    .forEach(note -> spec.commandLine().getOut().println(note));
            spec.commandLine().getOut().println("written to " + out.get());
        } else {
            spec.commandLine().getOut().print(Json.write(draft));
        }
        return 0;
    }
}
