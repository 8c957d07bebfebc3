package dev.graft.nn.model;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.decision.Abstention;
import dev.graft.nn.metric.decision.ConformalSets;
import dev.graft.nn.metric.decision.Temperature;
import dev.graft.nn.train.Evaluation;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How a saved model's probabilities become an answer: calibrated by a temperature, decided by thresholds, perhaps as a
 * set of classes, perhaps not at all. All of it is chosen on validation data, stored in the card and applied wherever
 * the model answers.
 *
 * @param temperature that the network's probabilities are brought to first
 * @param thresholds from which probability on the second of two classes is chosen, or each of several labels; empty for
 *     the most probable class, and labels of at least {@link MultiLabelScores#THRESHOLD}
 * @param sets the sets of possible classes; empty if none were asked for
 * @param abstention below which confidence there is no answer; empty if there always is
 * @param facts how each part was chosen, and what it did on the validation data, by the part's name; informative only
 */
public record Decision(
        Temperature temperature,
        List<Double> thresholds,
        Optional<ConformalSets> sets,
        Optional<Abstention> abstention,
        Map<String, Object> facts) {
    /** The network's own probabilities and the usual decisions, as of models that store none. */
    public static final Decision NONE =
            new Decision(Temperature.of(1), List.of(), Optional.empty(), Optional.empty(), Map.of());

    static final String TEMPERATURE = "temperature";
    static final String THRESHOLD = "threshold";
    static final String SETS = "sets";
    static final String ABSTENTION = "abstention";

    public Decision {
        thresholds = List.copyOf(thresholds);
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    /** An example's calibrated probabilities. */
    public float[] calibrated(float[] probabilities, boolean multiLabel) {
        return temperature.apply(probabilities, multiLabel);
    }

    /** An evaluation of the network itself as this model answers: calibrated, and decided by the thresholds. */
    public Evaluation apply(Evaluation scores) {
        return scores.decided(row -> calibrated(row, scores.isMultiLabel()), thresholdArray());
    }

    /** Cases that the network itself answered, as this model answers. */
    public Cases apply(Cases cases) {
        return temperature.apply(cases).thresholds(thresholdArray());
    }

    private double[] thresholdArray() {
        return thresholds.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** The class that is chosen; see {@link Cases#predictions}. */
    public int choose(float[] calibrated) {
        if (!thresholds.isEmpty()) {
            return calibrated[1] >= thresholds.get(0) ? 1 : 0;
        }
        int best = 0;
        for (int c = 1; c < calibrated.length; c++) {
            best = calibrated[c] > calibrated[best] ? c : best;
        }
        return best;
    }

    /** The labels that are shown. */
    public List<Integer> labels(float[] calibrated) {
        return IntStream.range(0, calibrated.length)
                .filter(c -> calibrated[c] >= (thresholds.isEmpty() ? MultiLabelScores.THRESHOLD : thresholds.get(c)))
                .boxed()
                .toList();
    }

    /** The classes that are possible, the most probable first; empty if no sets were asked for. */
    public Optional<List<Integer>> set(float[] calibrated) {
        return sets.map(conformal -> conformal.set(calibrated));
    }

    /** Whether the answer is left to people. */
    public boolean abstains(float[] calibrated) {
        return abstention.isPresent() && !abstention.get().answers(calibrated);
    }

    /** For the card. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        put(map, TEMPERATURE, Map.of("value", temperature.value()));
        if (!thresholds.isEmpty()) {
            put(map, THRESHOLD, Map.of("values", thresholds));
        }
        sets.ifPresent(conformal -> {
            Map<String, Object> own = new LinkedHashMap<>();
            own.put("method", conformal.method().name());
            own.put("coverage", 1 - conformal.alpha());
            if (conformal.largestScore() < Double.POSITIVE_INFINITY) {
                own.put("largest_score", conformal.largestScore());
            }
            put(map, SETS, own);
        });
        abstention.ifPresent(below -> put(map, ABSTENTION, Map.of("confidence", below.confidence())));
        return map;
    }

    private void put(Map<String, Object> map, String part, Map<String, Object> own) {
        Map<String, Object> entry = new LinkedHashMap<>(own);
        if (facts.get(part) instanceof Map<?, ?> more) {
            more.forEach((name, value) -> entry.putIfAbsent((String) name, value));
        }
        map.put(part, entry);
    }

    /**
     * Reads what {@link #toMap} writes.
     *
     * @param classes how many classes or labels the model has
     * @throws ClassCastException where an entry has the wrong type
     * @throws IllegalArgumentException where a value is none, such as a threshold of 7
     */
    public static Decision of(Map<?, ?> map, int classes, boolean multiLabel) {
        Map<String, Object> facts = new LinkedHashMap<>();
        map.forEach((name, value) -> facts.put((String) name, value));
        Temperature temperature = entry(map, TEMPERATURE)
                .map(own -> Temperature.of(number(own, "value")))
                .orElse(Temperature.of(1));
        List<Double> thresholds = entry(map, THRESHOLD)
                .map(own -> require(own, "values", List.class))
                .<List<Double>>map(values -> ((List<?>) values)
                        .stream().map(value -> ((Number) value).doubleValue()).toList())
                .orElse(List.of());
        checkThresholds(thresholds, classes, multiLabel);
        Optional<ConformalSets> sets = entry(map, SETS)
                .map(own -> new ConformalSets(
                        ConformalSets.Method.valueOf(require(own, "method", String.class)),
                        share(1 - number(own, "coverage"), "coverage"),
                        own.get("largest_score") == null ? Double.POSITIVE_INFINITY : number(own, "largest_score")));
        Optional<Abstention> abstention = entry(map, ABSTENTION).map(own -> new Abstention(number(own, "confidence")));
        if (multiLabel && (sets.isPresent() || abstention.isPresent())) {
            throw new IllegalArgumentException("sets of classes and abstention are for one class each, not for labels");
        }
        return new Decision(temperature, thresholds, sets, abstention, facts);
    }

    /**
     * As {@link ModelCard#averagedDecision}, of the entries of a card or of a list of several models.
     *
     * @param classes how many classes or labels there are
     * @throws ClassCastException where an entry has the wrong type
     * @throws IllegalArgumentException where a value is none, such as a threshold of 7
     */
    public static Optional<Decision> averaged(
            Map<String, Object> entries, String averaged, int classes, boolean multiLabel) {
        if (!(entries.get(ModelCard.AVERAGED_DECISION) instanceof Map<?, ?> map)) {
            return Optional.empty();
        }
        Map<String, Object> own = new LinkedHashMap<>();
        map.forEach((name, value) -> own.put((String) name, value));
        boolean fits = averaged.equals(own.remove(ModelCard.AVERAGED));
        Decision decision = of(own, classes, multiLabel);
        return fits ? Optional.of(decision) : Optional.empty();
    }

    private static void checkThresholds(List<Double> thresholds, int classes, boolean multiLabel) {
        if (!thresholds.isEmpty() && thresholds.size() != (multiLabel ? classes : classes == 2 ? 1 : 0)) {
            throw new IllegalArgumentException(
                    thresholds.size() + " thresholds do not fit " + classes + (multiLabel ? " labels" : " classes"));
        }
        for (double value : thresholds) {
            if (!(value >= 0 && value <= 1)) {
                throw new IllegalArgumentException("the threshold " + value + " is no probability");
            }
        }
    }

    private static double share(double value, String name) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException("the " + name + " " + value + " is not between 0 and 1");
        }
        return value;
    }

    private static Optional<Map<?, ?>> entry(Map<?, ?> map, String name) {
        return Optional.ofNullable((Map<?, ?>) map.get(name));
    }

    private static double number(Map<?, ?> map, String name) {
        return require(map, name, Number.class).doubleValue();
    }

    /** @throws ClassCastException also for nothing, which a cast lets through */
    private static <T> T require(Map<?, ?> map, String name, Class<T> type) {
        Object value = map.get(name);
        if (value == null) {
            throw new ClassCastException(name);
        }
        return type.cast(value);
    }
}
