package dev.graft.nn.data.table;

import dev.graft.message.SettingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Groups of diagnosis codes: thousands of codes become a few levels that a small table can teach. A group is a list of
 * ranges of three-character categories, such as {@code 390-459} or {@code I00-I99}; what comes after a code's full stop
 * does not matter. The first group that holds a code is its group.
 *
 * @param system how codes are written
 * @param groups the ranges of each group, in order
 * @param other the level of codes in no group
 */
public record CodeGroups(CodeSystem system, Map<String, List<String>> groups, String other) {
    /** Codes may be written without the full stop, so the length of a category depends on the system. */
    public enum CodeSystem {
        /** Three digits, {@code V} and two digits, or {@code E} and three digits. */
        ICD9,
        /** A letter and two characters. */
        ICD10
    }

    private record Range(String from, String to) {
        boolean holds(String category) {
            return from.length() == category.length() && from.compareTo(category) <= 0 && category.compareTo(to) <= 0;
        }
    }

    /** @throws SettingException for a range that is none */
    public CodeGroups {
        Map<String, List<String>> copy = new LinkedHashMap<>();
        groups.forEach((name, ranges) -> copy.put(name, List.copyOf(ranges)));
        groups = java.util.Collections.unmodifiableMap(copy);
        groups.values().forEach(ranges -> ranges.forEach(range -> parsed(system, range)));
    }

    private static Range parsed(CodeSystem system, String text) {
        String[] ends = text.strip().split("-", -1);
        String from = category(system, ends[0]);
        String to = category(system, ends[ends.length - 1]);
        if (ends.length > 2 || from.isEmpty() || from.length() != to.length() || from.compareTo(to) > 0) {
            throw new SettingException(
                    "code groups: '" + text + "' is no range of " + system + " categories",
                    "write one category, such as "
                            + (system == CodeSystem.ICD9
                                    ? "785, or two, such as 390-459"
                                    : "E11, or two, such as I00-I99"));
        }
        return new Range(from, to);
    }

    /** The category of a code: what is before its full stop, in capitals, with leading zeros. */
    private static String category(CodeSystem system, String code) {
        String text = code.strip().toUpperCase(Locale.ROOT);
        int dot = text.indexOf('.');
        if (dot >= 0) {
            text = text.substring(0, dot);
        }
        boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
        if (system == CodeSystem.ICD9 && digits && text.length() < 3) {
            return "0".repeat(3 - text.length()) + text;
        }
        int length = system == CodeSystem.ICD9 && text.startsWith("E") ? 4 : 3;
        return text.length() > length ? text.substring(0, length) : text;
    }

    /** A function from codes to groups, with its ranges parsed once. */
    java.util.function.UnaryOperator<String> reader() {
        Map<String, List<Range>> parsed = new LinkedHashMap<>();
        groups.forEach((name, ranges) ->
                parsed.put(name, ranges.stream().map(r -> parsed(system, r)).toList()));
        return code -> {
            String category = category(system, code);
            for (Map.Entry<String, List<Range>> group : parsed.entrySet()) {
                for (Range range : group.getValue()) {
                    if (range.holds(category)) {
                        return group.getKey();
                    }
                }
            }
            return other;
        };
    }

    /** The group of a code. */
    public String of(String code) {
        return reader().apply(code);
    }

    /** The chapters of ICD-9-CM. */
    public static CodeGroups icd9() {
        return chapters(
                CodeSystem.ICD9,
                "infectious",
                "001-139",
                "neoplasms",
                "140-239",
                "endocrine",
                "240-279",
                "blood",
                "280-289",
                "mental",
                "290-319",
                "nervous",
                "320-389",
                "circulatory",
                "390-459",
                "respiratory",
                "460-519",
                "digestive",
                "520-579",
                "genitourinary",
                "580-629",
                "pregnancy",
                "630-679",
                "skin",
                "680-709",
                "musculoskeletal",
                "710-739",
                "congenital",
                "740-759",
                "perinatal",
                "760-779",
                "symptoms",
                "780-799",
                "injury",
                "800-999",
                "supplementary",
                "V01-V91",
                "external",
                "E000-E999");
    }

    /** The chapters of ICD-10. */
    public static CodeGroups icd10() {
        return chapters(
                CodeSystem.ICD10,
                "infectious",
                "A00-B99",
                "neoplasms",
                "C00-D49",
                "blood",
                "D50-D89",
                "endocrine",
                "E00-E89",
                "mental",
                "F01-F99",
                "nervous",
                "G00-G99",
                "eye",
                "H00-H59",
                "ear",
                "H60-H95",
                "circulatory",
                "I00-I99",
                "respiratory",
                "J00-J99",
                "digestive",
                "K00-K95",
                "skin",
                "L00-L99",
                "musculoskeletal",
                "M00-M99",
                "genitourinary",
                "N00-N99",
                "pregnancy",
                "O00-O9A",
                "perinatal",
                "P00-P96",
                "congenital",
                "Q00-Q99",
                "symptoms",
                "R00-R99",
                "injury",
                "S00-T88",
                "external",
                "V00-Y99",
                "factors",
                "Z00-Z99",
                "special",
                "U00-U85");
    }

    private static CodeGroups chapters(CodeSystem system, String... namesAndRanges) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        for (int i = 0; i < namesAndRanges.length; i += 2) {
            groups.put(namesAndRanges[i], List.of(namesAndRanges[i + 1]));
        }
        return new CodeGroups(system, groups, "other");
    }

    /** As a schema file holds it. */
    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("system", system.name().toLowerCase(Locale.ROOT));
        map.put("groups", new LinkedHashMap<String, Object>(groups));
        map.put("other", other);
        return map;
    }

    static CodeGroups of(SchemaReader map) {
        String name = map.text("system");
        CodeSystem system = map.oneOf("system", name, CodeSystem.values());
        if (!map.has("groups")) {
            return system == CodeSystem.ICD9 ? icd9() : icd10();
        }
        SchemaReader groups = map.object("groups");
        Map<String, List<String>> ranges = new LinkedHashMap<>();
        for (String group : groups.names()) {
            ranges.put(group, new ArrayList<>(groups.texts(group)));
        }
        return new CodeGroups(system, ranges, map.has("other") ? map.text("other") : "other");
    }
}
