package dev.graft.nn.data.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.data.DataException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TableEncoderTest {
    private static final List<String> HEADER = List.of("stay", "patient", "ward", "age", "again", "x", "y", "to");

    private static TableSchema schema(int rare, Map<?, ?>... columns) {
        return TableSchema.of("s.json", TableSchemaTest.schema("rare", rare, "columns", List.of(columns)));
    }

    private static Table table(String... rows) {
        return Table.of(
                "t.csv",
                HEADER,
                List.of(rows).stream().map(row -> List.of(row.split(",", -1))).toList());
    }

    @Test
    void learnsFromTrainingRowsAlone() {
        TableSchema schema =
                schema(2, Map.of("name", "ward", "type", "categorical"), Map.of("name", "age", "type", "numeric"));
        Table table = table("1,p,b,10,no,,,", "2,p,b,30,no,,,", "3,p,a,20,no,,,", "4,q,a,1000,no,,,", "5,q,new,,no,,,");
        TableEncoder encoder = TableEncoder.fit(schema, table, 0, 1, 2);
        assertThat(encoder.categories().get(0).levels()).containsExactly("b"); // a is rare
        assertThat(encoder.numbers().get(0).mean()).isEqualTo(20);
        EncodedRows rows = encoder.encode(table);
        assertThat(rows.codes()).containsExactly(1, 1, 0, 0, 0);
        double deviation = Math.sqrt(200 / 3.0);
        assertThat(rows.numbers()[0]).isCloseTo((float) (-10 / deviation), within(1e-6f));
        assertThat(rows.numbers()[3]).isCloseTo((float) (980 / deviation), within(1e-3f));
        assertThat(rows.numbers()[4]).isZero(); // missing: the mean
        assertThat(rows.only(4, 0).codes()).containsExactly(0, 1);
    }

    @Test
    void saysWhatIsMissingBesideTheMean() {
        TableSchema schema = schema(
                1, Map.of("name", "age", "type", "numeric"), Map.of("name", "x", "type", "numeric", "scale", "log1p"));
        Table table = table("1,p,b,10,no,0,,", "2,p,b,?,no,3,,", "3,p,a,30,no,0,,");
        TableEncoder encoder = TableEncoder.fit(schema, table, 0, 1, 2);
        assertThat(encoder.numerics()).isEqualTo(3);
        assertThat(encoder.encode(table).numbers()).startsWith(-1, 0).contains(0, 1);
        assertThat(encoder.encode(table, 1).numbers()).startsWith(0, 1);
        assertThat(encoder.numbers().get(1).mean()).isCloseTo(Math.log(4) / 3, within(1e-12));
        Table negative = table("1,p,b,10,no,-2,,");
        assertThatThrownBy(() -> encoder.encode(negative)).hasMessageContaining("line 2 column 'x' holds -2.0");
    }

    @Test
    void ranksCountsAndGroups() {
        TableSchema schema = schema(
                1,
                Map.of("name", "age", "type", "ordinal", "levels", List.of("young", "old")),
                Map.of("name", "changes", "type", "count", "of", List.of("x", "y"), "values", List.of("Up", "Down")),
                Map.of("name", "to", "type", "code", "system", "icd9"));
        Table table = table("1,p,b,old,no,Up,No,250.1", "2,p,b,young,no,Up,Down,?", "3,p,b,old,no,No,No,E885");
        TableEncoder encoder = TableEncoder.fit(schema, table, 0, 1, 2);
        assertThat(encoder.numbers().get(0).mean()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(encoder.numbers().get(1).mean()).isEqualTo(1);
        assertThat(encoder.categories().get(0).levels()).containsExactly("endocrine", "external", "missing");
        assertThatThrownBy(() -> encoder.encode(table("1,p,b,oldest,no,Up,No,1")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("line 2 column 'age' holds 'oldest', which is no level of it");
    }

    @Test
    void isTheSameAfterItsCard() {
        Random random = new Random(7);
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            rows.add(i + ",p" + i % 40 + "," + (char) ('a' + random.nextInt(9)) + ","
                    + (random.nextInt(10) == 0 ? "?" : random.nextInt(90)) + ",no," + random.nextInt(5) + ",Up,"
                    + random.nextInt(999));
        }
        Table table = table(rows.toArray(String[]::new));
        TableSchema schema = schema(
                5,
                Map.of("name", "ward", "type", "categorical"),
                Map.of("name", "age", "type", "numeric"),
                Map.of("name", "to", "type", "code", "system", "icd9"));
        TableEncoder encoder = TableEncoder.fit(
                schema, table, java.util.stream.IntStream.range(0, 200).toArray());
        String json = dev.graft.nn.json.Json.write(encoder.toMap());
        TableEncoder read =
                TableEncoder.of("card", dev.graft.nn.json.Json.parseObject(json, java.nio.file.Path.of("card")));
        EncodedRows one = encoder.encode(table);
        EncodedRows other = read.encode(table);
        assertThat(other.codes()).isEqualTo(one.codes());
        assertThat(other.numbers()).isEqualTo(one.numbers());
        for (int k = 0; k < encoder.categories().size(); k++) {
            int size = encoder.categories().get(k).size();
            assertThat(one.codes()[k]).isLessThan(size);
        }
    }

    @Test
    void auditsForLeaks() {
        List<String> rows = new ArrayList<>();
        Random random = new Random(3);
        for (int i = 0; i < 400; i++) {
            boolean yes = i % 4 == 0;
            rows.add(i + ",p" + i / 2 + "," + (yes ? "back" : "home") + ","
                    + (yes ? 90 - random.nextInt(20) : random.nextInt(80)) + "," + (yes ? "yes" : "no") + ",same,?,"
                    + (i < 3 ? "Expired" : "home" + random.nextInt(5)));
        }
        Map<String, Object> map = TableSchemaTest.schema(
                "columns",
                List.of(
                        Map.of("name", "ward", "type", "categorical"),
                        Map.of("name", "age", "type", "numeric"),
                        Map.of("name", "x", "type", "categorical"),
                        Map.of("name", "y", "type", "categorical")));
        TableCases cases = TableCases.of(table(rows.toArray(String[]::new)), TableSchema.of("s.json", map));
        List<LeakageAudit.Finding> findings = LeakageAudit.of(cases);
        assertThat(findings.stream().map(f -> f.kind() + " " + f.column()))
                .contains("ended to", "tells ward", "tells age", "constant x", "empty y");
        assertThatThrownBy(() -> LeakageAudit.enforce(cases))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("3 rows have 'Expired' in column 'to', after which there is no admission");
        map.put("exclude", List.of(Map.of("column", "to", "values", List.of("Expired"))));
        TableCases settled = TableCases.of(cases.table(), TableSchema.of("s.json", map));
        assertThat(LeakageAudit.enforce(settled)).noneMatch(LeakageAudit.Finding::isEnforced);
        LeakageAudit.enforceSides(settled, new int[] {1, 2}, new int[] {3, 4});
        assertThatThrownBy(() -> LeakageAudit.enforceSides(settled, new int[] {1, 3}, new int[] {2, 5}))
                .hasMessageContaining("who is also among the training rows (1 patient is on both sides)");
    }

    @Test
    void findsCopiesAndContradictions() {
        TableCases cases = TableCases.of(
                table("1,p,a,3,yes,,,", "2,p,a,3,yes,,,", "3,q,a,3,no,,,", "4,q,b,4,no,,,"),
                TableSchema.of("s.json", TableSchemaTest.schema()));
        assertThat(LeakageAudit.of(cases).stream().map(LeakageAudit.Finding::text))
                .contains(
                        "1 rows repeat another row of the same patient in all inputs",
                        "1 rows have the same inputs as a row with the other answer");
    }

    @Test
    void draftsASchemaThatCanBeRead() {
        List<List<String>> rows = new ArrayList<>();
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            rows.add(List.of(
                    "" + (1000 + i),
                    "p" + i / 2,
                    "[" + 10 * (i % 5) + "-" + 10 * (i % 5 + 1) + ")",
                    "w" + i % 3,
                    random.nextInt(10) < 7 ? "0" : "" + random.nextInt(9),
                    "E" + (10 + i % 60) + ".1",
                    "?",
                    i % 50 == 0 ? "Expired" : "Home",
                    i % 9 == 0 ? "YES" : "NO"));
        }
        Table table = Table.of(
                "t.csv",
                List.of("stay_id", "patient", "age", "ward", "visits", "diag_1", "weight", "left_to", "readmitted"),
                rows);
        Map<String, Object> draft = SchemaDraft.of(table);
        TableSchema schema = TableSchema.of("draft", draft);
        assertThat(schema.id()).isEqualTo("stay_id");
        assertThat(schema.patient()).isEqualTo("patient");
        assertThat(schema.label()).isEqualTo(new LabelRule.Given("readmitted", List.of("YES"), List.of("NO")));
        assertThat(schema.column("age").orElseThrow()).isInstanceOf(TableColumn.Ordinal.class);
        assertThat(schema.column("visits").orElseThrow())
                .isEqualTo(new TableColumn.Numeric("visits", TableColumn.Scale.LOG1P));
        assertThat(((TableColumn.Code) schema.column("diag_1").orElseThrow()).groups())
                .isEqualTo(CodeGroups.icd10());
        assertThat(schema.column("ward").orElseThrow()).isEqualTo(new TableColumn.Categorical("ward"));
        assertThat(schema.column("weight")).isEmpty();
        assertThat(schema.exclusions().get(0).values()).containsExactly("Expired");
        assertThat(TableCases.of(table, schema).size()).isEqualTo(196);
    }
}
