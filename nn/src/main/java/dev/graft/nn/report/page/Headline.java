package dev.graft.nn.report.page;

import java.util.List;

/** The few numbers that a reader looks for first. */
public record Headline(List<Entry> entries) implements Block {
    public Headline {
        entries = List.copyOf(entries);
    }

    /**
     * One number.
     *
     * @param name such as "AUROC"
     * @param value such as "0.91", or "n/a"
     * @param detail such as its interval
     */
    public record Entry(String name, String value, String detail) {}
}
