package dev.graft.nn.data.sequence;

import java.util.List;

/**
 * A record of a VCF file.
 *
 * @param sequence the name of the sequence
 * @param position the first base of {@code reference}, from 1
 * @param reference the letters of the reference there
 * @param alternatives the letters of each alternative allele; empty where the record has none
 * @param line the record's line in its file, from 1
 * @param columns the record's columns as the file has them
 */
public record Variant(
        String sequence, long position, String reference, List<String> alternatives, long line, List<String> columns) {

    public Variant {
        alternatives = List.copyOf(alternatives);
        columns = List.copyOf(columns);
    }

    /** The record with one more entry in its INFO column, as a line of a VCF file. */
    public String withInfo(String entry) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < columns.size(); i++) {
            String column = columns.get(i);
            text.append(i == 0 ? "" : "\t")
                    .append(i != 7 ? column : column.equals(".") || column.isEmpty() ? entry : column + ";" + entry);
        }
        return text.toString();
    }

    /** The record as the file has it. */
    public String text() {
        return String.join("\t", columns);
    }
}
