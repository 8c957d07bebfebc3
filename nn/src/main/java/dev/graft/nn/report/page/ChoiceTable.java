package dev.graft.nn.report.page;

/**
 * A table of which a reader chooses a row by a slider, where the browser runs the page's one script; else, and on
 * paper, the table alone.
 *
 * @param table its rows are the choices
 * @param chosen the row that is shown at first
 */
public record ChoiceTable(Table table, int chosen) implements Block {
    /** @throws IllegalArgumentException if there is no such row */
    public ChoiceTable {
        if (chosen < 0 || chosen >= table.rows().size()) {
            throw new IllegalArgumentException("table to choose from: there is no row " + chosen + " of "
                    + table.rows().size());
        }
    }
}
