package dev.graft.nn.report.page;

import java.util.List;

/**
 * A document for people.
 *
 * @param title its heading
 * @param subtitle a line under it
 * @param sections its parts
 */
public record Report(String title, String subtitle, List<Section> sections) {
    public Report {
        sections = List.copyOf(sections);
    }

    /**
     * One HTML file that needs no other: style and drawings are inside, its content security policy forbids all else,
     * and only a script of a few lines, named there by its hash, may run. Well-formed as XML.
     */
    public String toHtml() {
        return new HtmlPage().of(this);
    }
}
