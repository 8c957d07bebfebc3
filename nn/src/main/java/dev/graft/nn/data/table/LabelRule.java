package dev.graft.nn.data.table;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where the answer of a row comes from. */
public sealed interface LabelRule {
    /** The columns that it reads; none of them may be an input. */
    List<String> sources();

    /** As a schema file holds it. */
    Map<String, Object> toMap();

    /**
     * A column holds the answer. A row whose value is missing has none, unless the missing value is listed here.
     *
     * @param column its name
     * @param positive the values that mean yes
     * @param negative the values that mean no; empty where only one other value may be there
     */
    record Given(String column, List<String> positive, List<String> negative) implements LabelRule {
        public Given {
            positive = List.copyOf(positive);
            negative = List.copyOf(negative);
        }

        @Override
        public List<String> sources() {
            return List.of(column);
        }

        @Override
        public Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("column", column);
            map.put("positive", positive);
            map.put("negative", negative);
            return map;
        }
    }

    /**
     * Whether the patient was admitted again within some days of the discharge, from the dates of all stays.
     *
     * <p>A stay that begins on the day of another's discharge, or before it, is a transfer or overlaps: all of them are
     * one stay in parts, of which only the one with the last discharge is a row with an answer. A stay with a death in
     * any part has no answer. Neither has a stay whose discharge is so near to the last date in the table that a
     * readmission may not be in it yet, even if one is: else only the readmitted would be kept of the last days.
     *
     * @param admission the column with the date of admission, {@code 2024-05-31}, perhaps with a time behind it
     * @param discharge the column with the date of discharge
     * @param days how many days after the discharge count
     * @param deathColumn the column that tells a death, or empty
     * @param deathValues the values of it that mean a death
     */
    record Readmission(String admission, String discharge, int days, String deathColumn, List<String> deathValues)
            implements LabelRule {
        public Readmission {
            deathValues = List.copyOf(deathValues);
        }

        @Override
        public List<String> sources() {
            return List.of(admission, discharge);
        }

        @Override
        public Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("admission", admission);
            map.put("discharge", discharge);
            map.put("days", days);
            if (!deathColumn.isEmpty()) {
                Map<String, Object> death = new LinkedHashMap<>(); // in one order: a run's identity is a hash of it
                death.put("column", deathColumn);
                death.put("values", deathValues);
                map.put("death", death);
            }
            return map;
        }
    }

    /** Reads the label of a schema file. */
    static LabelRule of(SchemaReader entry) {
        LabelRule rule;
        if (entry.has("column")) {
            rule = new Given(entry.text("column"), entry.texts("positive"), entry.optionalTexts("negative"));
        } else {
            String deathColumn = "";
            List<String> deathValues = new ArrayList<>();
            if (entry.has("death")) {
                SchemaReader death = entry.object("death");
                deathColumn = death.text("column");
                deathValues.addAll(death.texts("values"));
                death.checkAllRead();
            }
            int days = entry.has("days") ? entry.number("days") : 30;
            if (days < 1) {
                throw entry.wrong("has \"days\": " + days, "give at least 1");
            }
            rule = new Readmission(entry.text("admission"), entry.text("discharge"), days, deathColumn, deathValues);
        }
        entry.checkAllRead();
        return rule;
    }
}
