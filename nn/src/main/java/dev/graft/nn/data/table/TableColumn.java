package dev.graft.nn.data.table;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How one column of a table, or several, become an input. Numbers are standardised by the training rows; categories
 * become levels, and rare and unseen ones the level "other".
 */
public sealed interface TableColumn {
    /** The name of the input; that of the column, where it has one. */
    String name();

    /** The columns that it is made of. */
    default List<String> sources() {
        return List.of(name());
    }

    /** Whether it is a number rather than one of several levels. */
    default boolean isNumeric() {
        return true;
    }

    /** As a schema file holds it. */
    Map<String, Object> toMap();

    /** What a number goes through before it is standardised. */
    enum Scale {
        LINEAR,
        /** {@code log(1 + x)}, for counts that are mostly small. */
        LOG1P
    }

    /**
     * A number. A missing one becomes the mean of the training rows, and a second input says that it was missing.
     *
     * @param scale what it goes through first
     */
    record Numeric(String name, Scale scale) implements TableColumn {
        @Override
        public Map<String, Object> toMap() {
            Map<String, Object> map = entry(name, "numeric");
            if (scale != Scale.LINEAR) {
                map.put("scale", scale.name().toLowerCase(Locale.ROOT));
            }
            return map;
        }
    }

    /**
     * One of several levels in an order, such as age bands: the number of its level, from 0. Missing ones are treated
     * as those of {@link Numeric}.
     *
     * @param levels from the lowest to the highest
     */
    record Ordinal(String name, List<String> levels) implements TableColumn {
        public Ordinal {
            levels = List.copyOf(levels);
        }

        @Override
        public Map<String, Object> toMap() {
            Map<String, Object> map = entry(name, "ordinal");
            map.put("levels", levels);
            return map;
        }
    }

    /** One of several levels without an order. A missing value is a level like others. */
    record Categorical(String name) implements TableColumn {
        @Override
        public boolean isNumeric() {
            return false;
        }

        @Override
        public Map<String, Object> toMap() {
            return entry(name, "categorical");
        }
    }

    /** A diagnosis code: its level is its group. A missing code is a level like others. */
    record Code(String name, CodeGroups groups) implements TableColumn {
        @Override
        public boolean isNumeric() {
            return false;
        }

        @Override
        public Map<String, Object> toMap() {
            Map<String, Object> map = entry(name, "code");
            map.putAll(groups.toMap());
            return map;
        }
    }

    /**
     * In how many columns one of some values stands, such as the number of drugs that were changed.
     *
     * @param of the columns
     * @param values that count
     */
    record Count(String name, List<String> of, List<String> values) implements TableColumn {
        public Count {
            of = List.copyOf(of);
            values = List.copyOf(values);
        }

        @Override
        public List<String> sources() {
            return of;
        }

        @Override
        public Map<String, Object> toMap() {
            Map<String, Object> map = entry(name, "count");
            map.put("of", of);
            map.put("values", values);
            return map;
        }
    }

    private static Map<String, Object> entry(String name, String type) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("type", type);
        return map;
    }

    /** The types of columns, as a schema file names them. */
    enum Type {
        NUMERIC,
        ORDINAL,
        CATEGORICAL,
        CODE,
        COUNT
    }

    /** Reads an entry of a schema file. */
    static TableColumn of(SchemaReader entry) {
        String name = entry.text("name");
        TableColumn column =
                switch (entry.oneOf("type", entry.text("type"), Type.values())) {
                    case NUMERIC ->
                        new Numeric(
                                name,
                                entry.has("scale")
                                        ? entry.oneOf("scale", entry.text("scale"), Scale.values())
                                        : Scale.LINEAR);
                    case ORDINAL -> new Ordinal(name, entry.texts("levels"));
                    case CATEGORICAL -> new Categorical(name);
                    case CODE -> new Code(name, CodeGroups.of(entry));
                    case COUNT -> new Count(name, entry.texts("of"), entry.texts("values"));
                };
        entry.checkAllRead();
        return column;
    }
}
