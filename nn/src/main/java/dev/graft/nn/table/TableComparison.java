package dev.graft.nn.table;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Folds;
import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.LeakageAudit;
import dev.graft.nn.data.table.PatientFolds;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.data.table.TableSchema;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * What pretraining on a population is worth to a cohort, by the number of its labelled rows: the adapted network beside
 * one from scratch, the population's network as it is, logistic regressions, and no information at all. The population
 * is all patients without a row in the cohort; the cohort is judged on its rows in the first folds (two of five), and
 * learns from those in the others. All is averaged over several seeds, each with its own subsets and networks.
 */
public final class TableComparison {
    private static final List<Double> STRENGTHS = List.of(0.001, 0.01, 0.1, 1.0);
    private static final double GENERAL_C = 0.1;
    private static final int INNER_FOLDS = 5;
    private static final int LEAST_ROWS_OF_A_LEVEL = 5;
    /** Of so many rows, a level needs as many as in a population. */
    private static final int MANY_ROWS = 10_000;

    private final TableCases population;
    private final TableCases pool;
    private final TableCases test;
    private final int seeds;
    private final Consumer<String> say;
    /** Which missing inputs were told already. */
    private final Set<Set<String>> told = new HashSet<>();

    private TableComparison(TableCases population, TableCases pool, TableCases test, int seeds, Consumer<String> say) {
        this.population = population;
        this.pool = pool;
        this.test = test;
        this.seeds = seeds;
        this.say = say;
    }

