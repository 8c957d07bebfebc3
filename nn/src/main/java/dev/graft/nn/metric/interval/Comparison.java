package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Two models on the same cases, by all metrics of {@link Summary}: what each has, and the first less the second with an
 * interval that knows that the cases are the same.
 *
 * <pre>{@code
 * Comparison comparison = Comparison.of(first, second, List.of("healthy", "sick"), true, Intervals.defaults());
 * System.out.println(comparison.mcNemar().pValue());
 * }</pre>
 *
 * @param cases how many both were judged on
 * @param patients of how many patients they are; empty if that is not known and every case counts by itself
 * @param overall the metrics of all classes at once; of two classes AUROC has DeLong's test
 * @param classes the AUROC of each class or label against the rest, with DeLong's test; empty of two classes, and if
 *     there are too many
 * @param mcNemar whether the answers are right equally often
 */
public record Comparison(
        int cases,
        Optional<Integer> patients,
        List<Difference> overall,
        Map<String, Difference> classes,
        McNemar mcNemar) {
    public Comparison {
        overall = List.copyOf(overall);
        classes = Collections.unmodifiableMap(new LinkedHashMap<>(classes)); // keeps their order
    }

    /**
     * Compares two models' answers to the same cases.
     *
     * @param names of the classes or labels
     * @param grouped whether the cases' groups are known to be patients
     * @throws IllegalArgumentException if truth or groups differ, or the number of names
     */
    public static Comparison of(Cases first, Cases second, List<String> names, boolean grouped, Intervals how) {
        first.checkSameCases(second);
        if (names.size() != first.classes()) {
            throw new IllegalArgumentException(
                    "comparison: " + names.size() + " names for " + first.classes() + " classes");
        }
        List<Difference> overall = new ArrayList<>();
        Summary.overall(first).forEach(metric -> overall.add(Difference.of(metric, first, second, how)));
        Map<String, Difference> classes = new LinkedHashMap<>();
        if ((first.isMultiLabel() || names.size() > 2) && names.size() <= Summary.MOST_CLASSES) {
            for (int c = 0; c < names.size(); c++) {
                classes.put(
                        names.get(c),
                        Difference.of(BinaryMetrics.auroc(), first.oneVsRest(c), second.oneVsRest(c), how));
            }
        }
        return new Comparison(
                first.size(),
                grouped ? Optional.of(first.groups().count()) : Optional.empty(),
                overall,
                classes,
                McNemar.of(first, second));
    }

    /** An overall difference by its metric's name, such as "AUROC". */
    public Optional<Difference> find(String metric) {
        return overall.stream().filter(own -> own.metric().equals(metric)).findFirst();
    }

    /**
     * As it stands in JSON files: {@code cases}, {@code patients}, {@code overall}, {@code classes} and
     * {@code mcnemar}. Each metric has {@code first}, {@code second} and {@code difference} where they are defined, and
     * where there is one {@code low}, {@code high}, {@code level}, {@code method}, {@code p_value} and {@code note}.
     */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("cases", cases);
        patients.ifPresent(count -> map.put("patients", count));
        Map<String, Object> all = new LinkedHashMap<>();
        overall.forEach(own -> all.put(own.metric().toLowerCase(Locale.ROOT).replace(' ', '_'), own.toMap()));
        map.put("overall", all);
        map.put("mcnemar", mcNemar.toMap());
        List<Object> each = new ArrayList<>();
        classes.forEach((name, own) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("class", name);
            entry.put("auroc", own.toMap());
            each.add(entry);
        });
        map.put("classes", each);
        return map;
    }
}
