package dev.graft.examples.readmission;

import static dev.graft.message.Message.setting;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableReader;
import dev.graft.nn.data.table.TableSchema;
import dev.graft.nn.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** Finds the stays to learn from and the schema that says what they mean. */
public final class ReadmissionData {
    private static final String DIABETES = "diabetes130.json";
    private static final int SYNTHETIC_PATIENTS = 8000;

    private ReadmissionData() {}

    /** The schema of the table of <a href="https://archive.ics.uci.edu/dataset/296">Diabetes 130-US hospitals</a>. */
    public static TableSchema diabetesSchema() {
        try (InputStream in = Objects.requireNonNull(ReadmissionData.class.getResourceAsStream(DIABETES), DIABETES)) {
            return TableSchema.of(
                    DIABETES,
                    Json.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8), Path.of(DIABETES)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A generated population of 8,000 patients. */
    public static TableCases synthetic(long seed) {
        return TableCases.of(SyntheticPopulation.table(SYNTHETIC_PATIENTS, seed), SyntheticPopulation.schema());
    }

    /**
     * The cases of a table.
     *
     * @param schema of the table; empty for that of Diabetes 130-US hospitals
     * @throws DataException also where there is no schema and it is not that table
     */
    public static TableCases read(Path data, Optional<Path> schema, Charset charset) {
        TableSchema meaning = schema.map(TableSchema::read).orElseGet(ReadmissionData::diabetesSchema);
        if (schema.isEmpty()) {
            checkIsDiabetes(data, charset, meaning);
        }
        return TableCases.of(Table.read(data, charset, meaning.needed()), meaning);
    }

    private static void checkIsDiabetes(Path data, Charset charset, TableSchema meaning) {
        try (TableReader reader = TableReader.open(data, charset, java.util.List.of())) {
            if (!reader.header().containsAll(meaning.needed())) {
                throw new DataException(
                        "table: " + reader.name() + " is not the table of Diabetes 130-US hospitals, the"
                                + " only one whose columns are known. Hint: say what the columns mean with "
                                + setting("schema", "FILE") + "; graft readmission schema " + data + " drafts it.");
            }
        } catch (DataException e) {
            if (!String.valueOf(e.getMessage()).contains("tables, of which")) {
                throw e;
            }
        }
    }
}
