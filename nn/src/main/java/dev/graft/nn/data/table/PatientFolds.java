package dev.graft.nn.data.table;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Folds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The folds of a cross-validation whose patients were given their folds before, so that others compare the same rows.
 */
public final class PatientFolds {
    private static final String FOLD = "fold";

    private PatientFolds() {}

    /**
     * Reads a table of two columns: the schema's patient, and {@code fold}, numbered from 0 or from 1.
     *
     * @return the fold of each case
     * @throws DataException naming file, line and column of what is wrong, or a patient whose fold is not there
     */
    public static Folds read(Path file, TableCases cases) {
        String patient = cases.schema().patient();
        if (patient.isEmpty()) {
            throw new DataException("schema: the folds of " + file
                    + " are by patient, and no column is the patient. Hint:" + " name it with \"patient\".");
        }
        Table table = Table.read(file, java.nio.charset.StandardCharsets.UTF_8, List.of(patient, FOLD));
        Map<String, Integer> folds = new HashMap<>();
        TreeSet<Integer> numbers = new TreeSet<>();
        for (int row = 0; row < table.size(); row++) {
            String text = table.value(row, FOLD);
            if (!text.matches("\\d{1,4}")) {
                throw table.at(row, FOLD, "holds '" + text + "', which is no fold", "number folds 0, 1, 2 and so on");
            }
            int fold = Integer.parseInt(text);
            Integer before = folds.put(table.value(row, patient), fold);
            if (before != null && before != fold) {
                throw table.at(
                        row,
                        FOLD,
                        "gives patient '" + table.value(row, patient) + "' the fold " + fold + ", who is in fold "
                                + before + " already",
                        "give every patient one fold");
            }
            numbers.add(fold);
        }
        int first = table.size() == 0 ? 0 : numbers.first();
        if (first > 1 || numbers.size() < 2 || numbers.last() - first + 1 != numbers.size()) {
            throw new DataException("table: " + file + " column '" + FOLD + "' has the folds " + numbers
                    + ". Hint: number at least two folds 0, 1, 2 and so on, or from 1, without gaps.");
        }
        int[] of = new int[cases.size()];
        List<String> patients = cases.patients();
        for (int i = 0; i < of.length; i++) {
            Integer fold = folds.get(patients.get(i));
            if (fold == null) {
                throw cases.table()
                        .at(
                                cases.row(i),
                                patient,
                                "is of patient '" + patients.get(i) + "', whose fold is not in " + file,
                                "add the patient there, or leave the file out to draw new folds");
            }
            of[i] = fold - first;
        }
        for (int fold = 0; fold < numbers.size(); fold++) {
            int number = fold;
            if (Arrays.stream(of).noneMatch(own -> own == number)) {
                throw new DataException("table: fold " + (fold + first) + " of " + file + " has no row of "
                        + cases.table().name() + ". Hint: leave the file out to draw new folds.");
            }
        }
        return new Folds(of, numbers.size(), List.of());
    }

    /** New folds that keep the rows of a patient together, with equal shares of yes. */
    public static Folds draw(TableCases cases, int count, long seed) {
        boolean[] positive = cases.positive();
        int[] labels = new int[positive.length];
        Arrays.setAll(labels, i -> positive[i] ? 1 : 0);
        return cases.schema().patient().isEmpty()
                ? Folds.stratified(labels, count, seed)
                : Folds.grouped(new ArrayList<>(cases.patients()), labels, count, seed);
    }
}
