package dev.graft.vision.data;

import java.util.List;

/**
 * Where a list of images has their labels.
 *
 * @param kind how they are written
 * @param columns with their names in the file; one, or for flags one for each label
 */
record LabelColumns(Kind kind, List<String> columns) {
    enum Kind {
        /** The class. */
        ONE,
        /** Any number of labels in one field. */
        LIST,
        /** 0 or 1 for each label. */
        FLAGS
    }

    static LabelColumns one(String column) {
        return new LabelColumns(Kind.ONE, List.of(column));
    }

    static LabelColumns list(String column) {
        return new LabelColumns(Kind.LIST, List.of(column));
    }

    static LabelColumns flags(List<String> columns) {
        return new LabelColumns(Kind.FLAGS, columns);
    }
}
