package dev.graft.nn.metric.interval;

import dev.graft.nn.metric.Cases;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a model's accuracy and AUROC change if its inputs change as they may elsewhere: another device, compression,
 * position.
 *
 * @param cases how many were judged
 * @param patients of how many patients they are; empty if that is not known and every case counts by itself
 * @param unchanged the metrics on the inputs as they are
 * @param conditions each change at one strength
 */
public record Robustness(int cases, Optional<Integer> patients, List<Estimate> unchanged, List<Condition> conditions) {
    public Robustness {
        unchanged = List.copyOf(unchanged);
        conditions = List.copyOf(conditions);
    }

    /**
     * Judges the inputs as they are.
     *
     * @param grouped whether the cases' groups are known to be patients
     */
    public static Robustness of(Cases plain, boolean grouped, List<Condition> conditions, Intervals how) {
        return new Robustness(
                plain.size(),
                grouped ? Optional.of(plain.groups().count()) : Optional.empty(),
                how.of(Summary.headline(plain), plain),
                conditions);
    }

    /** The condition under which a metric falls the most; empty without one where it is defined. */
    public Optional<Condition> worst(String metric) {
        Optional<Condition> worst = Optional.empty();
        double lowest = Double.POSITIVE_INFINITY;
        for (Condition condition : conditions) {
            for (Estimate estimate : condition.metrics()) {
                if (estimate.name().equals(metric)
                        && estimate.score().isDefined()
                        && estimate.score().orNaN() < lowest) {
                    lowest = estimate.score().orNaN();
                    worst = Optional.of(condition);
                }
            }
        }
        return worst;
    }

    /**
     * As it stands in JSON files: {@code cases}, {@code patients}, {@code unchanged}, and of each of the
     * {@code conditions} {@code kind}, {@code strength}, {@code metrics} and {@code changes}; metrics as in
     * {@link Summary#toMap}.
     */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("cases", cases);
        patients.ifPresent(count -> map.put("patients", count));
        map.put("unchanged", Summary.toMap(unchanged));
        List<Object> each = new ArrayList<>();
        for (Condition condition : conditions) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("kind", condition.kind());
            entry.put("strength", condition.strength());
            entry.put("metrics", Summary.toMap(condition.metrics()));
            entry.put("changes", Summary.toMap(condition.changes()));
            each.add(entry);
        }
        map.put("conditions", each);
        return map;
    }
}
