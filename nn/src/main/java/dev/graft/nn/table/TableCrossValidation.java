package dev.graft.nn.table;

import dev.graft.nn.data.Folds;
import dev.graft.nn.data.Split;
import dev.graft.nn.data.table.LeakageAudit;
import dev.graft.nn.data.table.TableCases;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Cross-validation of models of a table: each case is held back once, and judged by a model whose encoder and weights
 * come from the other folds alone. No patient is on both sides.
 *
 * <pre>{@code
 * Folds folds = PatientFolds.draw(cases, 5, seed);
 * var result = TableCrossValidation.run(cases, folds, training -> TableModel.logistic(training, 0.1), fold -> {});
 * System.out.println(result.pooled().auroc());
 * }</pre>
 *
 * @param probabilities for each case, by the model that was not trained on it
 * @param pooled the scores of all of them
 * @param folds the scores of each fold
 * @param rowsPerSecond rows that training has gone through, for each second of training
 */
public record TableCrossValidation(
        double[] probabilities, TableScores pooled, List<TableScores> folds, double rowsPerSecond) {

    /**
     * Trains and judges a model for each fold.
     *
     * @param learner makes a model of training cases
     * @param done told the scores of each fold when it is done
     * @throws dev.graft.nn.data.DataException if a patient is in two folds
     */
    public static TableCrossValidation run(
            TableCases cases, Folds folds, Function<TableCases, TableModel> learner, Consumer<TableScores> done) {
        double[] probabilities = new double[cases.size()];
        List<TableScores> scores = new ArrayList<>();
        long seen = 0;
        double seconds = 0;
        for (int fold = 0; fold < folds.count(); fold++) {
            Split split = folds.split(fold);
            LeakageAudit.enforceSides(cases, split.train(), split.held());
            TableCases held = cases.only(split.held());
            long begin = System.nanoTime();
            try (TableModel model = learner.apply(cases.only(split.train()))) {
                seconds += (System.nanoTime() - begin) / 1e9;
                seen += model.rowsSeen();
                double[] answers = model.predict(held);
                for (int i = 0; i < answers.length; i++) {
                    probabilities[split.held()[i]] = answers[i];
                }
                scores.add(TableScores.of(held, answers));
                done.accept(scores.get(fold));
            }
        }
        return new TableCrossValidation(
                probabilities, TableScores.of(cases, probabilities), List.copyOf(scores), seen / seconds);
    }
}