    /**
     * One way to a model, judged on the cohort's test rows.
     *
     * @param auroc the mean over seeds
     * @param lower of its interval, by patient: of these seeds and draws, whatever others would give
     * @param upper of its interval
     */
    public record Arm(double auroc, double lower, double upper) {
        private static Arm of(CombinedAreas areas) {
            return new Arm(areas.value(), areas.lower(), areas.upper());
        }

        Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("auroc", auroc);
            map.put("lower", lower);
            map.put("upper", upper);
            return map;
        }
    }

    /**
     * The arms at one size.
     *
     * @param size how many rows of the cohort were learnt from
     * @param arms by name: transfer, scratch, general, logistic, general_logistic, none
     * @param gain AUROC of transfer minus scratch
     * @param overGeneral AUROC of transfer minus general
     * @param overLogistic AUROC of transfer minus logistic
     */
    public record Size(int size, Map<String, Arm> arms, Arm gain, Arm overGeneral, Arm overLogistic) {

        /** For JSON. */
        public Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("size", size);
            arms.forEach((name, arm) -> map.put(name, arm.toMap()));
            map.put("gain", gain.auroc());
            map.put("gain_lower", gain.lower());
            map.put("gain_upper", gain.upper());
            map.put("over_general", difference(overGeneral));
            map.put("over_logistic", difference(overLogistic));
            return map;
        }

        private static Map<String, Object> difference(Arm arm) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("difference", arm.auroc());
            map.put("lower", arm.lower());
            map.put("upper", arm.upper());
            return map;
        }

        /** What the numbers say, in words. */
        public String words() {
            String scratch = gain.lower() > 0
                    ? "pretraining beat training from scratch by " + text(gain)
                    : gain.upper() < 0
                            ? "pretraining was worse than training from scratch by " + text(minus(gain))
                            : "pretraining and training from scratch cannot be told apart (" + text(gain) + ")";
            String general = overGeneral.lower() > 0
                    ? "adapting improved on the general model by " + text(overGeneral)
                    : overGeneral.upper() < 0
                            ? "adapting made the general model worse by " + text(minus(overGeneral))
                            : "adapting was not shown to improve on the general model as it is (" + text(overGeneral)
                                    + ")";
            String logistic = overLogistic.lower() > 0
                    ? "and it beat logistic regression on the cohort by " + text(overLogistic)
                    : overLogistic.upper() < 0
                            ? "and logistic regression on the cohort was better by " + text(minus(overLogistic))
                            : "and it cannot be told apart from logistic regression on the cohort ("
                                    + text(overLogistic) + ")";
            return "with " + size + " rows, " + scratch + "; " + general + ", " + logistic;
        }

        private static Arm minus(Arm arm) {
            return new Arm(-arm.auroc(), -arm.upper(), -arm.lower());
        }

        private static String text(Arm arm) {
            return String.format(Locale.ROOT, "%+.3f [%+.3f, %+.3f]", arm.auroc(), arm.lower(), arm.upper());
        }
    }

    /**
     * Prepares a comparison.
     *
     * @param folds of all cases, by patient
     * @param cohort which rows of the table are its members
     * @param seeds how many to average over
     * @param say told what is done, as lines of text
     * @throws DataException for a cohort that is empty, everyone, or has no test row of one answer
     */
    public static TableComparison of(
            TableCases cases, Folds folds, IntPredicate cohort, int seeds, Consumer<String> say) {
        if (cases.schema().patient().isEmpty()) {
            throw new DataException("schema: the population is all patients outside of the cohort, and no column is the"
                    + " patient. Hint: name it with \"patient\".");
        }
        int[] foldOf = folds.foldOf();
        int held = Math.max(1, folds.count() * 2 / 5);
        List<String> patients = cases.patients();
        Set<String> members = new HashSet<>();
        for (int i = 0; i < cases.size(); i++) {
            if (cohort.test(cases.row(i))) {
                members.add(patients.get(i));
            }
        }
        TableCases population = cases.where(i -> !members.contains(patients.get(i)));
        TableCases pool = cases.where(i -> cohort.test(cases.row(i)) && foldOf[i] >= held);
        TableCases test = cases.where(i -> cohort.test(cases.row(i)) && foldOf[i] < held);
        if (population.size() == 0 || pool.size() == 0 || test.positives() == 0 || test.positives() == test.size()) {
            throw new DataException(
                    "cohort: " + population.size() + " rows are of patients outside of it, " + pool.size()
                            + " of it to learn from and " + test.size() + " to be judged by (" + test.positives()
                            + " of them yes). Hint: none of these may be 0, and the last need both answers; choose another cohort.");
        }
        LeakageAudit.enforceSides(
                cases,
                IntStream.range(0, cases.size())
                        .filter(i -> cohort.test(cases.row(i)) && foldOf[i] >= held)
                        .toArray(),
                IntStream.range(0, cases.size())
                        .filter(i -> cohort.test(cases.row(i)) && foldOf[i] < held)
                        .toArray());
        say.accept(String.format(
                Locale.ROOT,
                "population: %d rows of patients outside the cohort; cohort: %d rows to learn from, %d to be judged by"
                        + " (%d readmitted)",
                population.size(),
                pool.size(),
                test.size(),
                test.positives()));
        return new TableComparison(population, pool, test, seeds, say);
    }

    /** How many rows of the cohort there are to learn from. */
    public int poolSize() {
        return pool.size();
    }

    /** New subsets: for each seed an order of the pool, of which the first rows are the subset of any size. */
    public List<int[]> drawnOrders() {
        List<int[]> orders = new ArrayList<>();
        for (int seed = 0; seed < seeds; seed++) {
            int[] order = IntStream.range(0, pool.size()).toArray();
            Draw.shuffle(order, RandomStream.of(seed, "table.comparison.subset"));
            orders.add(order);
        }
        return orders;
    }

    /**
     * Orders that were given as ids.
     *
     * @param ids for each seed
     * @throws DataException for an id that is not among the cohort's rows to learn from
     */
    public List<int[]> orders(List<List<String>> ids) {
        Map<String, Integer> byId = new LinkedHashMap<>();
        List<String> own = pool.ids();
        for (int i = 0; i < own.size(); i++) {
            byId.put(own.get(i), i);
        }
        List<int[]> orders = new ArrayList<>();
        for (List<String> each : ids) {
            int[] order = new int[each.size()];
            for (int i = 0; i < order.length; i++) {
                Integer at = byId.get(each.get(i));
                if (at == null) {
                    throw new DataException("subsets: id '" + each.get(i) + "' is not among the " + own.size()
                            + " rows of the cohort that are there to learn from. Hint: give the subsets of this cohort and"
                            + " these folds.");
                }
                order[i] = at;
            }
            orders.add(order);
        }
        return orders;
    }

    /** Probabilities for the test rows, by arm, one for each seed. */
    private static final class Answers {
        private final Map<String, List<BinaryCases>> byArm = new LinkedHashMap<>();

        void add(String arm, BinaryCases cases) {
            byArm.computeIfAbsent(arm, name -> new ArrayList<>()).add(cases);
        }

        List<BinaryCases> of(String arm) {
            return byArm.getOrDefault(arm, List.of());
        }
    }

    /**
     * Runs it.
     *
     * @param orders for each seed, the pool's rows in the order in which they are taken
     * @param sizes how many rows; those that are more than the pool become all of it
     */
    public List<Size> run(List<int[]> orders, List<Integer> sizes) {
        Map<Integer, Answers> answers = new TreeMap<>();
        for (int size : sizes) {
            answers.put(Math.min(size, pool.size()), new Answers());
        }
        double[] populationLogistic;
        try (TableModel model = TableModel.logistic(population, GENERAL_C)) {
            populationLogistic = model.predict(test);
        }
        Map<Integer, double[]> wholeLogistic = new TreeMap<>();
        for (int seed = 0; seed < orders.size(); seed++) {
            long begin = System.nanoTime();
            try (NetworkModel general = (NetworkModel)
                    TableModel.network(population, TableSettings.defaults().seed(seed))) {
                BinaryCases unadapted = judged(general.predict(test));
                for (Map.Entry<Integer, Answers> entry : answers.entrySet()) {
                    int size = entry.getKey();
                    TableCases subset = pool.only(subset(orders.get(seed), size));
                    Answers to = entry.getValue();
                    to.add("general", unadapted);
                    to.add("general_logistic", judged(populationLogistic));
                    try (TableModel adapted = TableAdaptation.adapted(general, subset, seed)) {
                        to.add("transfer", judged(adapted.predict(test)));
                    }
                    TableCases own = subset.withSchema(
                            learnable(subset).rare(rare(size, subset.schema().rare())));
                    try (TableModel scratch =
                            TableModel.network(own, TableSettings.scratch(size).seed(seed))) {
                        to.add("scratch", judged(scratch.predict(test)));
                    }
                    // all rows are the same rows for every seed
                    boolean whole = size == pool.size();
                    double[] logistic =
                            whole && wholeLogistic.containsKey(size) ? wholeLogistic.get(size) : logistic(own, seed);
                    wholeLogistic.put(size, logistic);
                    to.add("logistic", judged(logistic));
                    double[] constant = new double[test.size()];
                    Arrays.fill(constant, subset.prevalence());
                    to.add("none", judged(constant));
                }
            }
            say.accept(String.format(
                    Locale.ROOT, "seed %d of %d: %.0f s", seed + 1, orders.size(), (System.nanoTime() - begin) / 1e9));
        }
        List<Size> results = new ArrayList<>();
        answers.forEach((size, all) -> {
            Map<String, Arm> arms = new LinkedHashMap<>();
            for (String arm : List.of("transfer", "scratch", "general", "logistic", "general_logistic", "none")) {
                arms.put(arm, Arm.of(CombinedAreas.mean(all.of(arm))));
            }
            results.add(new Size(
                    size,
                    arms,
                    Arm.of(CombinedAreas.difference(all.of("transfer"), all.of("scratch"))),
                    Arm.of(CombinedAreas.difference(all.of("transfer"), all.of("general"))),
                    Arm.of(CombinedAreas.difference(all.of("transfer"), all.of("logistic")))));
        });
        return results;
    }

    private int[] subset(int[] order, int size) {
        if (size == pool.size()) {
            return IntStream.range(0, size).toArray();
        }
        if (size > order.length) {
            throw new DataException("subsets: a subset of " + size + " rows was asked for, and an order has "
                    + order.length + " ids. Hint: ask for at most as many, or for all.");
        }
        return Arrays.copyOf(order, size);
    }

    /** The inputs that a small subset has at all: of the others, nothing can be learnt from it. */
    private TableSchema learnable(TableCases subset) {
        Set<String> missing = TableEncoder.missing(subset.schema(), subset.table(), subset.rows());
        if (missing.size() == subset.schema().columns().size()) {
            return subset.schema(); // the failure that follows says what is missing
        }
        if (!missing.isEmpty() && told.add(missing)) {
            say.accept("note: missing in all of " + subset.size()
                    + " rows, and so unknown to models of these rows alone: " + String.join(", ", missing));
        }
        return missing.isEmpty() ? subset.schema() : subset.schema().without(missing);
    }

    private BinaryCases judged(double[] probabilities) {
        return TableScores.cases(test, probabilities);
    }

    /** How many rows a level of a small cohort needs. */
    private static int rare(int rows, int usual) {
        return rows >= MANY_ROWS ? usual : Math.min(usual, Math.max(LEAST_ROWS_OF_A_LEVEL, rows / 100));
    }

    /** The strength of the penalty that has the lowest log loss in an inner cross-validation by patient. */
    private double[] logistic(TableCases training, long seed) {
        TableEncoder encoder = TableEncoder.fit(training.schema(), training.table(), training.rows());
        EncodedRows rows = encoder.encode(training.table(), training.rows());
        boolean[] positive = training.positive();
        double best = STRENGTHS.get(0);
        double least = Double.POSITIVE_INFINITY;
        long groups = training.patients().stream().distinct().count();
        if (groups >= INNER_FOLDS) {
            Folds folds = PatientFolds.draw(training, INNER_FOLDS, seed);
            for (double c : STRENGTHS) {
                double loss = 0;
                for (int fold = 0; fold < folds.count(); fold++) {
                    int[] train = folds.split(fold).train();
                    int[] held = folds.split(fold).held();
                    boolean[] answers = new boolean[train.length];
                    for (int i = 0; i < train.length; i++) {
                        answers[i] = positive[train[i]];
                    }
                    double[] p = RegressionModel.fit(encoder, rows.only(train), answers, c)
                            .predict(rows.only(held));
                    for (int i = 0; i < p.length; i++) {
                        loss -= Math.log(Math.max(1e-15, positive[held[i]] ? p[i] : 1 - p[i]));
                    }
                }
                if (loss < least) {
                    least = loss;
                    best = c;
                }
            }
        }
        return RegressionModel.fit(encoder, rows, positive, best).predict(encoder.encode(test.table(), test.rows()));
    }
}
