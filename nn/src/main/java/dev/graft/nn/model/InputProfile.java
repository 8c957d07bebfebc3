package dev.graft.nn.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What the inputs of a training were like: the usual range of each of some quantities, such as an image's brightness or
 * a table's column, and from which distance in the network's features an input is far from all of them. It tells inputs
 * that are unlike the training data; that an input is not flagged does not say that the model is right about it.
 *
 * @param examples how many training examples were measured
 * @param ranges by the quantity's name
 * @param featureLimit the largest usual {@link FeatureSpace#distance}; empty if it is not known
 * @param facts further entries, such as the feature space's hash; informative but for that
 */
public record InputProfile(
        int examples, Map<String, Range> ranges, OptionalDouble featureLimit, Map<String, Object> facts) {
    /** Nothing is known, and nothing flagged. */
    public static final InputProfile NONE = new InputProfile(0, Map.of(), OptionalDouble.empty(), Map.of());

    /** What is measured by {@link FeatureSpace#distance}. */
    public static final String DISTANCE = "distance in feature space";

    /**
     * Of fewer examples no range is taken: a new one like them lies outside theirs with a chance of 2 in n + 1, for
     * each quantity, which is every eighth of 15.
     */
    public static final int FEWEST = 20;

    private static final String EXAMPLES = "examples";
    private static final String QUANTITIES = "quantities";
    private static final String FEATURES = "feature_space";
    private static final String HASH = "sha256";
    private static final String NOTE = "note";

    /** Of new examples like the validation's, this share is about to be flagged for their distance. */
    private static final double FALSE_SHARE = 0.01;
    /** Of training examples, this share at each end may be an odd one that widens the range for nothing. */
    private static final double ODD_SHARE = 0.001;
    /** Of the range from the 5th to the 95th percentile, on each side. */
    private static final double MARGIN = 0.15;

    public InputProfile {
        ranges = Collections.unmodifiableMap(new LinkedHashMap<>(ranges));
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    /**
     * The usual values of a quantity, and which the training examples had.
     *
     * @param low the smallest usual value
     * @param high the largest usual value
     * @param seen minimum, 5th percentile, median, 95th percentile and maximum of the training examples
     */
    public record Range(double low, double high, List<Double> seen) {
        public Range {
            seen = List.copyOf(seen);
            if (!(low <= high)) {
                throw new IllegalArgumentException("the range " + low + " to " + high + " is none");
            }
        }

        /**
         * From what the training examples had, widened by a margin: a share of their spread, and the least that makes a
         * difference.
         *
         * @param values finite, at least one
         * @param least the smallest margin
         */
        static Range of(double[] values, double least) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            double middle = quantile(sorted, 0.95) - quantile(sorted, 0.05);
            double margin = Math.max(least, MARGIN * middle);
            return new Range(
                    quantile(sorted, ODD_SHARE) - margin,
                    quantile(sorted, 1 - ODD_SHARE) + margin,
                    List.of(
                            sorted[0],
                            quantile(sorted, 0.05),
                            quantile(sorted, 0.5),
                            quantile(sorted, 0.95),
                            sorted[sorted.length - 1]));
        }

        private static double quantile(double[] sorted, double share) {
            double at = share * (sorted.length - 1);
            int below = (int) at;
            int above = Math.min(below + 1, sorted.length - 1);
            return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
        }
    }

    /**
     * Of training examples. A quantity that fewer than {@value #FEWEST} of them have gets no range, so it is never
     * flagged.
     *
     * @param measured each example's quantities by name; an example may lack some
     * @param least the smallest margin of each quantity, where a smaller difference means nothing; 0 where it is not
     *     given
     */
    public static InputProfile of(List<Map<String, Double>> measured, Map<String, Double> least) {
        Map<String, List<Double>> values = new LinkedHashMap<>();
        for (Map<String, Double> example : measured) {
            example.forEach((name, value) -> {
                if (Double.isFinite(value)) {
                    values.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
                }
            });
        }
        Map<String, Range> ranges = new LinkedHashMap<>();
        values.forEach((name, all) -> {
            if (all.size() >= FEWEST) {
                double[] own = all.stream().mapToDouble(Double::doubleValue).toArray();
                ranges.put(name, Range.of(own, least.getOrDefault(name, 0.0)));
            }
        });
        return new InputProfile(measured.size(), ranges, OptionalDouble.empty(), Map.of());
    }

    /**
     * This with a feature space.
     *
     * @param validation the distances of validation examples; their 99th percentile as split-conformal prediction takes
     *     it is the limit, or, of fewer than 99, a tenth more than the largest
     */
    public InputProfile with(FeatureSpace space, double[] validation) {
        double[] sorted = validation.clone();
        Arrays.sort(sorted);
        int rank = (int) Math.ceil((sorted.length + 1) * (1 - FALSE_SHARE) - 1e-9);
        double limit = rank <= sorted.length ? sorted[rank - 1] : 1.1 * sorted[sorted.length - 1];
        Map<String, Object> more = new LinkedHashMap<>();
        more.put(HASH, space.sha256());
        more.put("file", FeatureSpace.FILE_NAME);
        more.put("features", space.size());
        more.put("validation_cases", sorted.length);
        more.put("validation_median", Range.quantile(sorted, 0.5));
        more.put("validation_maximum", sorted[sorted.length - 1]);
        return new InputProfile(examples, ranges, OptionalDouble.of(limit), more);
    }

    /** Why no quantity is flagged, where that is so because there were too few examples. */
    public Optional<String> note() {
        return ranges.isEmpty() && examples > 0 && examples < FEWEST
                ? Optional.of(
                        examples + " training examples are too few to say which inputs are unlike them (fewer than "
                                + FEWEST + "), so none is flagged")
                : Optional.empty();
    }

    /** The hash of the feature space beside the card; empty if there is none. */
    public Optional<String> featureSpaceHash() {
        return Optional.ofNullable((String) facts.get(HASH));
    }

    /**
     * In which ways an input is unlike the training data.
     *
     * @param measured its quantities by name; those that the training examples did not have do not count
     * @param distance in feature space; empty if it was not measured
     */
    public List<InputFlag> flags(Map<String, Double> measured, OptionalDouble distance) {
        List<InputFlag> flags = new ArrayList<>();
        measured.forEach((name, value) -> {
            Range range = ranges.get(name);
            if (range != null && !(value >= range.low() && value <= range.high())) {
                flags.add(new InputFlag(name, value, range.low(), range.high()));
            }
        });
        if (distance.isPresent()
                && featureLimit.isPresent()
                && !(distance.getAsDouble() <= featureLimit.getAsDouble())) {
            flags.add(new InputFlag(
                    DISTANCE, distance.getAsDouble(), Double.NEGATIVE_INFINITY, featureLimit.getAsDouble()));
        }
        return List.copyOf(flags);
    }

    /** For the card. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(EXAMPLES, examples);
        Map<String, Object> quantities = new LinkedHashMap<>();
        ranges.forEach((name, range) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("low", range.low());
            entry.put("high", range.high());
            entry.put("seen", range.seen());
            quantities.put(name, entry);
        });
        map.put(QUANTITIES, quantities);
        note().ifPresent(text -> map.put(NOTE, text));
        if (featureLimit.isPresent()) {
            Map<String, Object> entry = new LinkedHashMap<>(facts);
            entry.put("limit", featureLimit.getAsDouble());
            map.put(FEATURES, entry);
        }
        return map;
    }

    /**
     * Reads what {@link #toMap} writes.
     *
     * @throws ClassCastException where an entry has the wrong type
     * @throws IllegalArgumentException where a value is none
     */
    static InputProfile of(Map<?, ?> map) {
        Map<String, Range> ranges = new TreeMap<>();
        if (map.get(QUANTITIES) instanceof Map<?, ?> quantities) {
            quantities.forEach((name, value) -> {
                Map<?, ?> entry = (Map<?, ?>) value;
                List<Double> seen = new ArrayList<>();
                if (entry.get("seen") instanceof List<?> list) {
                    list.forEach(number -> seen.add(((Number) number).doubleValue()));
                }
                ranges.put((String) name, new Range(number(entry, "low"), number(entry, "high"), seen));
            });
        }
        Map<String, Object> facts = new LinkedHashMap<>();
        OptionalDouble limit = OptionalDouble.empty();
        if (map.get(FEATURES) != null) {
            Map<?, ?> entry = (Map<?, ?>) map.get(FEATURES);
            entry.forEach((name, value) -> facts.put((String) name, value));
            limit = OptionalDouble.of(number(entry, "limit"));
            if (facts.get(HASH) != null && !(facts.get(HASH) instanceof String)) {
                throw new ClassCastException(HASH);
            }
        }
        Object examples = map.get(EXAMPLES);
        return new InputProfile(examples == null ? 0 : (Integer) examples, ranges, limit, facts);
    }

    private static double number(Map<?, ?> map, String name) {
        Object value = map.get(name);
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw new ClassCastException(name);
    }
}
