package dev.graft.nn.report.checklist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class StudyKeysTest {
    /** The page is where people look the keys up. */
    @Test
    void theDocumentationListsEveryKeyWithItsItems() throws IOException {
        String page = Files.readString(Path.of("../docs/report.md"));
        for (String key : Study.plainKeys()) {
            assertThat(page)
                    .contains("| `" + key + "` | " + items(TripodAi.checklist(), key) + " | "
                            + items(Claim.checklist(), key) + " |\n");
        }
    }

    private static String items(Checklist list, String key) {
        String items = list.items().stream()
                .filter(item -> item.key().equals(key))
                .map(ChecklistItem::number)
                .collect(Collectors.joining(", "));
        return items.isEmpty() ? "\u2013" : items;
    }
}
