package dev.graft.nn.data.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableReaderTest {
    @TempDir
    Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private void refused(Path file, String... parts) {
        assertThatThrownBy(() -> Table.read(file))
                .isInstanceOf(DataException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts).contains("Hint: "));
    }

    @Test
    void readsPlainCompressedAndArchivedTablesAlike() throws IOException {
        String text = "id,ward\n1,\"a, b\"\n2,?\n";
        Path plain = file("plain.csv", text);
        Path gz = folder.resolve("small.csv.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gz))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        Path zip = folder.resolve("all.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : List.of("d/", "d/table.csv", "__MACOSX/d/._table.csv", "d/other.csv", "d/readme.txt")) {
                out.putNextEntry(new ZipEntry(name));
                out.write((name.equals("d/table.csv") ? text : name.equals("d/other.csv") ? "x\n1\n" : "")
                        .getBytes(StandardCharsets.UTF_8));
            }
        }
        Table archived = Table.read(zip, StandardCharsets.UTF_8, List.of("id", "ward"));
        for (Table table :
                List.of(Table.read(plain), Table.read(gz), archived, Table.read(Path.of(zip + "!d/table.csv")))) {
            assertThat(table.header()).containsExactly("id", "ward");
            assertThat(table.size()).isEqualTo(2);
            assertThat(table.value(0, "ward")).isEqualTo("a, b");
            assertThat(table.value(1, "ward")).isEqualTo("?");
            assertThat(table.line(1)).isEqualTo(3);
        }
        assertThat(archived.name()).endsWith("all.zip!d/table.csv");
        refused(zip, "holds 2 tables", "name one");
        refused(Path.of(zip + "!nothing.csv"), "has no entry 'nothing.csv'", "d/table.csv");
    }

    @Test
    void saysFileLineColumnAndFix() throws IOException {
        refused(file("ragged.csv", "a,b,c\n1,2,3\n4,5\n"), "ragged.csv line 3 has 2 fields, the header has 3", "'c'");
        refused(file("long.csv", "a,b\n1,2,3\n"), "long.csv line 2 has 3 fields, the header has 2");
        refused(file("empty.csv", ""), "empty.csv is empty");
        refused(file("rowless.csv", "a,b\n"), "line 2 is missing");
        refused(file("twice.csv", "a,b,a\n1,2,3\n"), "line 1 column 3 has the name 'a' again, as column 1");
        refused(file("nameless.csv", "a,,c\n1,2,3\n"), "line 1 column 2 has no name");
        refused(file("quote.csv", "a,b\n1,\"2\n3,4\n"), "quote.csv", "quote");
        refused(folder.resolve("none.csv"), "does not exist");
        refused(folder, "is not a regular file");
        refused(file("no.zip", "not an archive"), "is not a readable zip archive");
        refused(file("no.csv.gz", "not compressed"), "cannot be read");
        assertThatThrownBy(
                        () -> Table.read(file("lacks.csv", "age,word\n1,2\n"), StandardCharsets.UTF_8, List.of("ages")))
                .hasMessageContaining("line 1 lacks the column 'ages'. Hint: did you mean 'age'?");
    }

    @Test
    void refusesOtherEncodingsUnlessTheyAreNamed() throws IOException {
        Charset windows = Charset.forName("windows-1252");
        Path file = Files.write(folder.resolve("umlaut.csv"), "name\nM\u00fcller\n".getBytes(windows));
        refused(file, "umlaut.csv is not UTF-8 after line", "windows-1252");
        assertThat(Table.read(file, windows, List.of()).value(0, "name")).isEqualTo("M\u00fcller");
        Path marked = Files.write(
                folder.resolve("wide.csv"), "\ufeffname\nM\u00fcller\n".getBytes(StandardCharsets.UTF_16LE));
        assertThat(Table.read(marked).value(0, "name")).isEqualTo("M\u00fcller");
        assertThat(Table.read(file("mark.csv", "\ufeffname\nx\n")).header()).containsExactly("name");
    }

    @Test
    void readsInParts() throws IOException {
        Path file = file("parts.csv", "a\n1\n2\n\n3\n");
        try (TableReader reader = TableReader.open(file)) {
            assertThat(reader.next(2).orElseThrow().size()).isEqualTo(2);
            Table rest = reader.next(2).orElseThrow();
            assertThat(rest.size()).isEqualTo(1);
            assertThat(rest.line(0)).isEqualTo(5);
            assertThat(reader.next(2)).isEqualTo(Optional.empty());
        }
    }
}
