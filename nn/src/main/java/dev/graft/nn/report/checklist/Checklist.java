package dev.graft.nn.report.checklist;

import static dev.graft.nn.report.checklist.ChecklistItem.NOT_PROVIDED;

import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Paragraph;
import dev.graft.nn.report.page.Section;
import dev.graft.nn.report.page.Table;
import java.util.ArrayList;
import java.util.List;

/**
 * A reporting checklist, with its items numbered as published.
 *
 * @param name such as "TRIPOD+AI"
 * @param prefix its name in study files, such as "tripod"
 * @param source where it was published
 */
public record Checklist(String name, String prefix, String source, List<ChecklistItem> items) {
    public Checklist {
        items = List.copyOf(items);
    }

    /** What a run and its study say to each item. */
    public Section section(Facts run, Study study) {
        List<List<String>> rows = new ArrayList<>();
        int open = 0;
        for (ChecklistItem item : items) {
            ChecklistItem.Answer answer = item.answer(prefix, run, study);
            open += answer.text().contains(NOT_PROVIDED) ? 1 : 0;
            rows.add(List.of(item.number(), item.section(), item.asks(), answer.text(), answer.from()));
        }
        return Section.of(
                name,
                new Paragraph("Source: " + source
                        + " The items are numbered as published and worded in short; the publication is what counts."),
                open == 0
                        ? Note.of("All of the " + items.size() + " items have an answer.")
                        : Note.warning(open + " of " + items.size() + " items are not, or not wholly, answered ("
                                + NOT_PROVIDED + "). Answer them in a file given by --study: docs/report.md has its"
                                + " keys."),
                Table.of(name + ", item by item", List.of("Item", "Part", "Asks for", "Answer", "From"), rows));
    }
}
