package dev.graft.nn.report.checklist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.message.SettingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChecklistTest {
    private static final List<Checklist> BOTH = List.of(TripodAi.checklist(), Claim.checklist());

    /** The table of the publication, part by part. */
    @Test
    void tripodHasIts52SubitemsInOrder() {
        assertThat(TripodAi.checklist().items().stream().map(ChecklistItem::number))
                .containsExactly(
                        "1", "2", "3a", "3b", "3c", "4", "5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c", "9a",
                        "9b", "9c", "10", "11", "12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15", "16",
                        "17", "18a", "18b", "18c", "18d", "18e", "18f", "19", "20a", "20b", "20c", "21", "22", "23a",
                        "23b", "24", "25", "26", "27a", "27b", "27c")
                .hasSize(52);
    }

    @Test
    void claimHasIts44ItemsInOrder() {
        assertThat(Claim.checklist().items().stream().map(ChecklistItem::number))
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, 44).mapToObj(Integer::toString).toList());
    }

    @Test
    void everyFactAnswersSomeItem() {
        Set<Fact> used = EnumSet.noneOf(Fact.class);
        BOTH.forEach(list -> list.items().forEach(item -> used.addAll(item.facts())));
        assertThat(used).containsExactlyInAnyOrder(Fact.values());
    }

    @Test
    void everyItemThatSoftwareCanAnswerIsFilledFromTheRunAndChangesWithIt() {
        for (Checklist list : BOTH) {
            for (ChecklistItem item :
                    list.items().stream().filter(ChecklistItem::isSoftware).toList()) {
                for (Fact fact : item.facts()) {
                    String first = item.answer(list.prefix(), Facts.none().with(fact, "value one"), Study.none())
                            .text();
                    String second = item.answer(list.prefix(), Facts.none().with(fact, "value two"), Study.none())
                            .text();
                    assertThat(first)
                            .as(list.name() + " " + item.number() + " " + fact)
                            .contains("value one");
                    assertThat(second).contains("value two").doesNotContain("value one");
                }
            }
        }
    }

    @Test
    void nothingIsInvented() {
        for (Checklist list : BOTH) {
            for (ChecklistItem item : list.items()) {
                assertThat(item.answer(list.prefix(), Facts.none(), Study.none()))
                        .isEqualTo(new ChecklistItem.Answer("NOT PROVIDED", "nobody"));
            }
        }
    }

    @Test
    void whatOnlyPeopleCanSayIsAskedForBesideWhatTheRunKnows() {
        ChecklistItem sample = item(TripodAi.checklist(), "10");
        Facts run = Facts.none().with(Fact.SAMPLE_SIZE, "224 cases");
        assertThat(sample.answer("tripod", run, Study.none()).text())
                .isEqualTo("Sample size: 224 cases\nWhat only people can say: NOT PROVIDED");
        assertThat(sample.answer("tripod", run, Study.of(Map.of("sample_size", "A power calculation.")))
                        .text())
                .isEqualTo("Sample size: 224 cases\nA power calculation.");
    }

    /** Every item takes people's text by its own name, which goes before the shared key. */
    @Test
    void peopleCanAnswerEveryItem() {
        for (Checklist list : BOTH) {
            for (ChecklistItem item : list.items()) {
                Study shared = Study.of(Map.of(item.key(), "shared words"));
                assertThat(item.answer(list.prefix(), Facts.none(), shared).text())
                        .contains("shared words");
                Study own = Study.of(Map.of(item.key(), "shared words", list.prefix() + "." + item.number(), "own"));
                assertThat(item.answer(list.prefix(), Facts.none(), own))
                        .isEqualTo(new ChecklistItem.Answer("own", "study file"));
            }
        }
    }

    @Test
    void anUnknownKeyIsNamedWithTheOneThatIsMeant() {
        assertThatThrownBy(() -> Study.of(Map.of("fundin", "a bank")))
                .isInstanceOf(SettingException.class)
                .hasMessageStartingWith(
                        "study: no such key: fundin (is funding meant?). Hint: the keys are abstract, ");
        assertThatThrownBy(() -> Study.of(Map.of("tripod.52", "x"))).hasMessageContaining("no such key: tripod.52");
        assertThatThrownBy(() -> Study.of(Map.of("x".repeat(1 << 20), "x"))).hasMessageContaining("no such key: xxx");
    }

    @Test
    void readsJsonAndProperties(@TempDir Path folder) throws IOException {
        Path json = Files.writeString(folder.resolve("study.json"), "{\"funding\": \"Zürich\", \"ethics\": \" \"}");
        Path properties = Files.writeString(folder.resolve("study.properties"), "funding = Zürich\nethics =\n");
        for (Path file : List.of(json, properties)) {
            assertThat(Study.read(file).get("funding")).contains("Zürich");
            assertThat(Study.read(file).get("ethics")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bad.json:{\"funding\": ", "list.json:[1]", "nested.json:{\"funding\": {\"a\": 1}}",
                "bad.properties:funding = \\u12", "unknown.json:{\"fundings\": \"a\"}", "null.json:null"
            })
    void refusesWhatIsNoStudyInOneLineThatNamesTheOption(String file, @TempDir Path folder) throws IOException {
        String[] parts = file.split(":", 2);
        Path written = Files.writeString(folder.resolve(parts[0]), parts[1]);
        assertThatThrownBy(() -> Study.read(written))
                .isInstanceOf(SettingException.class)
                .hasMessageMatching("study: .*[^.]\\. Hint: .*\\.");
    }

    @Test
    void refusesHugeAndMissingAndOtherEncodings(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> Study.read(folder.resolve("none.json"))).hasMessageContaining("there is no file");
        assertThatThrownBy(() -> Study.read(folder)).hasMessageContaining("there is no file");
        Path huge = Files.writeString(folder.resolve("huge.properties"), "funding = " + "x".repeat(1 << 20));
        assertThatThrownBy(() -> Study.read(huge)).hasMessageContaining("more than 1 MB");
        Path latin = Files.write(
                folder.resolve("latin.properties"), "funding = Zürich".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Study.read(latin)).isInstanceOf(SettingException.class);
    }

    @Test
    void keysAreFewAndPlain() {
        assertThat(Study.plainKeys()).allMatch(key -> key.matches("[a-z_]+"));
        Set<String> all = new HashSet<>(Study.keys());
        assertThat(all).hasSize(Study.plainKeys().size() + 52 + 44);
        assertThat(Stream.of("funding", "protocol", "annotators", "eligibility"))
                .allMatch(Study.plainKeys()::contains);
    }

    private static ChecklistItem item(Checklist list, String number) {
        return list.items().stream()
                .filter(item -> item.number().equals(number))
                .findFirst()
                .orElseThrow();
    }
}
