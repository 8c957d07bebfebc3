package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Looks for what makes a model seem better than it is, before it is trained. Findings are for people to judge; two
 * kinds are enforced, since they are never right: stays whose end makes an admission impossible, and patients on both
 * sides.
 */
public final class LeakageAudit {
    private static final double TELLS_THE_LABEL = 0.9;
    private static final double NEARLY_EMPTY = 0.95;
    private static final double NEARLY_CONSTANT = 0.9995;
    private static final Pattern AFTERWARDS = Pattern.compile(
            "readmi|re_admi|outcome|target|label|death|died|deceased|mortal|follow_?up|subsequent|next_|days_to_");
    /** Whole words; an underscore ends a word. */
    private static final Pattern ENDED = Pattern.compile(
            "(?<![\\p{L}\\p{N}])(expired|hospice|died|death|dead|deceased)(?![\\p{L}\\p{N}])",
            Pattern.CASE_INSENSITIVE);

    private LeakageAudit() {}

    /** Whether a value sounds like a stay after which there is no admission. */
    static boolean tellsAnEnd(String text) {
        return ENDED.matcher(text).find();
    }

    /**
     * Something to look at.
     *
     * @param kind what it is: {@code ended, tells, name, constant, empty, duplicate, contradiction}
     * @param column of the table, or empty
     * @param text for people
     * @param isEnforced whether training must not begin before it is settled
     */
    public record Finding(String kind, String column, String text, boolean isEnforced) {}

    /** All findings, those that are enforced first. */
    public static List<Finding> of(TableCases cases) {
        List<Finding> findings = new ArrayList<>(ended(cases));
        for (TableColumn column : cases.schema().columns()) {
            name(column).ifPresent(findings::add);
            if (column instanceof TableColumn.Count) {
                continue;
            }
            findings.addAll(filled(cases, column));
            double alone = alone(cases, column.name());
            if (alone > TELLS_THE_LABEL) {
                findings.add(new Finding(
                        "tells",
                        column.name(),
                        String.format(
                                Locale.ROOT,
                                "%s alone has an AUROC of %.3f: is it known before the label is?",
                                column.name(),
                                alone),
                        false));
            }
        }
        findings.addAll(copies(cases));
        return findings;
    }

    /**
     * As {@link #of}, refusing what is enforced.
     *
     * @throws DataException for the first finding that is enforced
     */
    public static List<Finding> enforce(TableCases cases) {
        List<Finding> findings = of(cases);
        findings.stream().filter(Finding::isEnforced).findFirst().ifPresent(finding -> {
            throw new DataException("leakage audit: " + finding.text() + ". Hint: name the values in \"exclude\" of the"
                    + " schema; if they mean something else, add {\"column\": \"" + finding.column()
                    + "\", \"values\": [], \"reason\": \"checked\"}.");
        });
        return findings;
    }

    /**
     * Refuses a split with rows of one patient on both sides: a model may know the patient rather than the illness.
     *
     * @param train the indices of training cases
     * @param test the indices of test cases
     * @throws DataException naming one of these patients, and how many there are
     */
    public static void enforceSides(TableCases cases, int[] train, int[] test) {
        if (cases.schema().patient().isEmpty()) {
            return;
        }
        List<String> patients = cases.patients();
        Set<String> trained = new HashSet<>();
        for (int i : train) {
            trained.add(patients.get(i));
        }
        Set<String> both = new HashSet<>();
        int first = -1;
        for (int i : test) {
            if (trained.contains(patients.get(i)) && both.add(patients.get(i)) && first < 0) {
                first = i;
            }
        }
        if (first >= 0) {
            throw cases.table()
                    .at(
                            cases.row(first),
                            cases.schema().patient(),
                            "is of patient '" + patients.get(first) + "', who is also among the training rows ("
                                    + both.size() + (both.size() == 1 ? " patient is" : " patients are")
                                    + " on both sides)",
                            "split by patient: give all rows of a patient the same fold");
        }
    }

    private static List<Finding> ended(TableCases cases) {
        List<Finding> findings = new ArrayList<>();
        for (String column : cases.table().header()) {
            // rows of values that are named are no cases; a rule without values says that all others were looked at
            boolean settled = cases.schema().exclusions().stream()
                    .anyMatch(rule ->
                            rule.column().equals(column) && rule.values().isEmpty());
            Table.Values values = cases.table().column(column);
            if (settled || values.distinct().size() > 200) { // free text and ids say nothing reliable
                continue;
            }
            int[] counts = counts(cases, column);
            for (int code = 0; code < counts.length; code++) {
                String text = values.distinct().get(code);
                if (counts[code] > 0 && tellsAnEnd(text)) {
                    findings.add(new Finding(
                            "ended",
                            column,
                            counts[code] + " rows have '" + text + "' in column '" + column
                                    + "', after which there is no admission",
                            true));
                }
            }
        }
        return findings;
    }

    private static int[] counts(TableCases cases, String column) {
        Table.Values values = cases.table().column(column);
        int[] counts = new int[values.distinct().size()];
        for (int i = 0; i < cases.size(); i++) {
            counts[values.of()[cases.row(i)]]++;
        }
        return counts;
    }

    private static java.util.Optional<Finding> name(TableColumn column) {
        return AFTERWARDS.matcher(column.name().toLowerCase(Locale.ROOT)).find()
                ? java.util.Optional.of(new Finding(
                        "name",
                        column.name(),
                        column.name() + " sounds like something that is known only after the event",
                        false))
                : java.util.Optional.empty();
    }

