package dev.graft.nn.report.page;

import java.util.List;

/**
 * A part of a report under a heading. Sections within sections have smaller headings, in order.
 *
 * @param title the heading
 */
public record Section(String title, List<Block> blocks) implements Block {
    public Section {
        blocks = List.copyOf(blocks);
    }

    /** A section of some blocks. */
    public static Section of(String title, Block... blocks) {
        return new Section(title, List.of(blocks));
    }
}