    private static List<Finding> filled(TableCases cases, TableColumn column) {
        int[] counts = counts(cases, column.name());
        List<String> distinct = cases.table().distinct(column.name());
        int missing = 0;
        int most = 0;
        for (int code = 0; code < counts.length; code++) {
            most = Math.max(most, counts[code]);
            missing += cases.schema().missing().contains(distinct.get(code)) ? counts[code] : 0;
        }
        double share = (double) missing / cases.size();
        if (share > NEARLY_EMPTY) {
            return List.of(new Finding(
                    "empty",
                    column.name(),
                    String.format(Locale.ROOT, "%s is missing in %.1f %% of rows", column.name(), 100 * share),
                    false));
        }
        if (most == cases.size()) {
            return List.of(new Finding("constant", column.name(), column.name() + " has one value in all rows", false));
        }
        return most > NEARLY_CONSTANT * cases.size()
                ? List.of(new Finding(
                        "constant",
                        column.name(),
                        column.name() + " has one value in all but " + (cases.size() - most) + " rows",
                        false))
                : List.of();
    }

    /**
     * How well a column ranks the answers by itself: each row's score is the share of yes among rows with its value in
     * the other half of the patients, so that rare values do not tell their own answers.
     */
    private static double alone(TableCases cases, String column) {
        if (cases.positives() == 0 || cases.positives() == cases.size()) {
            return Double.NaN;
        }
        Table.Values values = cases.table().column(column);
        List<String> patients = cases.schema().patient().isEmpty() ? cases.ids() : cases.patients();
        int[] half = patients.stream()
                .mapToInt(patient -> (patient.hashCode() * 0x9E3779B9) >>> 31)
                .toArray();
        int size = values.distinct().size();
        double[][] yes = new double[2][size];
        double[][] all = new double[2][size];
        for (int i = 0; i < cases.size(); i++) {
            int code = values.of()[cases.row(i)];
            all[half[i]][code]++;
            yes[half[i]][code] += cases.isPositive(i) ? 1 : 0;
        }
        double prior = cases.prevalence();
        double[] scores = new double[cases.size()];
        for (int i = 0; i < scores.length; i++) {
            int code = values.of()[cases.row(i)];
            int other = 1 - half[i];
            scores[i] = (yes[other][code] + prior) / (all[other][code] + 1);
        }
        double byValue = BinaryMetrics.auroc()
                .of(BinaryCases.of(scores, cases.positive()))
                .orNaN();
        double[] numbers = numbers(values, cases.schema().missing());
        if (numbers.length == 0) {
            return byValue;
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] = numbers[values.of()[cases.row(i)]];
        }
        double byNumber = BinaryMetrics.auroc()
                .of(BinaryCases.of(scores, cases.positive()))
                .orNaN();
        return Math.max(byValue, Math.max(byNumber, 1 - byNumber));
    }

    /** The values as numbers, missing ones below all others; none if there is a word among them. */
    private static double[] numbers(Table.Values values, List<String> missing) {
        double[] numbers = new double[values.distinct().size()];
        for (int code = 0; code < numbers.length; code++) {
            String text = values.distinct().get(code);
            if (missing.contains(text)) {
                numbers[code] = -Double.MAX_VALUE;
            } else if (text.matches("[+-]?\\d{1,15}(\\.\\d{1,15})?")) {
                numbers[code] = Double.parseDouble(text);
            } else {
                return new double[0];
            }
        }
        return numbers;
    }

    private static List<Finding> copies(TableCases cases) {
        int[][] columns = cases.schema().inputs().stream()
                .map(name -> cases.table().column(name).of())
                .toArray(int[][]::new);
        boolean byPatient = !cases.schema().patient().isEmpty();
        int[] patients = byPatient
                ? cases.table().column(cases.schema().patient()).of()
                : new int[cases.table().size()]; // unknown: any two rows may be copies
        Map<List<Integer>, int[]> seen = new HashMap<>(); // how many rows say no and yes
        Set<List<Integer>> ofPatient = new HashSet<>();
        int duplicates = 0;
        for (int i = 0; i < cases.size(); i++) {
            int row = cases.row(i);
            Integer[] key = new Integer[columns.length + 1];
            for (int c = 0; c < columns.length; c++) {
                key[c] = columns[c][row];
            }
            key[columns.length] = -1;
            seen.computeIfAbsent(List.of(key.clone()), k -> new int[2])[cases.isPositive(i) ? 1 : 0]++;
            key[columns.length] = patients[row];
            duplicates += ofPatient.add(Arrays.asList(key)) ? 0 : 1;
        }
        int contradictions = 0;
        for (int[] answers : seen.values()) {
            contradictions += Math.min(answers[0], answers[1]);
        }
        List<Finding> findings = new ArrayList<>();
        if (duplicates > 0) {
            findings.add(new Finding(
                    "duplicate",
                    "",
                    duplicates + " rows repeat another row" + (byPatient ? " of the same patient" : "")
                            + " in all inputs",
                    false));
        }
        if (contradictions > 0) {
            findings.add(new Finding(
                    "contradiction",
                    "",
                    contradictions + " rows have the same inputs as a row with the other answer",
                    false));
        }
        return findings;
    }
}
